"""One line on stderr for each part: what is being brought up, and what it came to."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class Narrator:
    """Who says the lines: stderr, unless a test run has a better place for them."""

    def __init__(self) -> None:
        self.say: Callable[[str], None] = _to_stderr


NARRATOR = Narrator()


@contextmanager
def bringing_up(part: str, how: str) -> Iterator[Callable[[str], None]]:
    """Say ``starting PART: HOW`` if the block takes longer than a second, and at its end ``ready PART: WHAT (9 s)``
    with the WHAT that the block gave to the function it got.
    """
    started = time.monotonic()
    announcement = threading.Timer(1.0, NARRATOR.say, [f"starting {part}: {how}"])
    announcement.start()
    ready: list[str] = []
    try:
        yield ready.append
    finally:
        announcement.cancel()
    NARRATOR.say(f"ready {part}: {''.join(ready)} ({time.monotonic() - started:.0f} s)")
