"""Failures: what happened, to which input, why, and the way out; and the exit code each one ends with.

A failure is raised where it is understood, rendered at the edge (``render/failure.py``), and only ``cli.py`` turns it
into an exit. Its id, exit code and offline explanation stand in ``catalogue/``.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Self

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class Exit(IntEnum):
    """The exit codes, one for each class of outcome."""

    DONE = 0
    BROKE = 1
    REFUSED = 2
    UNKNOWN = 3
    ROLLED_BACK = 4
    ROLLBACK_FAILED = 5
    USAGE = 64
    TRY_LATER = 75
    INTERRUPTED = 130
    TERMINATED = 143

    @property
    def word(self) -> str:
        """The word on the step's line."""
        return {Exit.REFUSED: "refused", Exit.UNKNOWN: "unknown", Exit.ROLLED_BACK: "rolled back"}.get(self, "failed")


class Note(msgspec.Struct, frozen=True):
    """One labelled part of a failure's text; ``text`` may have several lines."""

    label: str
    text: str


class Place(msgspec.Struct, frozen=True):
    """Where in the user's own files the cause is; lines and columns count from 1, 0 = not known."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


def nearest(written: str, known: Iterable[str]) -> str:
    """Which of ``known`` was probably meant, '' if none is near."""
    import difflib

    return next(iter(difflib.get_close_matches(written, known, 1, 0.5)), "")


def why(text: str) -> Note:
    """The cause, in a sentence or two."""
    return Note("why", text)


def fix(text: str) -> Note:
    """Lines to paste, with the values filled in. Left out where the cause is not known."""
    return Note("fix", text)


def alternative(text: str) -> Note:
    """Another way out."""
    return Note("or", text)


def log(text: str) -> Note:
    """Where the whole output is."""
    return Note("log", text)


class Failure(Exception):  # noqa: N818 - a failure is the field's word: a refused scan is no error of ours
    """A step could not do what it was asked for.

    ``evidence`` are lines shown first, below the headline: a tool's own words start with a bar (see ``quote``).
    ``reproduce`` is the line that repeats the failure on a laptop, where it is not the command with its settings
    (``commands.reproduce``): ``clone`` makes the clone that it is seen in, ``narrowed`` is the stage of the build that
    it is in. ``done`` says what did happen before
    ("0 blobs, 0 tags published"), if that is not plain from the step that failed.
    """

    def __init__(
        self,
        kind: str,
        headline: str,
        *notes: Note,
        evidence: tuple[str, ...] = (),
        place: Place | None = None,
        reproduce: str | None = None,
        done: str | None = None,
    ) -> None:
        super().__init__(headline)
        self.kind = kind
        self.headline = headline
        self.notes = notes
        self.evidence = evidence
        self.place = place
        self.reproduce = reproduce
        self.done = done
        self.clone = ""
        self.narrowed = ""
        # What the step found out all the same, for the record: a verdict that is a no.
        self.value: object = None

    @property
    def exit(self) -> Exit:
        """The exit code of this kind of failure."""
        from pipeline_kit.catalogue import KINDS

        return KINDS[self.kind].exit

    def extended(self, *notes: Note) -> Self:
        """The same failure with more notes at the end."""
        self.notes = (*self.notes, *notes)
        return self

    def cleaned(self, clean: Callable[[str], str]) -> Self:
        """The same failure, each of its texts as ``clean`` has it."""
        self.headline = clean(self.headline)
        self.notes = tuple(Note(note.label, clean(note.text)) for note in self.notes)
        self.evidence = tuple(map(clean, self.evidence))
        self.reproduce = self.reproduce and clean(self.reproduce)
        self.done = self.done and clean(self.done)
        return self


class Stopped(BaseException):
    """A signal asked the run to end; like KeyboardInterrupt it passes every ``except Exception``."""

    def __init__(self, signal_number: int) -> None:
        super().__init__(signal_number)
        self.signal_number = signal_number


def quote(text: str, *, last: int = 4, width: int = 400) -> tuple[str, ...]:
    """The last lines of a tool's own words, each behind a bar, made safe for a terminal."""
    lines = [printable(line.rstrip())[:width] for line in text.splitlines() if line.strip()]
    return tuple(f"│ {line}" for line in lines[-last:])


# Bidirectional controls reorder what a reader sees; they have no place in a log line.
_INVISIBLE = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF}


def printable(text: str) -> str:
    """``text`` with control and bidirectional characters shown as escapes, so that it can't drive a terminal."""
    return "".join(c if c == "\t" or (c.isprintable() and ord(c) not in _INVISIBLE) else _escape(c) for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


__all__ = ["Exit", "Failure", "Note", "Place", "Stopped", "alternative", "fix", "log", "printable", "quote", "why"]
