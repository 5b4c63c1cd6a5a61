"""The addresses at the end of a changelog move on with a release, in the way that the file has them."""

from __future__ import annotations

import pytest

from pipeline_kit.model.git_state import ReleaseTag
from pipeline_kit.model.release import Change, Release
from pipeline_kit.render.changelog import section
from pipeline_kit.render.changelog_file import with_section
from pipeline_kit.render.changelog_links import Links, links_of

ID = "0123456789012345678901234567890123456789"
HUB = "https://github.com/contoso/shop"
LAB = "https://lab.contoso.example/team/shop/-"
DEVOPS = "https://dev.azure.com/contoso/shop/_git/web"


def put(text: str, previous: str = "v1.4.2", tag: str = "v1.5.0", links: Links | None = None, style: str = "") -> str:
    before = ReleaseTag(previous, previous.rpartition("v")[2], ID) if previous else None
    changes = (Change(ID, "greet", "feat", bump="minor"),)
    made = Release(tag.rpartition("v")[2], tag, previous=before, changes=changes)
    style = style or "keep-a-changelog"
    return with_section(text, section(made, "2026-11-24", style, links), style)


def moved(
    addresses: list[str], *, previous: str = "v1.4.2", tag: str = "v1.5.0", links: Links | None = None
) -> list[str]:
    """What the addresses of a changelog with one release become."""
    start = "# Changelog\n\n## [Unreleased]\n\n## [1.4.2] - 2026-01-01\n\n- x\n\n"
    text = start + "".join(f"{one}\n" for one in addresses)
    changed = put(text, previous, tag, links)
    assert put(text.replace("\n", "\r\n"), previous, tag, links) == changed.replace("\n", "\r\n")
    _, mark, end = changed.partition("- x\n\n")
    assert mark, changed
    return end.splitlines()


