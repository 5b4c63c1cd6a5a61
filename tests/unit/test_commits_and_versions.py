"""What version tags say, and what follows from a version."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from pipeline_kit.model import version

NUMBERS = st.integers(0, 10**12)
IDENTIFIERS = st.from_regex(r"0|[1-9][0-9]{0,8}|[0-9]*[A-Za-z-][0-9A-Za-z-]{0,10}", fullmatch=True)
DOTTED = st.lists(IDENTIFIERS, min_size=1, max_size=4).map(".".join)
VERSIONS = st.builds(Version, NUMBERS, NUMBERS, NUMBERS, st.none() | DOTTED, st.none() | DOTTED)


@pytest.mark.parametrize("tag", ["v1.2.3", "1.2.3", "v1.2.3-rc.1+b"])
def test_a_version_tag_is_read(tag: str) -> None:
    assert str(version.parse(tag)) == tag.removeprefix("v")


@pytest.mark.parametrize(
    "tag",
    [
        "v1.2", "v01.2.3", "release-1.2.3", "vv1.2.3", "v1.2.3-", "v" + "1" * 300 + ".0.0", "V1.2.3", "v1.2.3 ", "",
        "v1.2.3\n", "v1.\u0662.3", "v1.2.3-\u0662", "v1.2.3-rc..1", "v1.2.3+", "v-1.2.3",
    ],
)  # fmt: skip
def test_other_tags_name_no_version(tag: str) -> None:
    assert version.parse(tag) is None


@pytest.mark.parametrize(
    ("tag", "prefix", "found"),
    [
        ("web-v1.2.3", "web-v", "1.2.3"),
        ("1.2.3", "web-v", None),
        ("v1.2.3", "web-v", None),
        ("1.2.3", "", "1.2.3"),
        ("v1.2.3", "", None),
        ("web/1.2.3", "web/", "1.2.3"),
    ],
)
def test_only_the_usual_prefix_may_be_missing(tag: str, prefix: str, found: str | None) -> None:
    parsed = version.parse(tag, prefix)
    assert (str(parsed) if parsed else None) == found


@given(VERSIONS)
def test_what_is_printed_is_read_again(made: Version) -> None:
    text = str(made)
    found = version.parse(f"v{text}")
    assert (str(found) == text) if len(text) <= 200 else (found is None)


@given(st.text(max_size=60), st.sampled_from(["v", "", "web-v"]))
def test_any_text_is_a_version_or_none(text: str, prefix: str) -> None:
    found = version.parse(text, prefix)
    assert found is None or text in (f"{prefix}{found}", str(found))


def test_a_pre_release_becomes_its_release() -> None:
    assert str(version.bumped(Version.parse("2.0.0-rc.1"), "patch")) == "2.0.0"


@pytest.mark.parametrize(
    ("zero", "major", "minor", "patch"),
    [
        ("lower", "0.4.0", "0.3.2", "0.3.2"),
        ("cap", "0.4.0", "0.4.0", "0.3.2"),
        ("none", "1.0.0", "0.4.0", "0.3.2"),
    ],
)
def test_before_1_0_0_there_is_a_policy(zero: version.Zero, major: str, minor: str, patch: str) -> None:
    now = Version.parse("0.3.1")
    assert [str(version.bumped(now, bump, zero)) for bump in ("major", "minor", "patch")] == [major, minor, patch]
    later = Version.parse("1.3.1")
    assert [str(version.bumped(later, bump, zero)) for bump in ("major", "minor", "patch")] == [
        "2.0.0", "1.4.0", "1.3.2",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "name", "number"),
    [
        ("1.5.0-rc.2", "rc", 2),
        ("1.5.0", "", 0),
        ("1.5.0-rc", "rc", 0),
        ("1.5.0-rc.x.3", "rc", 0),
        ("1.0.0-0.1", "0", 1),
    ],
)
def test_a_pre_release_has_a_channel_and_a_number(text: str, name: str, number: int) -> None:
    parsed = Version.parse(text)
    assert (version.channel_name(parsed), version.channel_number(parsed)) == (name, number)


@given(st.text(max_size=100))
def test_any_branch_makes_a_valid_identifier(branch: str) -> None:
    assert Version.is_valid(f"1.2.3-{version.identifier(branch)}.4")
