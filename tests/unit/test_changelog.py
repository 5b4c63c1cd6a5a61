"""A changelog gets a section, and every other byte of it stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.model.git_state import ReleaseTag
from pipeline_kit.model.release import Change, Release
from pipeline_kit.render.changelog import notes, section
from pipeline_kit.render.changelog_file import with_section
from pipeline_kit.render.changelog_links import Links, links_of

ID = "0123456789012345678901234567890123456789"
GITHUB = links_of("https://github.com/contoso/shop.git")
AZURE = links_of("https://dev.azure.com/contoso/shop/_git/web")
CHANGES = (
    Change(ID, "drop the old door", "feat", "api", "the old door is gone", "major"),
    Change(ID, "typo (#7)", "fix", bump="patch", references=("#7", "#9")),
    Change(ID, "say it", "docs"),
    Change(ID, "greet", "feat", bump="minor"),
)


def release(*changes: Change, version: str = "1.5.0", previous: str = "1.4.2") -> Release:
    before = ReleaseTag(f"v{previous}", previous, ID) if previous else None
    return Release(version, f"v{version}", previous=before, changes=changes or CHANGES)


def put(text: str | None, style: str = "keep-a-changelog", links: Links | None = None, **given_: str) -> str:
    return with_section(text, section(release(**given_), "2026-11-24", style, links), style)


SECTION = """\
### Added

- greet (`0123456`)
- **Breaking:** **api:** drop the old door (`0123456`)  
  the old door is gone

### Fixed

