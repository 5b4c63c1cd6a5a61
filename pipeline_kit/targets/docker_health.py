"""A container's health: what the engine sees of it, and what it answers on its published port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.targets import docker_container as containers
from pipeline_kit.targets.docker_site import LABEL
from pipeline_kit.targets.probe import Observation, Patience, Unhealthy, until_healthy

if TYPE_CHECKING:
    from pipeline_kit.context import Context
    from pipeline_kit.targets.docker_container import Container
    from pipeline_kit.targets.docker_engine import Engine

# A service that was healthy before is so again soon, or something else is wrong.
QUICK = Patience(5.0)


def healthy(engine: Engine, container: Container, context: Context, patience: Patience) -> tuple[str, ...]:
    """Wait until ``container``, which was started, is healthy and stays so; what was seen then, in words. Where it is
    asked and on which path stands in its labels. Raises ``Unhealthy``.
    """

    def observe() -> Observation:
        seen = containers.find(engine, container.id)
        if seen is None:
            raise Unhealthy("was removed by somebody else")
        return seen.observation

    url, path = url_of(engine, container), container.labels.get(f"{LABEL}health", "")
    return until_healthy(observe, url, path if url else "", patience, context)


def url_of(engine: Engine, container: Container) -> str:
    """Where a running container is reached from here, '' if it publishes no port."""
    running = containers.find(engine, container.id)
    host = container.labels.get(f"{LABEL}host", engine.host)
    return f"http://{host}:{running.port}" if running and running.port else ""
