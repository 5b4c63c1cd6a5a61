"""Commits on their way from git: cut to what is needed while they are read, however long a message is."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass
from functools import cached_property

from pipeline_kit.model.git_state import Commit, ancestry

# A release is made of the first lines. A message has this much of it kept, and where the messages together pass the
# budget, the further ones only their beginning: a push of a few kilobytes can hold a thousand messages of 10 MB.
LONGEST = 64 * 1024
_BUDGET = 64 * 1024 * 1024
_BEGINNING = 1024
# The end of the year 9999: a commit may claim any time, and no calendar goes further.
_LAST_SECOND = 253_402_300_799


@dataclass(frozen=True)
class History:
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

    def after(self, commit: str, path: str = "") -> tuple[Commit, ...]:
        """The commits that ``commit`` does not have ('' = all), of them those that touch ``path`` ('' = any)."""
        old = ancestry(self.by_id, [commit])
        inside = folder(path)
        return tuple(one for one in self.commits if one.id not in old and (not inside or touches(one.paths, inside)))


def folder(path: str) -> str:
    """``path`` as git writes it, from the repository's top; '' for the top itself."""
    plain = posixpath.normpath(path or ".").strip("/")
    return "" if plain == "." else plain


def touches(paths: tuple[str, ...], inside: str) -> bool:
    """Whether one of the paths is ``inside`` itself or below it."""
    return any(path == inside or path.startswith(inside + "/") for path in paths)


class Reader:
    """Takes the output of ``git log -z`` in ``format`` as it comes. With --name-only each commit's paths follow it, and
    a mark that nobody can foresee tells a commit from a path.
    """

    def __init__(self) -> None:
        self._mark = os.urandom(8).hex().encode()
        self._commits: list[Commit] = []
        self._time = 0
        self._field = bytearray()
        self._budget = _BUDGET
        self._header = b""
        self._paths: list[str] = []

    @property
    def format(self) -> str:
        """For --format."""
        return f"{self._mark.decode()}%H %ct %P%n%B"

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        start = 0
        while (end := chunk.find(b"\0", start)) >= 0:
            self._keep(chunk[start:end])
            self._end_of_field()
            start = end + 1
        self._keep(chunk[start:])

    def history(self) -> History:
        """What was read."""
        self._end_of_commit()
        return History(tuple(self._commits), self._time)

    def _keep(self, part: bytes) -> None:
        room = (LONGEST if self._budget > 0 else _BEGINNING) - len(self._field)
        if room > 0:
            self._field += part[:room]

    def _end_of_field(self) -> None:
        field = bytes(self._field)
        self._field.clear()
        if field.startswith(self._mark):
            self._end_of_commit()
            self._header = field[len(self._mark) :]
            self._budget -= len(field)
        elif path := field.removeprefix(b"\n") if not self._paths else field:
            self._paths.append(path.decode("utf-8", "replace"))

    def _end_of_commit(self) -> None:
        if not self._header:
            return
        line, _, message = self._header.decode("utf-8", "replace").partition("\n")
        found, time, *parents = line.split(" ")
        if not self._commits:
            self._time = min(int(time), _LAST_SECOND) if time.isdecimal() else 0
        self._commits.append(Commit(found, message, tuple(filter(None, parents)), tuple(self._paths)))
        self._header = b""
        self._paths = []
