"""Two commands in turn, A B A B, and the ratio of each pair: a machine whose speed drifts slows both alike."""

from __future__ import annotations

import statistics
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seconds of each round; ``ours`` and ``theirs`` are of the same length."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratio(self) -> float:
        """The median of ours by theirs, pair by pair."""
        return statistics.median(a / b for a, b in zip(self.ours, self.theirs, strict=True))

    @property
    def spread(self) -> tuple[float, float]:
        """The smallest and the largest ratio."""
        ratios = [a / b for a, b in zip(self.ours, self.theirs, strict=True)]
        return min(ratios), max(ratios)

    def row(self, name: str, peer: str, goal: str) -> tuple[str, ...]:
        """A row of the table."""
        low, high = self.spread
        return (
            name,
            peer,
            f"{statistics.median(self.ours):.3f} s",
            f"{statistics.median(self.theirs):.3f} s",
            f"{self.ratio:.2f} ({low:.2f} to {high:.2f})",
            goal,
        )


def measure(ours: Callable[[], None], theirs: Callable[[], None], rounds: int, warmups: int = 1) -> Pairs:
    """Time both ``rounds`` times, after ``warmups`` that do not count."""
    for _ in range(warmups):
        ours()
        theirs()
    first, second = [], []
    for _ in range(rounds):
        first.append(_seconds(ours))
        second.append(_seconds(theirs))
    return Pairs(tuple(first), tuple(second))


def _seconds(action: Callable[[], None]) -> float:
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
