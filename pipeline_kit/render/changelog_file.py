"""A release put into a changelog: every line that is there stays as it is, byte for byte.

What is changed is one thing: under ``Unreleased`` (Keep a Changelog) stands afterwards what was not released.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline_kit.render.changelog_addresses import addressed
from pipeline_kit.render.changelog_parts import headings, is_definition

if TYPE_CHECKING:
    from pipeline_kit.render.changelog import Section
    from pipeline_kit.render.changelog_parts import Heading

_UNRELEASED = re.compile(r"\[?unreleased\]?(?![\w])", re.IGNORECASE)
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
_TITLE = "# Changelog"


def with_section(text: str | None, section: Section, style: str) -> str:
    """The changelog ``text`` (None for a new one) with ``section`` in it; unchanged where it has that version."""
    if text is None or not text.strip():
        return _new(section, style)
    lines = _LINE.findall(text)
    newline = "\r\n" if lines[0].endswith("\r\n") else "\n"
    if any(one.version == section.version for one in headings(lines) if one.level < 3):
        return text
    keep = style == "keep-a-changelog"
    lines, has_address = addressed(lines, section, newline) if keep else (lines, False)
    found = headings(lines)
    last = lines[-1]
    if unreleased := next((one for one in found if keep and one.level == 2 and _UNRELEASED.match(one.title)), None):
        bracketed = has_address or unreleased.title.startswith("[")
        lines = _released(lines, found, unreleased, section, _heading_of(section, style, bracketed=bracketed))
    else:
        newest = next((one.title for one in found if one.level < 3 and one.version), "")
        bracketed = has_address or newest.startswith("[")
        lines = _inserted(lines, found, section, _heading_of(section, style, bracketed=bracketed))
    # Ours have no newline yet; what was the last line of the file keeps to having none where it is still the last.
    final = lines.pop() if lines[-1] is last else ""
    return "".join(line if line.endswith("\n") else line.replace("\n", newline) + newline for line in lines) + final


def _new(section: Section, style: str) -> str:
    lines, links = [_TITLE, ""], section.links
    since = links.since(section.tag) if links else ""
    if style == "keep-a-changelog":
        lines += ["## [Unreleased]" if since else "## Unreleased", ""]
    lines += [_heading_of(section, style, bracketed=bool(links)), *section.body()]
    if style == "keep-a-changelog" and links:
        own = f"[{section.version}]: {links.release(section.tag, section.previous)}"
        lines += ["", *([f"[Unreleased]: {since}"] if since else []), own]
    return "\n".join(lines) + "\n"


def _heading_of(section: Section, style: str, *, bracketed: bool) -> str:
    if style == "keep-a-changelog":
        return f"## {f'[{section.version}]' if bracketed else section.version} - {section.date}"
    return f"## {section.version} ({section.date})"


def _inserted(lines: list[str], found: list[Heading], section: Section, heading: str) -> list[str]:
    """Above the newest release; in a changelog without one, at its end."""
    level = 1 if not any(one.level == 2 for one in found) else 2
    after = next((one.index for one in found if one.level <= 2 and one.version), None)
    if after is None:
        after = next((one.index for one in found[1:] if one.level <= level), _end(lines, len(lines)))
    block = [heading, *section.body()]
    before = [""] if after and lines[after - 1].strip() else []
    below = [""] if lines[after:] else []
    return [*lines[:after], *before, *block, *below, *lines[after:]]


def _released(lines: list[str], found: list[Heading], unreleased: Heading, section: Section, heading: str) -> list[str]:
    """The text under ``Unreleased`` becomes the release's, with the commits' entries behind those of the same group."""
    following = next((one.index for one in found if one.index > unreleased.index and one.level <= 2), len(lines))
    end = _end(lines, following)
    body = lines[unreleased.end : end]
    inner = [one for one in found if unreleased.end <= one.index < end and one.level == 3]
    merged = _merged(body, [(one, unreleased.end) for one in inner], section)
    tail = lines[end:]
    gap = [""] if tail and tail[0].strip() and merged and merged[-1].strip() else []
    return [*lines[: unreleased.end], "", heading, *merged, *gap, *tail]


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


def _end(lines: list[str], end: int) -> int:
    """Where the text before ``end`` stops: the definitions of links at a file's end belong to no section."""
    if end < len(lines):
        return end
    while end and (not lines[end - 1].strip() or is_definition(lines[end - 1])):
        end -= 1
    if end < len(lines) and not lines[end].strip():
        end += 1
    return end
