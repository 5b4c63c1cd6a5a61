"""Text of commits as Markdown that says what they say and does nothing.

Anyone can write a commit. So what would become HTML, a link, an image, a mention or a reference to another repository
stands between backticks or behind a backslash, and what can't be seen is left out.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from pipeline_kit.ci.summary import markdown_text

if TYPE_CHECKING:
    from pipeline_kit.render.changelog_links import Links

LONGEST = 300
_PARTS = re.compile(
    r"""(?P<code>(?<!`)`[^`]+`(?!`))
    | (?P<address>(?:[A-Za-z][A-Za-z0-9+.-]*://|www\.|mailto:|xmpp:)[^\s`]*)
    | (?P<number>(?<![\w&/])(?:\#|!|AB\#|GH-)[0-9]{1,10}\b)
    | (?P<elsewhere>[\w.-]+(?:/[\w.-]+)?\#[0-9]+)
    | (?P<mention>[\w.+-]*@[\w./<-][\w./<>-]*)
    """,
    re.VERBOSE,
)


def inline(text: str, links: Links | None = None, *, longest: int = LONGEST) -> str:
    """``text`` on one line of Markdown, at most ``longest`` characters of it; ``links`` turns ``#12`` into a link."""
    line = visible(text)
    if len(line) > longest:
        line = line[: longest - 3].rstrip() + "..."
    parts, end = [], 0
    for found in _PARTS.finditer(line):
        parts += [_plain(line[end : found.start()], first=not end), _special(found, links)]
        end = found.end()
    return "".join([*parts, _plain(line[end:], first=not end)]).strip()


def visible(text: str) -> str:
    """``text`` on one line, without control, bidirectional and other characters that nobody sees."""
    spaced = " ".join(text.split())
    return "".join(c for c in spaced if c == " " or unicodedata.category(c)[0] not in "CZ")


def code(text: str) -> str:
    """``text`` between backticks, in which nothing means anything."""
    return f"`{text.replace('`', '')}`"


def _special(found: re.Match[str], links: Links | None) -> str:
    if found["number"]:
        address = links.reference(found["number"]) if links else ""
        # Without an address a service may still make a link of it: to an issue of this very repository.
        return f"[{_plain(found['number'])}]({address})" if address else _plain(found["number"])
    inside = found[0].strip("`")
    return code(inside) if inside.strip() else ""


def _plain(text: str, *, first: bool = False) -> str:
    """``text`` escaped, with the spaces at its ends; the marks of a list or a heading only matter at the start."""
    stripped = text.strip()
    if not stripped:
        return " " if text else ""
    escaped = markdown_text(stripped) if first else markdown_text(f"x{stripped}")[1:]
    return f"{' ' if text[0] == ' ' and not first else ''}{escaped}{' ' if text[-1] == ' ' else ''}"
