"""Where a CI's own file asks for too little history, and the line that mends it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline_kit import tree
from pipeline_kit.errors import Failure, Note, Place, fix

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_GITHUB = re.compile(r"\buses:\s*actions/checkout@")
_AZURE = re.compile(r"-\s*checkout:\s*self\b")
_LARGEST = 1 << 20


def remedy(root: Path, ci: str, *, shallow: bool) -> tuple[Note, Place | None]:
    """The lines to add for the CI named ``ci`` (RunIdentity.ci), and the place of its checkout where it is found; what
    to do in this clone, which is ``shallow`` or lacks tags alone, where it is none that we know.
    """
    if ci == "github":
        place = _find(root, (".github/workflows/*.yml", ".github/workflows/*.yaml"), _GITHUB)
        lines = "with: { fetch-depth: 0 }     # a large repository: also filter: blob:none"
        return fix(f"{_where(place)}under actions/checkout, add\n    {lines}"), place
    if ci == "azure_devops":
        place = _find(root, ("azure-pipelines*.yml", ".azure-pipelines/*.yml", "azure-pipelines*.yaml"), _AZURE)
        return fix(f"{_where(place)}under checkout: self, add\n    fetchDepth: 0\n    fetchTags: true"), place
    if ci == "gitlab":
        return fix(".gitlab-ci.yml, under variables, add\n    GIT_DEPTH: 0"), None
    return fix(f"git fetch {'--unshallow ' if shallow else ''}--tags"), None


def _where(place: Place | None) -> str:
    return f"{place}, " if place else ""


def _find(root: Path, patterns: tuple[str, ...], wanted: re.Pattern[str]) -> Place | None:
    for path in _files(root, patterns):
        for number, line in enumerate(_text(root, path).splitlines(), 1):
            if wanted.search(line):
                return Place(str(path.relative_to(root)), number)
    return None


def _files(root: Path, patterns: tuple[str, ...]) -> Iterator[Path]:
    for pattern in patterns:
        yield from sorted(root.glob(pattern))


def _text(root: Path, path: Path) -> str:
    """What the file holds; nothing where it is no plain file of the tree."""
    try:
        return tree.read(path, _LARGEST, top=root).decode("utf-8", "replace")
    except (OSError, Failure):
        return ""
