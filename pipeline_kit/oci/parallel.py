"""Work for several threads that ends at once when the person says so.

``concurrent.futures`` waits for running work on Ctrl-C, and again when Python ends: an upload would hold both for as
long as it lasts.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Generic, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipeline_kit.context import Clock

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")

# How long a thread that hangs in the network is waited for; it dies with the process.
_PATIENCE = 2.0


class Halted(BaseException):
    """Other threads, or the person, made this work useless. It never leaves ``in_parallel``."""


class Stop:
    """A flag that work looks at between two pieces."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        """Ask for the end."""
        self._event.set()

    def check(self) -> None:
        """Go on, or raise ``Halted``."""
        if self._event.is_set():
            raise Halted

    def sleep(self, clock: Clock, seconds: float) -> None:
        """Wait by ``clock``, at most a moment longer than allowed."""
        until = clock.monotonic() + seconds
        while (left := until - clock.monotonic()) > 0:
            self.check()
            clock.sleep(min(left, 0.2))
        self.check()


def in_parallel(work: Callable[[ItemT, Stop], ResultT], items: Iterable[ItemT], *, workers: int) -> tuple[ResultT, ...]:
    """The results of ``work`` for each of ``items``, in their order. The first exception stops the other threads and is
    raised; so is Ctrl-C, within two seconds even if a thread hangs in the network.
    """
    todo = list(enumerate(items))
    stop = Stop()
    waiting: SimpleQueue[tuple[int, ItemT]] = SimpleQueue()
    ended: SimpleQueue[_Ended[ResultT]] = SimpleQueue()
    for numbered in todo:
        waiting.put(numbered)

    def take() -> None:
        while True:
            try:
                number, item = waiting.get_nowait()
                stop.check()
                ended.put(_Ended(number, work(item, stop)))
            except Empty:
                return
            except BaseException as error:  # noqa: BLE001 - it is raised in the thread that waits for it
                ended.put(_Ended(error=error))
                return

    threads = [threading.Thread(target=take, daemon=True) for _ in range(min(workers, len(todo)))]
    try:
        for thread in threads:
            thread.start()
        results = [ended.get().checked() for _ in todo]
    finally:
        stop.set()
        until = time.monotonic() + _PATIENCE
        for thread in threads:
            if thread.ident:
                thread.join(max(0.0, until - time.monotonic()))
    return tuple(result for _, result in sorted(results, key=lambda pair: pair[0]))


@dataclass(frozen=True, slots=True)
class _Ended(Generic[ResultT]):
    number: int = -1
    result: ResultT | None = None
    error: BaseException | None = None

    def checked(self) -> tuple[int, ResultT]:
        if self.error is not None:
            raise self.error
        return self.number, cast("ResultT", self.result)