- typo (\\#7), \\#9 (`0123456`)
"""  # noqa: W291 - two spaces are Markdown's line break


def test_a_new_changelog_has_its_frame() -> None:
    assert put(None) == f"# Changelog\n\n## Unreleased\n\n## 1.5.0 - 2026-11-24\n\n{SECTION}"
    assert put("", "markdown").startswith("# Changelog\n\n## 1.5.0 (2026-11-24)\n\n### Breaking changes\n\n")
    linked = put(None, links=GITHUB)
    assert "## [Unreleased]\n\n## [1.5.0] - 2026-11-24\n" in linked
    assert linked.endswith(
        "\n[Unreleased]: https://github.com/contoso/shop/compare/v1.5.0...HEAD\n"
        "[1.5.0]: https://github.com/contoso/shop/compare/v1.4.2...v1.5.0\n"
    )


KEEP = """\
# Changelog

All that changed.

## [Unreleased]

### Added

- By hand.

### Removed

- The cellar.

## [1.4.2] - 2026-01-01

### Fixed

- A bug.

[Unreleased]: https://github.com/contoso/shop/compare/v1.4.2...HEAD
[1.4.2]: https://github.com/contoso/shop/compare/v1.4.1...v1.4.2
"""


def test_what_stood_under_unreleased_is_the_release_s() -> None:
    assert put(KEEP, links=GITHUB) == (
        KEEP.replace("## [Unreleased]\n", "## [Unreleased]\n\n## [1.5.0] - 2026-11-24\n")
        .replace(
            "- By hand.\n",
            f"- By hand.\n- greet ([0123456](https://github.com/contoso/shop/commit/{ID}))\n"
            f"- **Breaking:** **api:** drop the old door ([0123456](https://github.com/contoso/shop/commit/{ID}))  \n"
            "  the old door is gone\n",
        )
        .replace(
            "- The cellar.\n",
            "- The cellar.\n\n### Fixed\n\n- typo ([\\#7](https://github.com/contoso/shop/issues/7)), "
            "[\\#9](https://github.com/contoso/shop/issues/9) "
            f"([0123456](https://github.com/contoso/shop/commit/{ID}))\n",
            1,
        )
        .replace("v1.4.2...HEAD", "v1.5.0...HEAD")
        .replace("[1.4.2]: ", "[1.5.0]: https://github.com/contoso/shop/compare/v1.4.2...v1.5.0\n[1.4.2]: ")
    )


@pytest.mark.parametrize("style", ["keep-a-changelog", "markdown"])
def test_a_second_time_changes_nothing(style: str) -> None:
    once = put(KEEP, style)
    assert put(once, style) == once
    assert put(None, style) == put(put(None, style), style)


@pytest.mark.parametrize(
    "heading", ["## 1.5.0", "## [1.5.0] - x", "## v1.5.0 (x)", "# [1.5.0](http://x) (y)", "1.5.0\n-----"]
)
def test_a_section_that_is_there_is_left_as_it_is(heading: str) -> None:
    text = f"# Changelog\n\n{heading}\n\nMine.\n"
    assert put(text) == put(text, "markdown") == text


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("# Changelog\n\nText.\n\n## 1.4.2\n\n- x\n", "## 1.4.2\n"),
        ("# Changelog\n\n## About\n\nText.\n\n## 1.4.2 (x)\n\n- x\n", "## 1.4.2 (x)\n"),
        ("# Changelog\n\n```\n## 1.4.2\n```\n\n## 1.4.1\n", "## 1.4.1\n"),
        ("# Changelog\n\n<!--\n## 1.4.2\n-->\n\n## 1.4.1\n", "## 1.4.1\n"),
        ("Changelog\n=========\n\n1.4.2\n-----\n\n- x\n", "1.4.2\n-----\n"),
        ("# [1.4.0](http://x) (y)\n\n- x\n\n## [1.3.1](http://x)\n", "# [1.4.0]"),
    ],
)
def test_a_section_goes_above_the_newest_release(text: str, before: str) -> None:
    found = put(text, "markdown")
    place = found.index("## 1.5.0 (2026-11-24)")
    end = found.index(before, place)
    assert found[:place] + found[end:] == text
    assert found[place:end].endswith("\n\n")


def test_a_changelog_without_releases_grows_at_its_end() -> None:
    assert put("# Changelog\n\nText.", "markdown").startswith("# Changelog\n\nText.\n\n## 1.5.0 (2026-11-24)\n")


def test_line_ends_and_marks_are_kept() -> None:
    windows = ("\ufeff" + KEEP).replace("\n", "\r\n")
    found = put(windows)
    assert found.count("\n") == found.count("\r\n")
    assert found.replace("\r\n", "\n") == "\ufeff" + put(KEEP)
    assert put("# Changelog\n\n## 1.4.2\n\n- x", "markdown").endswith("## 1.4.2\n\n- x")


@given(st.text(max_size=200), st.text(alphabet="#[]-\n\r 1.052`~<!>Unreleased:\u2028\x85", max_size=200))
def test_no_line_that_was_there_is_lost(one: str, other: str) -> None:
    text = f"{one}\n{other}"
    for style in ("keep-a-changelog", "markdown"):
        found = put(text, style)
        rest = iter([line.rstrip("\r") for line in found.split("\n")])
        if text.strip():
            assert all(line.rstrip("\r") in rest for line in text.rstrip("\r\n").split("\n")), (text, found)


def test_notes_have_what_is_new_and_where_it_is() -> None:
    found = notes(release(), GITHUB)
    assert found.startswith("### Breaking changes\n\n- **api:** drop the old door ([0123456](https://github.com/")
    assert "### Features\n\n- greet" in found
    assert "say it" not in found
    assert found.endswith("\n[All commits since 1.4.2](https://github.com/contoso/shop/compare/v1.4.2...v1.5.0)\n")
    azure = notes(release(), AZURE)
    assert f"https://dev.azure.com/contoso/shop/_git/web/commit/{ID}" in azure
    assert "[\\#7](https://dev.azure.com/contoso/shop/_workitems/edit/7)" in azure
    assert "branchCompare?baseVersion=GTv1.4.2&targetVersion=GTv1.5.0" in azure
    assert notes(release(Change(ID, "x", "docs"))) == "No change that its commits tell of.\n"


def test_notes_fit_what_a_service_takes() -> None:
    many = tuple(Change(ID, f"{number} " + "x" * 1000, "fix", bump="patch") for number in range(2000))
    found = notes(release(*many), GITHUB)
    assert len(found) < 125_000
    assert "The rest is in the commits." in found


@pytest.mark.parametrize("style", ["keep-a-changelog", "markdown"])
@pytest.mark.parametrize("text", ["hello", "hello\n", "# Log\n", "# Log\n\n[1]: https://example.com\n"])
def test_a_file_ends_as_a_file_does(text: str, style: str) -> None:
    """Without a release to stand above, a section comes last, and no blank line follows it."""
    changed = put(text, style)
    assert changed.startswith(text.partition("[1]")[0])
    assert changed.rstrip("\n") + "\n" == changed