CASES = {
    "github": (
        [f"[Unreleased]: {HUB}/compare/v1.4.2...HEAD", f"[1.4.2]: {HUB}/compare/v1.4.1...v1.4.2"],
        [
            f"[Unreleased]: {HUB}/compare/v1.5.0...HEAD",
            f"[1.5.0]: {HUB}/compare/v1.4.2...v1.5.0",
            f"[1.4.2]: {HUB}/compare/v1.4.1...v1.4.2",
        ],
    ),
    "the first one was a tag": (
        [f"[unreleased]: {HUB}/compare/v1.4.2...main", f"[1.4.2]: {HUB}/releases/tag/v1.4.2"],
        [
            f"[unreleased]: {HUB}/compare/v1.5.0...main",
            f"[1.5.0]: {HUB}/compare/v1.4.2...v1.5.0",
            f"[1.4.2]: {HUB}/releases/tag/v1.4.2",
        ],
    ),
    "all are tags": (
        [
            f"[Unreleased]: {HUB}/compare/v1.4.2...HEAD",
            f"[1.4.2]: {HUB}/releases/tag/v1.4.2",
            f"[1.4.1]: {HUB}/releases/tag/v1.4.1",
        ],
        [
            f"[Unreleased]: {HUB}/compare/v1.5.0...HEAD",
            f"[1.5.0]: {HUB}/releases/tag/v1.5.0",
            f"[1.4.2]: {HUB}/releases/tag/v1.4.2",
            f"[1.4.1]: {HUB}/releases/tag/v1.4.1",
        ],
    ),
    "tags alone": (
        [f"[1.4.2]: {HUB}/releases/tag/v1.4.2"],
        [f"[1.5.0]: {HUB}/releases/tag/v1.5.0", f"[1.4.2]: {HUB}/releases/tag/v1.4.2"],
    ),
    "gitlab": (
        [
            f"[Unreleased]: {LAB}/compare/v1.4.2...main?straight=true",
            f"[1.4.2]: {LAB}/tags/v1.4.2",
            f"[1.4.1]: {LAB}/tags/v1.4.1",
        ],
        [
            f"[Unreleased]: {LAB}/compare/v1.5.0...main?straight=true",
            f"[1.5.0]: {LAB}/tags/v1.5.0",
            f"[1.4.2]: {LAB}/tags/v1.4.2",
            f"[1.4.1]: {LAB}/tags/v1.4.1",
        ],
    ),
    "azure devops": (
        [
            f"[Unreleased]: {DEVOPS}/branchCompare?baseVersion=GTv1.4.2&targetVersion=GBmain&_a=files",
            f"[1.4.2]: {DEVOPS}/branchCompare?baseVersion=GTv1.4.1&targetVersion=GTv1.4.2&_a=files",
        ],
        [
            f"[Unreleased]: {DEVOPS}/branchCompare?baseVersion=GTv1.5.0&targetVersion=GBmain&_a=files",
            f"[1.5.0]: {DEVOPS}/branchCompare?baseVersion=GTv1.4.2&targetVersion=GTv1.5.0&_a=files",
            f"[1.4.2]: {DEVOPS}/branchCompare?baseVersion=GTv1.4.1&targetVersion=GTv1.4.2&_a=files",
        ],
    ),
    "azure devops, the other way round": (
        [f"[Unreleased]: {DEVOPS}/branchCompare?targetVersion=GBmain&baseVersion=GTv1.4.2"],
        [
            f"[Unreleased]: {DEVOPS}/branchCompare?targetVersion=GBmain&baseVersion=GTv1.5.0",
            f"[1.5.0]: {DEVOPS}/branchCompare?targetVersion=GTv1.5.0&baseVersion=GTv1.4.2",
        ],
    ),
    "azure devops, tags": (
        [f"[1.4.2]: {DEVOPS}?version=GTv1.4.2"],
        [f"[1.5.0]: {DEVOPS}?version=GTv1.5.0", f"[1.4.2]: {DEVOPS}?version=GTv1.4.2"],
    ),
    "bitbucket has the newer one first": (
        [
            "[Unreleased]: https://bitbucket.org/a/b/branches/compare/HEAD..v1.4.2",
            "[1.4.2]: https://bitbucket.org/a/b/branches/compare/v1.4.2..v1.4.1",
        ],
        [
            "[Unreleased]: https://bitbucket.org/a/b/branches/compare/HEAD..v1.5.0",
            "[1.5.0]: https://bitbucket.org/a/b/branches/compare/v1.5.0..v1.4.2",
            "[1.4.2]: https://bitbucket.org/a/b/branches/compare/v1.4.2..v1.4.1",
        ],
    ),
    "oldest first": (
        [f"[1.4.2]: {HUB}/compare/v1.4.1...v1.4.2", f"[Unreleased]: {HUB}/compare/v1.4.2...HEAD"],
        [
            f"[1.4.2]: {HUB}/compare/v1.4.1...v1.4.2",
            f"[1.5.0]: {HUB}/compare/v1.4.2...v1.5.0",
            f"[Unreleased]: {HUB}/compare/v1.5.0...HEAD",
        ],
    ),
    "others stay, and what is not understood too": (
        [
            "[guide]: https://contoso.example/compare/v1.4.2...HEAD",
            f"[Unreleased]: {HUB}/compare/v1.4.2...HEAD",
            "[1.4.2]: https://contoso.example/news",
        ],
        [
            "[guide]: https://contoso.example/compare/v1.4.2...HEAD",
            f"[Unreleased]: {HUB}/compare/v1.5.0...HEAD",
            f"[1.5.0]: {HUB}/compare/v1.4.2...v1.5.0",
            "[1.4.2]: https://contoso.example/news",
        ],
    ),
    "one that forgot to move is brought up": (
        [f"[Unreleased]: {HUB}/compare/v1.0.0...HEAD"],
        [f"[Unreleased]: {HUB}/compare/v1.5.0...HEAD", f"[1.5.0]: {HUB}/compare/v1.4.2...v1.5.0"],
    ),
    "in brackets, with a title": (
        [f'  [Unreleased]: <{HUB}/compare/v1.4.2...HEAD> "since"'],
        [f'  [Unreleased]: <{HUB}/compare/v1.5.0...HEAD> "since"', f"[1.5.0]: {HUB}/compare/v1.4.2...v1.5.0"],
    ),
    "an address that is there already": (
        [f"[Unreleased]: {HUB}/compare/v1.4.2...HEAD", f"[1.5.0]: {HUB}/milestone/5"],
        [f"[Unreleased]: {HUB}/compare/v1.5.0...HEAD", f"[1.5.0]: {HUB}/milestone/5"],
    ),
    "between two versions nothing is guessed": (
        [f"[Unreleased]: {HUB}/compare/v1.4.1...v1.4.2"],
        [f"[Unreleased]: {HUB}/compare/v1.4.1...v1.4.2"],
    ),
    "elsewhere": (
        ["[Unreleased]: https://contoso.example/next"],
        ["[Unreleased]: https://contoso.example/next"],
    ),
    "none": (
        ["[1]: https://contoso.example/1"],
        ["[1]: https://contoso.example/1"],
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("links", [None, links_of(f"{HUB}.git")], ids=["", "known"])
def test_addresses_move_on_as_the_file_has_them(name: str, links: Links | None) -> None:
    addresses, expected = CASES[name]
    if links and name in ("between two versions nothing is guessed", "elsewhere"):
        expected = [*expected, f"[1.5.0]: {HUB}/compare/v1.4.2...v1.5.0"]
    assert moved(addresses, links=links) == expected


@pytest.mark.parametrize(
    ("older", "previous", "tag", "written"),
    [
        ("web-v1.4.2", "web-v1.4.2", "web-v1.5.0", "web-v1.4.2...web-v1.5.0"),
        ("api/v1.4.2", "api/v1.4.2", "api/v1.5.0", "api/v1.4.2...api/v1.5.0"),
        ("api%2Fv1.4.2", "api/v1.4.2", "api/v1.5.0", "api%2Fv1.4.2...api%2Fv1.5.0"),
        ("@a/b-v1.4.2", "@a/b-v1.4.2", "@a/b-v1.5.0", "@a/b-v1.4.2...@a/b-v1.5.0"),
        # The tag before had no v: what is written are the tags that there are.
        ("1.4.2", "1.4.2", "v1.5.0", "1.4.2...v1.5.0"),
        # The release follows the last stable one, whatever was compared with before.
        ("v1.5.0-rc.2", "v1.4.2", "v1.5.0", "v1.4.2...v1.5.0"),
        # Nothing was released before: what the file compared with is what there is.
        ("4be1207", "", "v1.5.0", "4be1207...v1.5.0"),
    ],
)
def test_the_tags_are_those_of_the_repository(older: str, previous: str, tag: str, written: str) -> None:
    version = tag.rpartition("v")[2]
    after = written.partition("...")[2]
    assert moved([f"[Unreleased]: {HUB}/compare/{older}...HEAD"], previous=previous, tag=tag) == [
        f"[Unreleased]: {HUB}/compare/{after}...HEAD",
        f"[{version}]: {HUB}/compare/{written}",
    ]


def test_a_version_with_an_address_stands_in_brackets() -> None:
    changed = put(f"# Changelog\n\n## Unreleased\n\n## 1.4.2\n\n[1.4.2]: {HUB}/releases/tag/v1.4.2\n")
    assert "## Unreleased\n\n## [1.5.0] - 2026-11-24\n" in changed
    bare = put("# Changelog\n\n## 1.4.2\n\n- x\n", links=links_of(f"{HUB}.git"))
    assert "## 1.5.0 - 2026-11-24\n" in bare
    assert "]:" not in bare
    above = put(
        "# Changelog\n\n[1.4.2]: " + HUB + "/releases/tag/v1.4.2\n\n## [Unreleased]\n\n- y\n\n## [1.4.2]\n\n- x\n"
    )
    assert above.index("- y\n") > above.index("## [1.5.0] - 2026-11-24\n") > above.index("## [Unreleased]\n")


def test_code_and_comments_define_nothing() -> None:
    for text in ("```\n{}\n```\n", "<!--\n{}\n-->\n"):
        inside = text.format(f"[Unreleased]: {HUB}/compare/v1.4.2...HEAD")
        changed = put(f"# Changelog\n\n{inside}\n## [1.4.2]\n\n- x\n")
        assert inside in changed
        assert "[1.5.0]:" not in changed


def test_a_file_without_a_last_line_end_keeps_to_it() -> None:
    start = "# Changelog\n\n## [1.4.2]\n\n- x\n\n"
    changed = put(f"{start}[1.4.2]: {HUB}/releases/tag/v1.4.2")
    assert changed.endswith(f"[1.5.0]: {HUB}/releases/tag/v1.5.0\n[1.4.2]: {HUB}/releases/tag/v1.4.2")


def test_a_new_changelog_compares_where_the_service_can() -> None:
    assert put("", links=links_of(DEVOPS)).endswith(
        f"\n\n[1.5.0]: {DEVOPS}/branchCompare?baseVersion=GTv1.4.2&targetVersion=GTv1.5.0\n"
    )
    assert "GTHEAD" not in put("", links=links_of(DEVOPS))


def test_plain_markdown_has_no_names_in_brackets() -> None:
    text = f"# Changelog\n\n## 1.4.2\n\n[1.4.2]: {HUB}/releases/tag/v1.4.2\n"
    assert text.partition("## 1.4.2")[2] in put(text, style="markdown")
    assert "[1.5.0]" not in put(text, style="markdown")
