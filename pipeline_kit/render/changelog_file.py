"""A release put into a changelog: every line that is there stays as it is, byte for byte.

What is changed is one thing: under ``Unreleased`` (Keep a Changelog) stands afterwards what was not released.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline_kit.render.changelog import Section
    from pipeline_kit.render.changelog_links import Links

_ATX = re.compile(r" {0,3}(#{1,6})(?:[ \t]+(?P<title>.*?))?(?:[ \t]+#+)?[ \t]*$")
_SETEXT = re.compile(r" {0,3}(?:(=+)|(-{2,}))[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_VERSION = re.compile(
    r"\[?(?:[\w./@-]*[@/-])?v?(?P<version>\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?)\]?(?![\w.])"
)
_UNRELEASED = re.compile(r"\[?unreleased\]?(?![\w])", re.IGNORECASE)
_DEFINITION = re.compile(r" {0,3}\[[^\]]+\]:\s*\S")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_TITLE = "# Changelog"


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


def with_section(text: str | None, section: Section, style: str) -> str:
    """The changelog ``text`` (None for a new one) with ``section`` in it; unchanged where it has that version."""
    if text is None or not text.strip():
        return _new(section, style)
    lines = _LINE.findall(text)
    last = lines[-1]
    newline = "\r\n" if lines[0].endswith("\r\n") else "\n"
    found = _headings(lines)
    if any(one.version == section.version for one in found if one.level < 3):
        return text
    keep = style == "keep-a-changelog"
    unreleased = next((one for one in found if keep and one.level == 2 and _UNRELEASED.match(one.title)), None)
    lines = _released(lines, found, unreleased, section) if unreleased else _inserted(lines, found, section, style)
    if keep and section.links:
        lines = _linked(lines, section, section.links)
    # Ours have no newline yet; what was the last line of the file keeps to having none where it is still the last.
    final = lines.pop() if lines[-1] is last else ""
    return "".join(line if line.endswith("\n") else line.replace("\n", newline) + newline for line in lines) + final


def _new(section: Section, style: str) -> str:
    lines = [_TITLE, ""]
    if style == "keep-a-changelog":
        bracketed = "[Unreleased]" if section.links else "Unreleased"
        lines += [f"## {bracketed}", ""]
    lines += [_heading_of(section, style), *section.body()]
    if style == "keep-a-changelog" and section.links:
        lines += [
            "",
            f"[Unreleased]: {section.links.compare(section.tag, 'HEAD')}",
            _definition(section, section.links),
        ]
    return "\n".join(lines) + "\n"


def _heading_of(section: Section, style: str) -> str:
    if style == "keep-a-changelog":
        return f"## [{section.version}] - {section.date}" if section.links else f"## {section.version} - {section.date}"
    return f"## {section.version} ({section.date})"


def _inserted(lines: list[str], found: list[Heading], section: Section, style: str) -> list[str]:
    """Above the newest release; in a changelog without one, at its end."""
    level = 1 if not any(one.level == 2 for one in found) else 2
    after = next((one.index for one in found if one.level <= 2 and one.version), None)
    if after is None:
        after = next((one.index for one in found[1:] if one.level <= level), _end(lines, len(lines)))
    block = [_heading_of(section, style), *section.body()]
    before = [""] if after and lines[after - 1].strip() else []
    below = [""] if lines[after:] else []
    return [*lines[:after], *before, *block, *below, *lines[after:]]


def _released(lines: list[str], found: list[Heading], unreleased: Heading, section: Section) -> list[str]:
    """The text under ``Unreleased`` becomes the release's, with the commits' entries behind those of the same group."""
    following = next((one.index for one in found if one.index > unreleased.index and one.level <= 2), len(lines))
    end = _end(lines, following)
    body = lines[unreleased.end : end]
    inner = [one for one in found if unreleased.end <= one.index < end and one.level == 3]
    bracketed = unreleased.title.startswith("[")
    name = f"[{section.version}]" if bracketed else section.version
    heading = ["", f"## {name} - {section.date}"]
    merged = _merged(body, [(one, unreleased.end) for one in inner], section)
    tail = lines[end:]
    gap = [""] if tail and tail[0].strip() and merged and merged[-1].strip() else []
    return [*lines[: unreleased.end], *heading, *merged, *gap, *tail]


def _merged(body: list[str], inner: list[tuple[Heading, int]], section: Section) -> list[str]:
    """``body`` with the section's entries at the end of the group of the same name; other groups come last."""
    if not any(line.strip() for line in body):
        return [*section.body(), *body]
    body = list(body)
    places = {one.title.strip().lower(): (number, one.index - offset) for number, (one, offset) in enumerate(inner)}
    rest = []
    for heading, entries in reversed(section.groups):
        if heading.lower() not in places:
            rest.append((heading, entries))
            continue
        number, start = places[heading.lower()]
        end = inner[number + 1][0].index - inner[number + 1][1] if number + 1 < len(inner) else len(body)
        last = max((index for index in range(start, end) if body[index].strip()), default=start)
        own = [f"- {entry}" for entry in entries]
        body[last + 1 : last + 1] = ["", *own] if last == start else own
    end = max((index + 1 for index, line in enumerate(body) if line.strip()), default=0)
    added = [
        line for heading, entries in reversed(rest) for line in ("", f"### {heading}", "", *(f"- {e}" for e in entries))
    ]
    return [*body[:end], *added, *body[end:]]


def _linked(lines: list[str], section: Section, links: Links) -> list[str]:
    """Where the file defines the link of ``[Unreleased]``, that moves on, and the release gets one below it."""
    for index, line in enumerate(lines):
        if re.match(r" {0,3}\[unreleased\]:", line, re.IGNORECASE):
            moved = line.replace(section.previous, section.tag, 1) if section.previous else line
            return [*lines[:index], moved, _definition(section, links), *lines[index + 1 :]]
    return lines


def _definition(section: Section, links: Links) -> str:
    if section.previous:
        return f"[{section.version}]: {links.compare(section.previous, section.tag)}"
    return f"[{section.version}]: {links.tag(section.tag)}"


def _end(lines: list[str], end: int) -> int:
    """Where the text before ``end`` stops: the definitions of links at a file's end belong to no section."""
    if end < len(lines):
        return end
    while end and (not lines[end - 1].strip() or _DEFINITION.match(lines[end - 1])):
        end -= 1
    if end < len(lines) and not lines[end].strip():
        end += 1
    return end


def _headings(lines: list[str]) -> list[Heading]:
    """The headings, those in fenced code and in comments not counted."""
    found: list[Heading] = []
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
        elif atx := _ATX.match(text):
            found.append(Heading(index, index + 1, len(atx[1]), (atx["title"] or "").strip()))
        elif (under := _SETEXT.match(text)) and index and _is_paragraph(lines[index - 1]):
            found.append(Heading(index - 1, index + 1, 1 if under[1] else 2, lines[index - 1].strip()))
    return found


def _is_paragraph(line: str) -> bool:
    return bool(line.strip()) and not _ATX.match(line.rstrip("\r\n")) and line.lstrip()[0] not in "-*+>|"
