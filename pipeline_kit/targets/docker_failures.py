"""What a person reads when a container did not take over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, Note, alternative, fix, log, quote, why
from pipeline_kit.model.digest import short
from pipeline_kit.targets.docker_container import holder_of_port
from pipeline_kit.targets.docker_site import LABEL

if TYPE_CHECKING:
    from pipeline_kit.targets.docker_container import Container
    from pipeline_kit.targets.docker_engine import Engine


def brought_back(
    tried: Container,
    reason: str,
    said: str,
    before: Container | None,
    logs: str,
    *,
    stopped: bool,
) -> Failure:
    """The failure of a container that did not become healthy. ``said`` are its last words; ``stopped`` tells whether
    ``before``, which serves now, did not for a moment.
    """
    digest = tried.labels.get(f"{LABEL}digest", "")
    seen = f"container {tried.name} {reason}" + (f", last words\n{said}" if said else ", it printed nothing")
    if before is None:
        now = "nothing serves, as before"
    else:
        again = "serves again, and answers" if stopped else "serves as before: it was not touched"
        now = f"{short(before.labels.get(f'{LABEL}digest', ''))} {again}"
    asked = [alternative("deploy.health: the path that tells its health")] if reason.startswith("answered") else []
    return Failure(
        "deploy.unhealthy",
        f"{tried.labels.get(f'{LABEL}name', tried.name)} {reason}",
        Note("seen", seen),
        Note("now", now),
        *asked,
        log(f"{logs}: output and state of the container, taken before it was removed"),
        done=f"{short(digest)} is published and serves nowhere",
    )


def not_brought_back(before: Container, now: Container | None, reason: str, logs: str) -> Failure:
    """The failure of a rollback: nothing serves. ``now`` is what is left of ``before``."""
    left = f"the container {now.name} is still there" if now else f"the container {before.name} is gone"
    return Failure(
        "deploy.rollback-failed",
        f"{before.labels.get(f'{LABEL}name', before.name)} does not serve, and the rollback failed",
        why(f"The container of {short(before.labels.get(f'{LABEL}digest', ''))} was to serve again: {reason}."),
        Note("now", f"nothing serves; {left}"),
        fix(f"docker start {now.name}") if now else alternative("deploy a version that is known to be healthy"),
        log(f"{logs}: output and state of the container that failed first"),
    )


def engine_gone(name: str, said: str) -> Failure:
    """The failure of an engine that went away in the middle, and did not come back: nobody can tell what serves."""
    return Failure(
        "deploy.engine",
        f"the Docker Engine went away while {name} was replaced",
        why("It was waited for, and does not answer."),
        Note("now", f"whether {name} serves is not known: only the engine could tell"),
        alternative("start the engine and run again: the next run puts right what this one left"),
        evidence=quote(said),
    )


def port_taken(engine: Engine, port: int, said: str) -> Failure:
    """The failure of a port that something else listens on."""
    holder = holder_of_port(engine, port)
    by = f"the container {holder}" if holder else "a program outside of Docker"
    return Failure(
        "deploy.port",
        f"port {port} is taken by {by}",
        why("The container was to be published on it, and was removed."),
        alternative("deploy.port: another port, or 0 for any that is free"),
        evidence=quote(said),
    )
