"""The narrator: writes to standard error for a person, in the dialect of the CI where there is one.

Standard output belongs to the result alone.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline_kit.ci.messages import EndGroup, Group, Mask
from pipeline_kit.render import lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pipeline_kit.ci import Dialect
    from pipeline_kit.ci.messages import Message
    from pipeline_kit.errors import Failure
    from pipeline_kit.render.writer import Writer

# Without a terminal a long step says every so often that it is alive.
_STILL = 30.0


class Terminal:
    """A ``context.Reporter`` for people. ``out`` is standard error."""

    def __init__(self, out: Writer, dialect: Dialect, environ: Mapping[str, str]) -> None:
        self.style = out.style
        self._out = out
        self._dialect = dialect
        self._environ = environ
        self._step = ""

    def line(self, text: str) -> None:
        """One line, already painted."""
        self._write(self._out.line, text)

    def send(self, message: Message) -> None:
        """A message in the CI's dialect; nothing on a laptop."""
        if text := self._dialect.emit(message, self._environ):
            self._write(self._out.command, text)

    def _write(self, write: Callable[[str], None], text: str) -> None:
        try:
            write(text)
        except OSError:
            # A CI takes values from these lines; a person can do without them, but not without the answer.
            if self._dialect.NAME != "local":
                raise
            self._out.discard()

    def begin(self, step: str) -> None:
        """Name the step that the following activities belong to."""
        self._step = step

    def step(self, step: str, word: str, detail: str, seconds: float) -> None:
        """A step's line."""
        self.line(lines.step_line(self.style, step, word, detail, seconds))

    def failure(self, failure: Failure, step: str, seconds: float, stopped_before: str) -> None:
        """A failed step's line and the block below it."""
        self.line(lines.step_line(self.style, step, failure.exit.word, failure.headline, seconds))
        for text in lines.failure_block(self.style, failure, step, stopped_before):
            self.line(text)

    def warn(self, text: str) -> None:
        """One line that a person should see although the step goes on."""
        self.line(f"{self.style.paint('!', 'yellow')} {self._step:<8} {text}")

    def mask(self, secret: str) -> None:
        """Have the CI hide ``secret`` from now on."""
        self.send(Mask(secret))

    @contextmanager
    def tool_output(self, title: str) -> Iterator[Callable[[str], None]]:
        """A closed group for a wrapped tool's lines in a CI; on a laptop the log has them."""
        if self._dialect.NAME == "local":
            yield lambda _: None
            return
        self.send(Group(title))
        try:
            yield lambda text: self._write(self._out.coloured, text)
        finally:
            self.send(EndGroup())

    @contextmanager
    def activity(self, title: str) -> Iterator[_Activity]:
        """A bar on a terminal; elsewhere a line every 30 s."""
        shown = _Bar(self, title) if self.style.live else _Still(self, self._step, title)
        try:
            yield shown
        finally:
            shown.end()


class _Activity:
    def update(self, what: str = "", done: int = 0, total: int = 0) -> None:
        """Say what is being done now, and how much of it."""

    def end(self) -> None:
        """Take the bar away."""


class _Bar(_Activity):
    """A live line, drawn from the first second on, so that a quick step stays one line."""

    def __init__(self, terminal: Terminal, title: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        out = terminal._out  # noqa: SLF001 - the bar is a part of the terminal
        self._shown = out.shown
        console = Console(file=out.stream, no_color=not out.style.colour, legacy_windows=False)
        self._progress = Progress(
            TextColumn("  {task.fields[step]:<8}"),
            BarColumn(24),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            refresh_per_second=8,
            # What others print meanwhile goes through their writer, not through the bar.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._progress.add_task(self._shown(title), total=None, step=terminal._step)  # noqa: SLF001 - as above
        self._timer = threading.Timer(0.5, self._progress.start)
        self._timer.daemon = True
        self._timer.start()

    def update(self, what: str = "", done: int = 0, total: int = 0) -> None:
        """Say what is being done now, and how much of it."""
        self._progress.update(self._task, completed=done, total=total or None)
        if what:
            self._progress.update(self._task, description=self._shown(what)[:60])

    def end(self) -> None:
        """Take the bar away."""
        self._timer.cancel()
        self._timer.join()
        self._progress.stop()


class _Still(_Activity):
    """``  build    still running, 60s, [runtime 4/6] RUN pip install`` every 30 s."""

    def __init__(self, terminal: Terminal, step: str, title: str) -> None:
        self._terminal = terminal
        self._step = step
        self._what = title
        self._started = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._tell, daemon=True)
        self._thread.start()

    def update(self, what: str = "", done: int = 0, total: int = 0) -> None:
        """Say what is being done now, and how much of it."""
        share = f" ({100 * done // total} %)" if total else ""
        if what or share:
            self._what = (what or self._what.partition(" (")[0]) + share

    def end(self) -> None:
        """Say no more."""
        self._ended.set()
        self._thread.join()

    def _tell(self) -> None:
        while not self._ended.wait(_STILL):
            elapsed = time.monotonic() - self._started
            self._terminal.line(f"  {self._step:<8} still running, {elapsed:.0f}s, {self._what}")
