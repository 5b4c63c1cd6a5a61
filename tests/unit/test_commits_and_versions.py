"""What commit messages and version tags say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from pipeline_kit.model import version
from pipeline_kit.versioning import commits


@pytest.mark.parametrize(
    ("message", "bump"),
    [
        ("feat: a", "minor"),
        ("feat(scope): a", "minor"),
        ("FEAT: a", "minor"),
        ("fix: a", "patch"),
        ("perf: a", "patch"),
        ("chore: a", None),
        ("feat:a", None),
        ("feat : a", None),
        ("feature: a", None),
        ("a feat: b", None),
        ("chore!: a", "major"),
        ("refactor(x)!: a", "major"),
        ("docs: a\n\nBREAKING CHANGE: b", "major"),
        ("fix: a\n\nBREAKING-CHANGE: b", "major"),
        ("fix: a\n\nthis is no BREAKING CHANGE: b", "patch"),
        ("fix: a\n\nbreaking change: b", "patch"),
        ("Merge branch 'x'", None),
        ("", None),
        ("\n\nfix: after blank lines", "patch"),
    ],
)
def test_a_message_asks_for_a_bump(message: str, bump: str | None) -> None:
    assert commits.bump_of(message) == bump


def test_the_highest_bump_counts() -> None:
    assert commits.highest(["fix: a", "feat: b", "chore: c"]) == "minor"
    assert commits.highest(["chore: c"]) is None


def test_a_tally_is_in_words() -> None:
    assert commits.tally(["feat: a", "fix: b", "fix(x)!: c", "docs: d", "e"]) == "1 feat, 2 fix, 2 other"
    assert commits.tally([]) == ""


def test_a_huge_message_costs_nothing() -> None:
    assert commits.bump_of("fix: a\n\n" + "x" * 10_000_000) == "patch"


@pytest.mark.parametrize("tag", ["v1.2.3", "1.2.3", "v1.2.3-rc.1+b"])
def test_a_version_tag_is_read(tag: str) -> None:
    assert str(version.parse(tag)) == tag.removeprefix("v")


@pytest.mark.parametrize("tag", ["v1.2", "v01.2.3", "release-1.2.3", "vv1.2.3", "v1.2.3-", "v" + "1" * 300 + ".0.0"])
def test_other_tags_name_no_version(tag: str) -> None:
    assert version.parse(tag) is None


def test_a_pre_release_becomes_its_release() -> None:
    assert str(version.bumped(Version.parse("2.0.0-rc.1"), "patch")) == "2.0.0"


@given(st.text(max_size=100))
def test_any_branch_makes_a_valid_channel(branch: str) -> None:
    assert Version.is_valid(f"1.2.3-{version.identifier(branch)}.4")
