"""Commits on their way from git: cut to what is needed while they are read, however long a message is."""

from __future__ import annotations

import os
import sys
from functools import cached_property

import msgspec

from pipeline_kit.model.git_state import Commit, ancestry

# A header stands at the beginning of a message and its footers at the end, so this much of both is kept. Where long
# messages together pass the budget, the further ones have less: a push of a few kilobytes can hold a thousand of 10 MB.
BEGINNING = END = 64 * 1024
_BUDGET = 16 * 1024 * 1024
_SHORT_BEGINNING = 1024
_SHORT_END = 4 * 1024
_SHORT = _SHORT_BEGINNING + _SHORT_END
# The end of the year 9999: a commit may claim any time, and no calendar goes further.
_LAST_SECOND = 253_402_300_799


class History(msgspec.Struct, frozen=True, dict=True):
    """Commits of one walk from HEAD, newest first; ``time`` is that of the first one."""

    commits: tuple[Commit, ...]
    time: int

    @cached_property
    def by_id(self) -> dict[str, Commit]:
        """The commits by their ids."""
        return {commit.id: commit for commit in self.commits}

    @cached_property
    def reached(self) -> frozenset[str]:
        """The commits and where the walk ended. It was told to stop at a commit: whether that one is in here is
        whether HEAD descends from it.
        """
        return frozenset(self.by_id) | {parent for commit in self.commits for parent in commit.parents}

    def after(self, commit: str) -> tuple[Commit, ...]:
        """The commits that ``commit`` does not have ('' = all)."""
        old = ancestry(self.by_id, [commit])
        return tuple(one for one in self.commits if one.id not in old)


class Excerpt:
    """The beginning and the end of a text that comes in pieces: so many bytes of each, in no more memory than that."""

    def __init__(self, beginning: int, end: int) -> None:
        self._sizes = beginning, end
        self._beginning = bytearray()
        self._end = bytearray()
        self._length = 0

    def add(self, part: bytes) -> None:
        """The next bytes."""
        self._length += len(part)
        beginning, end = self._sizes
        room = beginning - len(self._beginning)
        if room > 0:
            self._beginning += part[:room]
            part = part[room:]
        if part:
            self._end += part[-end:]
            # Half of it goes at a time, so that each byte is moved once.
            if len(self._end) > 2 * end:
                del self._end[:-end]

    def text(self) -> str:
        """The whole text where it fits. Else its first and last lines, with ``...`` for what is between them: a part of
        a line could say what nobody wrote.
        """
        beginning, end = bytes(self._beginning), bytes(self._end)
        if self._length > sum(self._sizes):
            lines, _, _ = beginning.rpartition(b"\n")
            first = lines + b"\n" if lines.strip() else beginning
            last = end[-self._sizes[1] :].partition(b"\n")[2]
            beginning, end = first + b"...\n", last
        return (beginning + end).decode("utf-8", "replace")


class Reader:
    """Takes the output of ``git log -z`` in ``format`` as it comes. With --name-only each commit's paths follow it, and
    a mark that nobody can foresee tells a commit from a path.
    """

    def __init__(self) -> None:
        self._mark = os.urandom(8).hex().encode()
        self._commits: list[Commit] = []
        self._time = 0
        self._budget = _BUDGET
        self._field = bytearray()
        self._header = b""
        self._in_message = False
        self._message: Excerpt | None = None
        self._text = ""
        self._paths: list[str] = []

    @property
    def format(self) -> str:
        """For --format."""
        return f"{self._mark.decode()}%H %ct %P%x00%B"

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        start = 0
        while (end := chunk.find(b"\0", start)) >= 0:
            if self._in_message:
                self._end_of_message(chunk[start:end])
            else:
                self._end_of_field(chunk[start:end])
            start = end + 1
        self._keep(chunk[start:])

    def history(self) -> History:
        """What was read."""
        self._end_of_commit()
        return History(tuple(self._commits), self._time)

    def _keep(self, part: bytes) -> None:
        """A part of what has not ended yet."""
        if self._in_message:
            if self._message is None:
                whole = self._budget > 0
                self._message = Excerpt(BEGINNING, END) if whole else Excerpt(_SHORT_BEGINNING, _SHORT_END)
            self._message.add(part)
        # All of a commit's parents count, but not all of a path.
        elif len(self._field) < BEGINNING or self._field.startswith(self._mark):
            self._field += part

    def _end_of_message(self, part: bytes) -> None:
        if self._message is None and len(part) <= _SHORT:  # most of them
            self._text = part.decode("utf-8", "replace")
        else:
            self._keep(part)
            self._text = self._message.text() if self._message else ""
            self._budget -= max(sys.getsizeof(self._text) - _SHORT, 0)
        self._in_message = False
        self._message = None

    def _end_of_field(self, part: bytes) -> None:
        self._keep(part)
        field = bytes(self._field)
        self._field.clear()
        if field.startswith(self._mark):
            self._end_of_commit()
            self._header = field[len(self._mark) :]
            self._in_message = True
        elif path := field.removeprefix(b"\n") if not self._paths else field:
            self._paths.append(path.decode("utf-8", "replace"))

    def _end_of_commit(self) -> None:
        if not self._header:
            return
        found, time, *parents = self._header.decode("utf-8", "replace").split(" ")
        if not self._commits:
            self._time = min(int(time), _LAST_SECOND) if time.isdecimal() else 0
        self._commits.append(Commit(found, self._text, tuple(filter(None, parents)), tuple(self._paths)))
        self._header = b""
        self._text = ""
        self._paths = []
