"""Conventional Commits: what a message says about the next version (https://www.conventionalcommits.org/en/v1.0.0/)."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline_kit.model.version import Bump

_HEADER = re.compile(r"(?P<type>[A-Za-z][A-Za-z0-9-]*)(?:\((?P<scope>[^()\r\n]+)\))?(?P<breaking>!)?: +\S")
# A footer: at the start of a line, upper case, as the specification wants it.
_BREAKING = re.compile(r"^BREAKING[ -]CHANGE: +\S", re.MULTILINE)
_BUMPS: dict[str, Bump] = {"feat": "minor", "fix": "patch", "perf": "patch"}
_ORDER: tuple[Bump, ...] = ("patch", "minor", "major")
# The first line counts, and footers; a message of megabytes must not cost seconds.
_LONGEST = 64 * 1024


def bump_of(message: str) -> Bump | None:
    """What one commit asks for, None if it asks for nothing."""
    message = message[:_LONGEST].lstrip()
    header = _HEADER.match(message)
    if header is None:
        return None
    if header["breaking"] or _BREAKING.search(message):
        return "major"
    return _BUMPS.get(header["type"].lower())


def highest(messages: Iterable[str]) -> Bump | None:
    """What the commits together ask for."""
    bumps = [bump for message in messages if (bump := bump_of(message))]
    return max(bumps, key=_ORDER.index, default=None)


def subject(message: str) -> str:
    """The first line."""
    return message[:_LONGEST].lstrip().partition("\n")[0].rstrip()[:200]


def tally(subjects: Iterable[str]) -> str:
    """The commits in words, such as ``3 feat, 2 fix``; '' for none. Other types are counted as ``other``."""
    counts = Counter(_kind(text) for text in subjects)
    order = [kind for kind in (*_BUMPS, "other") if counts[kind]]
    return ", ".join(f"{counts[kind]} {kind}" for kind in order)


def _kind(text: str) -> str:
    header = _HEADER.match(text)
    kind = header["type"].lower() if header else "other"
    return kind if kind in _BUMPS else "other"
