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
    named = [(package, path) for package, path in scopes if path]
    for (package, path), kind in zip(named, _kinds(git, [path for _, path in named]), strict=True):
        if kind in ("missing", "blob"):
            shown = printable(path)[:100]
            of_package = f"packages.{printable(package)[:100]}.path" if package else "--path"
            raise Failure(
                "version.path",
                f"{of_package}: HEAD has no folder {shown}",
                why("Only commits that change a file below it count, and there would never be one."),
                fix("git ls-tree -d -r --name-only HEAD shows the folders that are there"),
            )


def _kinds(git: Git, paths: list[str]) -> list[str]:
    """What HEAD has at each path, in git's words; '' where it can't tell."""
    if not paths:
        return []
    # A path with a newline would be two questions. One of '/' has the answer that it deserves: missing.
    asked = "".join(f"HEAD:{'/' if chr(10) in path else path}\n" for path in paths)
    found = git.call("cat-file", "--batch-check=%(objecttype)", stdin=asked.encode("utf-8", "surrogateescape"))
    answers = found.text.split("\n") if found.code == 0 else [""] * len(paths)
    return [_kind(git, path, answer) for path, answer in zip(paths, answers, strict=True)]


def _kind(git: Git, path: str, answer: str) -> str:
    # A clone without trees, or a folder that is another repository, has a name whose object is not here.
    if answer.endswith(" missing") and "\n" not in path and git.call("ls-tree", "HEAD", "--", path).text:
        return ""
    return "missing" if answer.endswith(" missing") else answer
