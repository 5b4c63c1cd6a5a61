"""A clock for tests of waiting: waits are short, and count as if they were not."""

from __future__ import annotations

import threading
import time


class FastClock:
    """``waited`` are the seconds that were slept, by all threads."""

    def __init__(self, times: float = 50.0) -> None:
        self.waited = 0.0
        self._times = times
        self._lock = threading.Lock()

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never run backwards; those slept count whole."""
        return time.monotonic() + self.waited

    def sleep(self, seconds: float) -> None:
        """Wait a fraction of ``seconds``."""
        time.sleep(seconds / self._times)
        with self._lock:
            self.waited += seconds
