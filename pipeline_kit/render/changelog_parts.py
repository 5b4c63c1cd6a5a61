"""What a changelog is made of: headings, and the addresses that names in brackets lead to. What stands in fenced code
or in a comment is neither.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_kit.model.version import parse

if TYPE_CHECKING:
    from collections.abc import Iterator

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(?P<title>.*?))?(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(r" {0,3}(?:(=+)|(-{2,}))[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_VERSION = re.compile(
    r"\[?(?:[\w./@-]*[@/-])?v?(?P<version>\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)\]?(?![\w.])"
)
_DEFINITION = re.compile(r"(?P<head> {0,3}\[(?P<label>[^\]]+)\]:[ \t]*<?)(?P<url>[^\s<>]+)(?P<tail>.*)", re.DOTALL)

# No heading and no address of a release is that long, and what reads them looks at one several times.
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class Heading:
    """``index`` is its first line, ``end`` the line after it."""

    index: int
    end: int
    level: int
    title: str

    @property
    def version(self) -> str:
        """The version that it begins with, '' for none."""
        found = _VERSION.match(self.title)
        return found["version"] if found else ""


@dataclass(frozen=True, slots=True)
class Definition:
    """``[label]: url`` on the line ``index``; ``head`` and ``tail`` are what stands before and behind the address."""

    index: int
    label: str
    url: str
    head: str
    tail: str

    @property
    def version(self) -> str:
        """The version that its label is, '' for any other."""
        found = _VERSION.fullmatch(self.label)
        return found["version"] if found and parse(found["version"]) else ""

    def is_below(self, other: Definition) -> bool:
        """Whether both are of versions, and this is the lower one."""
        mine, theirs = parse(self.version), parse(other.version)
        return mine is not None and theirs is not None and mine < theirs

    def to(self, url: str) -> str:
        """The line with another address."""
        return f"{self.head}{url}{self.tail}"


def is_definition(line: str) -> bool:
    """Whether the line says what a name in brackets leads to."""
    return bool(_DEFINITION.match(line))


def definitions(lines: list[str]) -> list[Definition]:
    """All of them, in the order of the file."""
    found = []
    for index, _ in _shown(lines):
        match = _DEFINITION.fullmatch(lines[index])
        if match and len(match["url"]) <= _LONGEST:
            found.append(Definition(index, match["label"], match["url"], match["head"], match["tail"]))
    return found


def headings(lines: list[str]) -> list[Heading]:
    """All of them, in the order of the file."""
    found = []
    for index, text in _shown(lines):
        if len(text) > _LONGEST:
            continue
        if atx := _ATX.match(text):
            found.append(Heading(index, index + 1, len(atx[1]), (atx["title"] or "").strip()))
        elif (under := _SETEXT.match(text)) and index and _is_paragraph(lines[index - 1]):
            found.append(Heading(index - 1, index + 1, 1 if under[1] else 2, lines[index - 1].strip()))
    return found


def _shown(lines: list[str]) -> Iterator[tuple[int, str]]:
    """The lines that are Markdown, each with its number and without its end."""
    fence, comment = "", False
    for index, line in enumerate(lines):
        text = line.rstrip("\r\n").removeprefix("\ufeff")
        if fence:
            mark = _FENCE.match(text)
            if mark and mark[1][0] == fence[0] and len(mark[1]) >= len(fence) and not text.strip().strip(fence[0]):
                fence = ""
        elif comment:
            comment = "-->" not in text
        elif mark := _FENCE.match(text):
            fence = mark[1]
        elif text.lstrip().startswith("<!--"):
            comment = "-->" not in text
        else:
            yield index, text


def _is_paragraph(line: str) -> bool:
    text = line.rstrip("\r\n")
    return bool(text.strip()) and len(text) <= _LONGEST and not _ATX.match(text) and text.lstrip()[0] not in "-*+>|"
