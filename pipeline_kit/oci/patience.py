"""How long a registry that fails, or that is slow, is waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.http import wait_before_retry
from pipeline_kit.oci.refusal import gave_up, too_slow
from pipeline_kit.oci.wire import Answer, Lost

if TYPE_CHECKING:
    from pipeline_kit.context import Clock
    from pipeline_kit.model.reference import Repository
    from pipeline_kit.oci.parallel import Stop

# From the first failure of an operation, and again after each progress.
LONG = 300.0
# For the first contact, where a wrong name or a missing registry is more likely than a restart.
SHORT = 15.0
# For all that a step asks of one registry, however well it answers, and again after each progress.
STEP = 600.0
# Only bytes of blobs are progress. Fewer than these are none: else a byte now and then would hold a step for ever.
_PROGRESS = 1 << 20
_SLOWEST = 16


class Deadline:
    """When the time of a step is over. It begins with the first question; any thread may ask."""

    def __init__(self, clock: Clock, seconds: float = STEP) -> None:
        self.seconds = seconds
        self._clock = clock
        self._until: float | None = None
        self._moved = 0

    def left(self) -> float:
        """Seconds that are left, less than none when it is over."""
        now = self._clock.monotonic()
        if self._until is None:
            self._until = now + self.seconds
        return self._until - now

    def moved(self, size: int) -> None:
        """So many bytes of any blob went or came: after enough of them the time begins again."""
        self._moved += size
        if self._moved >= _PROGRESS:
            self._moved = 0
            self._until = self._clock.monotonic() + self.seconds

    def excuse(self, seconds: float) -> None:
        """Do not count so many seconds, in which somebody else was waited for."""
        self._until = self.left() + self._clock.monotonic() + seconds


class Patience:
    """The time that one operation has once it fails, within the ``deadline`` that it has in any case."""

    def __init__(
        self,
        repository: Repository,
        clock: Clock,
        seconds: float = LONG,
        stop: Stop | None = None,
        deadline: Deadline | None = None,
    ) -> None:
        self._repository = repository
        self._clock = clock
        self._seconds = seconds
        self._stop = stop
        self.deadline = deadline or Deadline(clock)
        self._doing = ""
        self._tries = 0
        self._began = 0.0
        self._moved = 0

    def moved(self, size: int) -> None:
        """So many bytes went or came for the first time: after enough of them the time begins again."""
        self.deadline.moved(size)
        self._moved += size
        if self._moved >= _PROGRESS:
            self._moved = self._tries = 0

    def within(self, timeout: tuple[float, float], doing: str) -> tuple[float, float]:
        """The timeouts of one request, which together end with the deadline; Failure ``registry.slow`` after it."""
        left = self.deadline.left()
        if left <= 0:
            raise too_slow(self._repository, self.deadline.seconds, self._doing or doing)
        self._doing = doing
        connect = min(timeout[0], left / 3)
        return connect, min(timeout[1], left - connect)

    def wait(self, cause: Answer | Lost) -> None:
        """Wait as long as the registry asks for, or as is proper; Failure ``registry.*`` when the time is over."""
        if not self._tries:
            self._began = self._clock.monotonic()
        self._tries += 1
        retry_after = cause.headers.get("Retry-After") if isinstance(cause, Answer) else None
        asked = wait_before_retry(min(self._tries, _SLOWEST), retry_after, self._clock.now())
        # Some servers send Retry-After: 0 for as long as they are down.
        seconds = max(asked, min(0.1 * self._tries, 2.0))
        spent = self._clock.monotonic() - self._began
        left = self.deadline.left()
        if spent + seconds > self._seconds or seconds > left:
            raise gave_up(self._repository, cause, max(spent, self.deadline.seconds - left), self._doing)
        if self._stop:
            self._stop.sleep(self._clock, seconds)
        else:
            self._clock.sleep(seconds)
