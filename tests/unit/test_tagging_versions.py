"""Which of two versions is newer: what a moving tag is moved by."""

import itertools

import pytest

from pipeline_kit.tagging.versions import compared, ordered

# From old to new.
_ORDERS = (
    ("1.4.0", "1.5.0-rc.1", "1.5.0-rc.2", "1.5.0-rc.10", "1.5.0", "1.10.0", "2.0.0-main.3"),
    ("1.0.dev1", "1.0a1.dev2", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0.post1", "1.1.dev1", "1.2", "1.10", "1!0.1"),
)


@pytest.mark.parametrize("order", _ORDERS, ids=["semver", "pep440"])
def test_versions_are_in_their_order(order: tuple[str, ...]) -> None:
    for older, newer in itertools.combinations(order, 2):
        assert (compared(newer, older), compared(older, newer), compared(older, older)) == (1, -1, 0)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("v1.5.0", "1.5.0", 0),
        ("1.5.0+build.2", "1.5.0", 0),
        ("1.2", "1.2.0", 0),
        ("1.0a1", "1.0.alpha1", 0),
        ("1.3", "1.2.1-main.4", 1),  # two kinds: the release decides
        ("1.2", "1.2.0-main.4", 1),
        ("1.2rc1", "1.2.0-main.4", 0),
        ("main", "1.5.0", None),
        ("", "1.5.0", None),
        ("1" * 300, "1.5.0", None),
        ("v", "v", None),
    ],
)
def test_two_versions(one: str, other: str, expected: int | None) -> None:
    assert compared(one, other) == expected


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("1.4.0", "1.3.5", 1),
        ("1.5.0-main.7", "1.5.0-main.10", -1),
        ("1.5.0-main.7", "1.5.0-develop.3", None),
        ("1.5.0-develop.3", "1.5.0-main.7", None),
        ("v1.5.0-main.7", "1.5.0-develop.3", None),
        ("1.5.0-rc.1", "1.5.0-beta.2", None),
        ("1.5.0-rc.1.next.2", "1.5.0-rc.1", 1),
        ("1.5.0-main.7", "1.5.1-develop.3", -1),
        ("1.5.0", "1.5.0-main.7", 1),
        ("1.5.0-main.7", "1.4.9", 1),
        ("1.5.0-2", "1.5.0-1", 1),
        ("1.5.0-1", "1.5.0-main.1", None),
        ("1.5.0-main.7+x", "1.5.0-main.7", 0),
        ("1.5rc1", "1.5b2", 1),
        ("1.5rc1", "1.5.0-main.1", 0),
        ("main", "1.5.0-main.1", None),
    ],
)
def test_what_a_moving_tag_goes_by(one: str, other: str, expected: int | None) -> None:
    assert ordered(one, other) == expected
