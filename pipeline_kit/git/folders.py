"""The folders that versions are counted for, as HEAD has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, fix, printable, why

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline_kit.git.repository import Git


def refuse_missing(git: Git, scopes: Iterable[tuple[str, str]]) -> None:
    """Refuse a folder that HEAD lacks: no commit would ever count for it. A scope is the name of a package ('' for
    none) and its folder from the repository's top, which is '' for the top itself.

    Failure: ``version.path``.
    """
    for package, path in scopes:
        # A newline would be two questions, and no answer to it could be told from another's.
        if path and ("\n" in path or _kind(git, path) in ("missing", "blob")):
            shown = printable(path)[:100]
            of_package = f"packages.{printable(package)[:100]}.path" if package else "--path"
            raise Failure(
                "version.path",
                f"{of_package}: HEAD has no folder {shown}",
                why("Only commits that change a file below it count, and there would never be one."),
                fix("git ls-tree -d -r --name-only HEAD shows the folders that are there"),
            )


def _kind(git: Git, path: str) -> str:
    """What HEAD has there, in git's words; '' where it can't tell."""
    asked = f"HEAD:{path}\n".encode("utf-8", "surrogateescape")
    found = git.call("cat-file", "--batch-check=%(objecttype)", stdin=asked)
    # A clone without trees, or a folder that is another repository, has a name whose object is not here.
    if found.code or (found.text.endswith(" missing") and git.call("ls-tree", "HEAD", "--", path).text):
        return ""
    return "missing" if found.text.endswith(" missing") else found.text
