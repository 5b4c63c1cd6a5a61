"""Step summaries: what a CI shows as a page in Markdown."""

from __future__ import annotations

import re

from pipeline_kit.errors import printable

# GitHub shows nothing at all of a step's summaries that are over 1 MiB together.
_LIMIT = 900_000
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MARKDOWN = re.compile(r"([\\`*_\[\]|~#!$])")
_BLOCK_START = re.compile(r"\A(\d*)([-+=.)])")
_WORD = re.compile(r"[^ |`]+")
# What a service makes a link or a mention of although no Markdown says so: addresses, people, issues, pull requests.
_LINKED = re.compile(r"//|www\.|mailto:|xmpp:|@|[#!][0-9]|GH-[0-9]", re.IGNORECASE)


def markdown_text(text: str) -> str:
    """``text`` as it stands, on one line, wherever Markdown has text: a sentence, a list item, a table's cell."""
    line = printable(" ".join(text.split())).translate(_HTML)
    return _BLOCK_START.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\1", line))


def inert_text(text: str) -> str:
    """As ``markdown_text``, and no service makes a link of any of it: a word that it would is shown as code."""
    parts, end, line = [], 0, printable(" ".join(text.split()))
    for word in _WORD.finditer(line):
        if _LINKED.search(word[0]):
            parts += [_between(line[end : word.start()], first=not end), f"`{word[0]}`"]
            end = word.end()
    return "".join([*parts, _between(line[end:], first=not end)])


def _between(text: str, *, first: bool) -> str:
    """``text`` escaped, with the spaces at its ends; the marks of a block only matter at the start of a line."""
    start = "" if first else "x"
    escaped = markdown_text(f"{start}{text.strip(' ')}")[len(start) :]
    if not escaped:
        return " " if text else ""
    return f"{' ' if text[0] == ' ' else ''}{escaped}{' ' if text[-1] == ' ' else ''}"


def fitting(markdown: str, taken: int = 0) -> str:
    """``markdown``, cut after a line so that it and the ``taken`` bytes before it stay below 900 kB. A cut one says so
    at its top, where no open fence or fold can hide it.
    """
    content = markdown.rstrip("\n").encode("utf-8", "replace") + b"\n"
    if taken + len(content) <= _LIMIT:
        return content.decode()
    notice = "This summary is cut at 900 kB, since a CI shows none that is over 1 MiB.\n\n"
    whole_lines = content[: max(0, _LIMIT - taken - len(notice))].rpartition(b"\n")[0]
    return notice + whole_lines.decode() + "\n"
