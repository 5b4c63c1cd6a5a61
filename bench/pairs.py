"""Two commands in turn, A B A B, and the ratio of each pair: a machine whose speed drifts slows both alike."""

from __future__ import annotations

import statistics
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


_ATTEMPTS = 3


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


def measure(
    ours: Callable[[], None],
    theirs: Callable[[], None],
    rounds: int,
    warmups: int = 1,
    before: Callable[[], None] = lambda: None,
) -> Pairs:
    """Time both ``rounds`` times, after ``warmups`` that do not count; ``before`` runs before each, untimed. A round in
    which theirs breaks is made again: an engine may collect what its own build still needs.
    """
    times = [_round(ours, theirs, before) for _ in range(warmups + rounds)]
    first, second = zip(*times[warmups:], strict=True)
    return Pairs(first, second)


def _round(ours: Callable[[], None], theirs: Callable[[], None], before: Callable[[], None]) -> tuple[float, float]:
    for _ in range(_ATTEMPTS - 1):
        own = _seconds(ours, before)
        with suppress(RuntimeError):
            return own, _seconds(theirs, before)
    return _seconds(ours, before), _seconds(theirs, before)


def _seconds(action: Callable[[], None], before: Callable[[], None]) -> float:
    before()
    started = time.perf_counter()
    action()
    return time.perf_counter() - started
