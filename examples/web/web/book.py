"""The notes, kept in memory: the last hundred."""

import threading
from collections import deque

LONGEST = 280


class Book:
    """Notes in the order they came; any thread may write."""

    def __init__(self) -> None:
        self._notes: deque[str] = deque(maxlen=100)
        self._lock = threading.Lock()

    def add(self, text: str) -> None:
        """Keep a note; ValueError if it is empty or too long."""
        text = text.strip()
        if not 0 < len(text) <= LONGEST:
            raise ValueError(f"a note has 1 to {LONGEST} characters")
        with self._lock:
            self._notes.append(text)

    def notes(self) -> list[str]:
        """All notes that are kept, oldest first."""
        with self._lock:
            return list(self._notes)
