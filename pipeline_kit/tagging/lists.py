"""Lists as docker/metadata-action reads them: CSV, and that twice.

The text of an input is one CSV file whose records are the list's items (``items``); an item is again a CSV record whose
columns are its fields (``fields``). The rules are csv-parse's, with the options that are set there:
https://csv.js.org/parse/options/
"""

from __future__ import annotations

import re

from pipeline_kit.errors import Failure, alternative, fix, printable, why
from pipeline_kit.tagging import javascript

# More than any pipeline has; what is longer is no list of tags.
_LONGEST = 256 * 1024
_SHOWN = 80
_RECORD_END = re.compile(r"\r\n|\n|\r")


def items(text: str, *, whole: bool = False) -> list[str]:
    """The items of an input's ``text``: one a line, without blank lines and those that start with ``#``.

    This reading takes quotes away, so a quoted field of an item loses them here. With ``whole`` an item stays as it is
    written, for ``fields`` to read once.
    """
    _bounded(text)
    text = javascript.trim(text)
    if whole:
        lines = (javascript.trim(line) for line in _RECORD_END.split(text))
        return [line for line in lines if line and not line.startswith("#")]
    records = _Reader(text, relaxed=True, comment="#").records()
    return [javascript.trim(item) for record in records if (item := ",".join(record))]


def fields(item: str) -> list[str]:
    """The fields of one item. A comma inside a field needs quotes around the whole field."""
    _bounded(item)
    records = _Reader(item, relaxed=False, comment="").records()
    if not records:
        raise Failure("tag.list", "an item of a list is empty", why("A line of white space in quotes holds nothing."))
    return records[0]


def shown(text: str) -> str:
    """``text`` for a message: on one line, without what could drive a terminal, and not longer than a line."""
    text = printable(text[: _SHOWN + 1]).replace("\t", "\\t")
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def _bounded(text: str) -> None:
    if len(text) > _LONGEST:
        raise Failure(
            "tag.list",
            f"a list of {len(text)} characters is too long",
            why(f"At most {_LONGEST} are read."),
            alternative("what generates this text probably writes more than it should"),
        )


class _Reader:
    """One pass over ``text``, character by character: quotes may open and close anywhere in a field when relaxed."""

    def __init__(self, text: str, *, relaxed: bool, comment: str) -> None:
        self.text = text
        self.relaxed = relaxed
        self.comment = comment
        self.at = 0
        self.end = ""
        self.quoting = self.quoted = self.commenting = False
        self.value: list[str] = []
        self.record: list[str] = []
        self.found: list[list[str]] = []

    def records(self) -> list[list[str]]:
        while self.at < len(self.text):
            self._step(self.text[self.at])
            self.at += 1
        if self.quoting:
            raise self._wrong("a quotation mark is not closed")
        if self.quoted or self.record or self.value:
            self._end_record()
        return self.found

    def _step(self, one: str) -> None:
        # Whichever kind of line end comes first outside of quotes is the text's kind.
        if not self.quoting and not self.end and one in "\r\n":
            self.end = "\r\n" if self.text.startswith("\r\n", self.at) else one
        if one == '"' and not self.commenting and self._took_quote():
            return
        if not self.quoting:
            if self.end and self.text.startswith(self.end, self.at):
                self._line_end()
                return
            if self.commenting:
                return
            if self.comment and one == self.comment and not self.record and not self.value:
                self.commenting = True
                return
            if one == ",":
                self._end_field()
                return
        self.value.append(one)

    def _took_quote(self) -> bool:
        """Whether the quotation mark here opens or closes; otherwise it is a character of the value."""
        if not self.quoting:
            if self.value and not self.relaxed:
                raise self._wrong(f"a quotation mark stands in the middle of {shown(''.join(self.value))}")
            self.quoting = not self.value
            return self.quoting
        following = self.text[self.at + 1 : self.at + 2]
        if following == '"':
            self.value.append('"')
            self.at += 1
            return True
        if not following or following == "," or self._ends_record(self.at + 1) or following == self.comment:
            self.quoting = False
            self.quoted = True
            return True
        if not self.relaxed:
            raise self._wrong(f"{shown(following)} follows a closing quotation mark")
        self.quoting = False
        self.quoted = True
        self.value.insert(0, '"')
        return False

    def _ends_record(self, at: int) -> bool:
        return self.text.startswith(self.end or ("\r\n", "\n", "\r"), at)

    def _line_end(self) -> None:
        nothing = not self.quoted and not self.record and not self.value
        if not nothing:
            self._end_record()
        self.commenting = False
        self.at += len(self.end) - 1

    def _end_field(self) -> None:
        self.record.append("".join(self.value))
        self.value = []
        self.quoted = False

    def _end_record(self) -> None:
        self._end_field()
        self.found.append(self.record)
        self.record = []

    def _wrong(self, what: str) -> Failure:
        return Failure(
            "tag.list",
            f"{shown(self.text)}: {what}",
            why('A line is a CSV record: quotation marks stand around a whole field, as in "pattern=a,b".'),
            fix('quote the field with its name, and double a mark inside of it: "value=a""b"'),
        )
