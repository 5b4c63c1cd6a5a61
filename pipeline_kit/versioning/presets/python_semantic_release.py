"""As python-semantic-release reads a message: known types alone, and each commit that a squash message lists."""

from __future__ import annotations

import re
from itertools import zip_longest
from textwrap import dedent
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline_kit.model.version import Bump

_TYPES = "feat|fix|perf|build|chore|ci|docs|style|refactor|test"
_SUBJECT = re.compile(rf"({_TYPES})(?:\([^\n]+\))?(!)?:\s+([^\n]+)")
_COMMIT_LINE = re.compile(r"^[\t ]*commit [0-9a-f]+$\n?", re.MULTILINE)
# What the paragraphs of a squash message lose, in this order.
_CLEANED = (
    (re.compile(r"(\S)  +(\S)"), r"\1 \2"),
    (re.compile(r"^[\t ]*(?:Author|Date): .+$\n?", re.MULTILINE), ""),
    (re.compile(r"^[\t ]*Squashed commit of the following:.*$\n?", re.MULTILINE), ""),
    (re.compile(rf"^(?:[\t ]*[*-][\t ]+|[\t ]+)?({_TYPES})\b", re.MULTILINE), r"\1"),
)
_BREAKING = re.compile(r"BREAKING[ -]CHANGE:\s?[^\n]")
_FOOTER = re.compile(r" {0,2}[\w-]*: .")
_BUMPS: dict[str, Bump] = {"feat": "minor", "fix": "patch", "perf": "patch"}


def bump(message: str) -> Bump | None:
    """The highest of what the commits in the message ask for."""
    bumps = {_of(one) for one in _commits(message)}
    return next((one for one in ("major", "minor", "patch") if one in bumps), None)


def _commits(message: str) -> Iterator[str]:
    for part in _COMMIT_LINE.split(message.replace("\r", "").strip()):
        current: list[str] = []
        seen = False
        for paragraph in part.strip().split("\n\n"):
            text = _clean(paragraph)
            if not text.strip():
                continue
            subject = _SUBJECT.match(text)
            if subject and " " in subject[3]:
                if current:
                    yield "\n\n".join(current)
                current, seen = [text], True
            elif current or not seen:
                current.append(dedent(text))
        yield "\n\n".join(current)


def _clean(paragraph: str) -> str:
    for pattern, replacement in _CLEANED:
        paragraph = pattern.sub(replacement, paragraph)
    return paragraph


def _of(message: str) -> Bump | None:
    found = _SUBJECT.match(message)
    if found is None:
        return None
    rest = message[found.end() :]
    paragraphs = _paragraphs(rest[2:]) if rest.startswith("\n\n") else ()
    if found[2] or any(_BREAKING.match(text) for text in (found[3], *paragraphs)):
        return "major"
    return _BUMPS.get(found[1])


def _paragraphs(text: str) -> Iterator[str]:
    """How each paragraph starts: its first two lines. A footer that follows a footer is a paragraph too."""
    lines = [line.rstrip("\t\f\v ") for line in text.split("\n")]
    before = ""
    for line, after in zip_longest(lines, lines[1:], fillvalue=""):
        hyphenated = before.endswith("-") and before[-2:-1].isalnum() and line[:1].isalnum()
        footers = _FOOTER.match(before) and line.find(":") > 0 and not hyphenated
        if line and (not before or footers):
            yield f"{line}\n{after}".strip()
        before = line
