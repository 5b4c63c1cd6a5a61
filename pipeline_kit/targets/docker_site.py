"""The containers of one name: the one that serves, and those that exist only while it is replaced.

``NAME`` serves. ``NAME-next`` is its successor until it has proven itself, and its existence is the lock: an engine
gives a name once. ``NAME-canary`` is tried out on another port, ``NAME-before`` is the predecessor until the successor
has its name. What a killed run left of these is put right by the next one, which finishes what was decided and takes
back the rest.
"""

from __future__ import annotations

import fcntl
import hashlib
import socket
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, fix, why
from pipeline_kit.targets import docker_container as containers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline_kit.context import Clock, Context
    from pipeline_kit.targets.docker_container import Container
    from pipeline_kit.targets.docker_engine import Engine

LABEL = "pipeline-kit."
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Site:
    """``holder`` tells this machine's runs from those of others."""

    engine: Engine
    name: str
    holder: str
    clock: Clock

    @property
    def next(self) -> str:
        """The successor's name while it is not decided."""
        return f"{self.name}-next"

    @property
    def canary(self) -> str:
        """The name of what is tried out beside the one that serves."""
        return f"{self.name}-canary"

    @property
    def past(self) -> str:
        """The predecessor's name while the successor takes over."""
        return f"{self.name}-before"

    def serving(self) -> Container | None:
        """The container that serves, or did last."""
        return self._ours(self.name)

    def lease(self, seconds: float) -> dict[str, str]:
        """Labels that say who replaces the container, and until when another machine has to believe it."""
        return {f"{LABEL}holder": self.holder, f"{LABEL}until": str(int(self.clock.now() + seconds))}

    def recover(self, *, revive: bool) -> None:
        """Put right what a killed run left; Failure ``deploy.busy`` if the run still lives. With ``revive`` what serves
        is started if it does not run: the engine was started again, and may not have come to it yet.
        """
        successor, past = self._ours(self.next), self._ours(self.past)
        if successor and self._lives(successor):
            raise busy(self.name)
        containers.remove(self.engine, self._ours(self.canary))
        serving = self.serving()
        if serving is None and past and successor and successor.running:
            containers.rename(self.engine, successor, self.name)
            containers.keep_alive(self.engine, successor)
            containers.remove(self.engine, past)
            return
        if successor:
            # It may have the port; and what it is needed for stays known until the other one runs.
            containers.stop(self.engine, successor, 1)
        if serving is None and past:
            containers.rename(self.engine, past, self.name)
            self._revive(past)
        elif serving and past:
            containers.keep_alive(self.engine, serving)
            self._revive(serving)
            containers.remove(self.engine, past)
        elif serving and (successor or revive):
            self._revive(serving)
        containers.remove(self.engine, successor)

    def _revive(self, container: Container) -> None:
        """Start it if it does not run. One that can't start is about to be replaced."""
        for _ in range(0 if container.running else _TRIES):
            try:
                containers.start(self.engine, container)
            except containers.PortTaken:  # what held it for a container that ended takes a moment to go
                self.clock.sleep(1)
            except containers.NotStarted:
                return
            else:
                return

    def _lives(self, successor: Container) -> bool:
        # Of this machine only one run is here, and that is us.
        if successor.labels.get(f"{LABEL}holder") == self.holder:
            return False
        until = successor.labels.get(f"{LABEL}until", "")
        return until.isdigit() and int(until) > self.clock.now()

    def _ours(self, name: str) -> Container | None:
        found = containers.find(self.engine, name)
        if found and found.labels.get(f"{LABEL}name") != self.name:
            raise Failure(
                "deploy.name",
                f"the container {name} is not one of pipeline-kit",
                why(f"It runs {found.source}, and replacing what somebody else started would be a surprise."),
                fix(f"docker rename {name} {name}-old"),
                alternative("deploy.name: another name"),
            )
        return found


@contextmanager
def site(engine: Engine, name: str, context: Context) -> Iterator[Site]:
    """The containers called ``name``, for one run of this machine at a time: Failure ``deploy.busy``. Whatever an
    earlier run left is still to be put right: ``Site.recover``.
    """
    lock = _lock(engine, name, context.state.parent / "locks")
    with lock.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise busy(name) from None
        yield Site(engine, name, f"{socket.gethostname()}:{lock}", context.clock)


def busy(name: str) -> Failure:
    """The failure of the second of two runs."""
    return Failure(
        "deploy.busy",
        f"another run is replacing {name}",
        why("Two at once would stop each other's containers. Nothing was changed."),
    )


def _lock(engine: Engine, name: str, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"deploy-{hashlib.sha256(f'{engine.id} {name}'.encode()).hexdigest()[:16]}"
