"""As git-cliff reads a message with its default configuration: any conventional commit is worth a patch, all others and
some chores are left out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline_kit.model.version import Bump

_HEADER = re.compile(r"(?P<kind>[^\s():!]+)(?:\([^()\n]+\))?(?P<mark>!)?:\s*(?=\S)[^\n]+")
_FOOTER = re.compile(r"(?P<token>BREAKING CHANGE|[^\s():!]+)(?:: ?| #)\s*")
_LEFT_OUT = re.compile(r"chore\((?:release\): prepare for|deps[^\n]*\)|pr\)|pull\))")
_BREAKING = ("BREAKING CHANGE", "BREAKING-CHANGE")


def bump(message: str) -> Bump | None:
    """``feat`` is minor, what breaks is major, any other type is patch."""
    message = message.replace("\r\n", "\n").strip()
    header = _HEADER.match(message)
    if header is None or _LEFT_OUT.match(message):
        return None
    first, *rest = message[header.end() :].split("\n")
    if first or (rest and rest[0]):
        # A body that does not stand apart from the header makes it no conventional commit, and so does an empty footer.
        return None
    tokens = list(_footers(rest))
    if "" in tokens:
        return None
    if header["mark"] or any(token in _BREAKING for token in tokens):
        return "major"
    return "minor" if header["kind"].lower() == "feat" else "patch"


def _footers(lines: list[str]) -> Iterator[str]:
    """The tokens of the footers, '' for one without a value. The first one follows a blank line; from there on every
    line that looks like one is one, unless the footer above it still lacks its value.
    """
    begun, blank, open_ended = False, False, False
    for line in lines:
        empty = not line.strip()
        if open_ended:
            open_ended = empty
        elif (begun or blank) and (found := _FOOTER.match(line)):
            begun = True
            open_ended = found.end() == len(line)
            yield found["token"]
        blank = empty
    if open_ended:
        yield ""
