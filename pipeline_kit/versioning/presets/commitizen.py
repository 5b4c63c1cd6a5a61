"""As commitizen's ``bump`` reads a message: every line of it may be a commit of its own, and a type is what it starts
with (``feature``, ``fixes``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline_kit.model.version import Bump

_LINE = re.compile(r"(?:BREAKING[ -]CHANGE|\w+)(?:\(.+\))?!?:")
_STARTS: tuple[tuple[str, Bump], ...] = (
    ("feat", "minor"),
    ("fix", "patch"),
    ("refactor", "patch"),
    ("perf", "patch"),
)


def bump(message: str) -> Bump | None:
    """The highest of what the lines ask for."""
    bumps = {_of(line) for line in _lines(message)}
    return next((one for one in ("major", "minor", "patch") if one in bumps), None)


def _lines(message: str) -> list[str]:
    """The first paragraph as one line, as git gives a subject; then the others."""
    paragraphs = re.split(r"\n[ \t\r\f\v]*(?:\n|\Z)", message.strip(), maxsplit=1)
    first = " ".join(line.strip() for line in paragraphs[0].split("\n"))
    return [first, *(paragraphs[1].strip().split("\n") if len(paragraphs) > 1 else [])]


def _of(line: str) -> Bump | None:
    found = _LINE.match(line)
    if found is None:
        return None
    token = found[0][:-1]
    if token.endswith("!") or token.startswith(("BREAKING CHANGE", "BREAKING-CHANGE")):
        return "major"
    return next((bump for start, bump in _STARTS if token.startswith(start)), None)
