"""As semantic-release's commit analyzer reads a message, with its default preset or with ``conventionalcommits``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline_kit.model.version import Bump

_HEADER = re.compile(r"(\w*)(?:\(.*\))?: ", re.ASCII)
_HEADER_WITH_MARK = re.compile(r"(\w*)(?:\(.*\))?(!?): ", re.ASCII)
# Its patterns end at these characters too, so that a header that holds one is none.
_OTHER_LINE_ENDS = re.compile("[\r\u2028\u2029]")
_NOTE = re.compile(r"[\s|*]*BREAKING CHANGE[:\s]", re.IGNORECASE)
_NOTE_WITH_DASH = re.compile(r"[\s|*]*BREAKING[ -]CHANGE[:\s]", re.IGNORECASE)
_FIELD = re.compile(r"-.+-\Z")
_SIGNATURE = re.compile(r"\s*gpg:")
_REVERT = re.compile(r"revert:?\s", re.IGNORECASE)
_REVERTED = re.compile(r"This reverts commit \w{7,40}\b", re.IGNORECASE | re.ASCII)
_REVERTED_WITH_DOT = re.compile(r"This reverts commit \w*\.", re.IGNORECASE | re.ASCII)
_BUMPS: dict[str, Bump] = {"feat": "minor", "fix": "patch", "perf": "patch", "FEAT": "minor", "FIX": "patch"}


def angular(message: str) -> Bump | None:
    """Its default: no ``!``, and types in lower case, or FEAT and FIX."""
    return _bump(message, _HEADER, _NOTE, _REVERTED)


def conventional(message: str) -> Bump | None:
    """The preset ``conventionalcommits``: ``!`` and ``BREAKING-CHANGE`` too."""
    return _bump(message, _HEADER_WITH_MARK, _NOTE_WITH_DASH, _REVERTED_WITH_DOT)


def _bump(message: str, header: re.Pattern[str], note: re.Pattern[str], reverted: re.Pattern[str]) -> Bump | None:
    text = message.strip()
    lines = [line for line in re.split(r"\r?\n", text) if not _SIGNATURE.match(line)]
    if not lines:
        return None
    found = None if _OTHER_LINE_ENDS.search(lines[0]) else header.match(lines[0])
    if (found and found[found.re.groups] == "!") or _has_note(lines[1:], note):
        return "major"
    if found and found[1] in _BUMPS:
        return _BUMPS[found[1]]
    start = _REVERT.match(text)
    return "patch" if start and reverted.search(text, start.end() + 1) else None


def _has_note(lines: list[str], note: re.Pattern[str]) -> bool:
    for line in lines:
        if _FIELD.match(line):
            # All that follows a line between dashes is taken for that field's value.
            return False
        if note.match(line):
            return True
    return False
