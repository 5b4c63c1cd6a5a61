"""How long a registry that fails is asked again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.http import wait_before_retry
from pipeline_kit.oci.refusal import gave_up
from pipeline_kit.oci.wire import Answer, Lost

if TYPE_CHECKING:
    from pipeline_kit.context import Clock
    from pipeline_kit.model.reference import Repository
    from pipeline_kit.oci.parallel import Stop

# From the first failure of an operation, and again after each progress.
LONG = 300.0
# For the first contact, where a wrong name or a missing registry is more likely than a restart.
SHORT = 15.0
_SLOWEST = 16


class Patience:
    """The time that one operation has once it fails; how long it takes while it goes well doesn't matter."""

    def __init__(self, repository: Repository, clock: Clock, seconds: float = LONG, stop: Stop | None = None) -> None:
        self._repository = repository
        self._clock = clock
        self._seconds = seconds
        self._stop = stop
        self._tries = 0
        self._began = 0.0

    def renew(self) -> None:
        """Start again: there was progress."""
        self._tries = 0

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
        if spent + seconds > self._seconds:
            raise gave_up(self._repository, cause, spent)
        if self._stop:
            self._stop.sleep(self._clock, seconds)
        else:
            self._clock.sleep(seconds)
