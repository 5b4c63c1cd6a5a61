"""Step summaries: what a CI shows as a page in Markdown."""

from __future__ import annotations

import re

from pipeline_kit.errors import printable

# GitHub shows nothing at all of a step's summaries that are over 1 MiB together.
_LIMIT = 900_000
_HTML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_MARKDOWN = re.compile(r"([\\`*_\[\]|~#!$])")
_BLOCK_START = re.compile(r"\A(\d*)([-+=.)])")


def markdown_text(text: str) -> str:
    """``text`` as it stands, on one line, wherever Markdown has text: a sentence, a list item, a table's cell."""
    line = printable(" ".join(text.split())).translate(_HTML)
    return _BLOCK_START.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\1", line))


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
