"""Work in threads that ends when it should."""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.oci.parallel import Halted, in_parallel

if TYPE_CHECKING:
    from pipeline_kit.oci.parallel import Stop


def test_results_come_in_the_order_of_the_items() -> None:
    def work(number: int, stop: Stop) -> int:
        time.sleep((5 - number) / 100)
        return number * number

    assert in_parallel(work, range(5), workers=3) == (0, 1, 4, 9, 16)
    assert in_parallel(work, [], workers=3) == ()


def test_no_more_threads_than_wanted() -> None:
    most = [0]
    running = [0]
    lock = threading.Lock()

    def work(_: int, stop: Stop) -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.01)
        with lock:
            running[0] -= 1

    in_parallel(work, range(12), workers=4)
    assert most[0] == 4


def test_the_first_error_stops_the_others_and_is_raised() -> None:
    stopped = []

    def work(number: int, stop: Stop) -> None:
        if number == 0:
            raise ValueError("first")
        try:
            while True:
                stop.check()
                time.sleep(0.005)
        except Halted:
            stopped.append(number)
            raise

    with pytest.raises(ValueError, match="first"):
        in_parallel(work, range(10), workers=3)
    assert sorted(stopped) == [1, 2]


def test_ctrl_c_is_not_held_up_by_a_thread_that_hangs() -> None:
    released = threading.Event()

    def work(number: int, stop: Stop) -> None:
        if number == 0:
            os.kill(os.getpid(), signal.SIGINT)
        released.wait(30)

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        in_parallel(work, range(2), workers=2)
    assert time.monotonic() - started < 4
    released.set()
