"""The one way out: standard output and standard error, by which nothing leaves that is more than text.

Whoever prints, a library or the interpreter too, prints through a writer, since the streams of ``sys`` are replaced by
theirs. A CI's commands have a door of their own, for its dialect alone.
"""

from __future__ import annotations

import os
import threading
from typing import IO, TYPE_CHECKING

from pipeline_kit.ci.tool_output import neutralise

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline_kit.render.style import Style

# Both streams may end in one pipe, where a command has to start a line.
_LOCK = threading.RLock()


class Writer:
    """A stream of text that is written by whole lines, each as ``style`` shows it, without what ``clean`` takes out."""

    def __init__(self, stream: IO[str], style: Style, clean: Callable[[str], str] = str) -> None:
        self.stream = stream
        self.style = style
        self.encoding = getattr(stream, "encoding", None) or "ascii"
        self._clean = clean
        self.errors = getattr(stream, "errors", None) or "strict"
        self._begun = ""

    def write(self, text: str) -> int:
        """Text of several lines; one without an end waits for it."""
        with _LOCK:
            *whole, self._begun = (self._begun + text).split("\n")
            self._put([self.shown(line) for line in whole])
        return len(text)

    def line(self, text: str) -> None:
        """One line, whatever is in ``text``."""
        self._put([self.shown(text)])

    def shown(self, text: str) -> str:
        """``text`` as the stream has it."""
        return self.style.shown(self._clean(text))

    def coloured(self, text: str) -> None:
        """One line of a wrapped tool, which may be in colours of its own."""
        self._put([neutralise(self._clean(text))])

    def command(self, text: str) -> None:
        """What a CI's dialect has to say to it, as it is."""
        self._put([text.rstrip("\n")])

    def end(self) -> None:
        """Write what never got an end."""
        if self._begun:
            self.write("\n")

    def discard(self) -> None:
        """Lead the stream, which can't be written to, nowhere: at the end of the process it is tried once more."""
        os.dup2(os.open(os.devnull, os.O_WRONLY), self.fileno())

    def flush(self) -> None:
        """Nothing is held back but the start of a line."""
        self.stream.flush()

    def isatty(self) -> bool:
        """Whether a person looks on."""
        return self.stream.isatty()

    def fileno(self) -> int:
        """The number of the stream below."""
        return self.stream.fileno()

    def _put(self, lines: list[str]) -> None:
        if lines:
            with _LOCK:
                self.stream.write("".join(f"{line}\n" for line in lines))
                self.stream.flush()
