"""What a branch makes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from pipeline_kit.errors import Failure
from pipeline_kit.model.rules import Rules
from pipeline_kit.versioning.channels import Channel, Range, channel_of, is_channel, is_identifier

CHANNELS = (
    ("main", "stable"),
    ("next", "rc"),
    ("release/*", "maintenance"),
    ("lts", "1.5.x"),
    ("feature/*", "+"),
    ("feature-*", "dev"),
)


@pytest.mark.parametrize(
    ("branch", "channel"),
    [
        ("main", Channel()),
        ("next", Channel("rc")),
        ("nextish", Channel(releases=False)),
        ("release/1.5", Channel(range=Range(1, 5))),
        ("release/v1", Channel(range=Range(1))),
        ("release/1.5.x", Channel(range=Range(1, 5))),
        ("lts", Channel(range=Range(1, 5))),
        ("2.x", Channel(range=Range(2))),
        ("2.0.x", Channel(range=Range(2, 0))),
        ("2.x.x", Channel(range=Range(2))),
        ("feature/a/b", Channel(build=True, releases=False)),
        ("feature-a", Channel("dev")),
        ("", Channel(releases=False)),
    ],
)
def test_the_first_pattern_that_fits_decides(branch: str, channel: Channel) -> None:
    assert channel_of(branch, Rules(channels=CHANNELS)) == channel


def test_without_channels_every_branch_is_stable_but_those_named_like_a_range() -> None:
    assert channel_of("topic", Rules()) == Channel()
    assert channel_of("", Rules()) == Channel()
    assert channel_of("1.5.x", Rules()) == Channel(range=Range(1, 5))
    assert channel_of("1.5", Rules()) == Channel()
    assert channel_of("1.x", Rules(channels=(("1.x", "stable"),))) == Channel()


def test_a_maintenance_branch_without_a_range_is_refused() -> None:
    with pytest.raises(Failure) as refused:
        channel_of("release/soon", Rules(channels=CHANNELS))
    assert refused.value.kind == "version.range"


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [("1.x", ["1.0.0", "1.9.3"], ["2.0.0", "0.9.0"]), ("1.5.x", ["1.5.0", "1.5.7"], ["1.6.0", "2.5.0"])],
)
def test_a_range_holds_its_versions(text: str, inside: list[str], outside: list[str]) -> None:
    allowed = channel_of(text, Rules()).range
    assert allowed is not None
    assert str(allowed) == text
    assert all(Version.parse(one) in allowed for one in inside)
    assert not any(Version.parse(one) in allowed for one in outside)


@pytest.mark.parametrize("name", ["stable", "rc", "beta-2", "+", "1.x", "1.5.x", "maintenance", "x1"])
def test_a_channel(name: str) -> None:
    assert is_channel(name)


@pytest.mark.parametrize("name", ["", "1", "rc.1", "1.5", "r c", "rc\n", "ä", "01.x", "x" * 51])
def test_no_channel(name: str) -> None:
    assert not is_channel(name)


@given(st.text(max_size=60))
def test_an_identifier_makes_a_version(name: str) -> None:
    assert not is_identifier(name) or Version.is_valid(f"1.2.3-{name}.1")


@given(st.text(max_size=60))
def test_any_branch_has_a_channel(branch: str) -> None:
    assert channel_of(branch, Rules(channels=(("*-x", "rc"), ("[a-", "beta"))))
