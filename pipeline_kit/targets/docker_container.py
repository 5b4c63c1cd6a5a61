"""One container: made, started, looked at, removed; and what the engine says when that fails."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipeline_kit.targets.docker_engine import disk_full, status_of, words
from pipeline_kit.targets.probe import Observation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.targets.docker_engine import Engine
    from pipeline_kit.targets.docker_image import Fetched
    from pipeline_kit.targets.docker_options import DockerOptions

_RESTART = {"Name": "unless-stopped"}
_PORT_TAKEN = re.compile(r"port is already allocated|address already in use|ports are not available", re.IGNORECASE)


class NameTaken(Exception):  # noqa: N818 - an answer, which the caller makes a failure of
    """Another container has the name."""


class PortTaken(Exception):  # noqa: N818 - likewise
    """Something else listens on the port."""


class NotStarted(Exception):  # noqa: N818 - likewise
    """The engine could not start the program; its words are the argument."""


@dataclass(frozen=True, slots=True)
class Publish:
    """A port of the container on an address of the engine's machine; ``port`` 0 takes any that is free."""

    container_port: int
    address: str
    port: int


@dataclass(frozen=True, slots=True)
class Container:
    """A container as the engine shows it. ``image`` is the ID of its image, ``source`` what it was made from; ``port``
    is the one that it is published on, or is going to be, 0 where there is none. One that crashes and is started again
    and again is active, and is not running.
    """

    id: str
    name: str
    image: str
    source: str
    active: bool
    port: int
    labels: Mapping[str, str] = field(hash=False)
    state: Mapping[str, Any] = field(hash=False)
    restarts: int = 0

    @property
    def running(self) -> bool:
        """Whether its program runs."""
        return self.active and not self.state.get("Restarting")

    @property
    def observation(self) -> Observation:
        """What a probe wants to know."""
        return Observation(self._death(), (self.state.get("Health") or {}).get("Status", ""))

    def _death(self) -> str:
        if self.state.get("OOMKilled"):
            return "was killed: it ran out of memory"
        times = f" {self.restarts + 1} times" if self.restarts else ""
        if self.restarts or self.state.get("Restarting") or self.state.get("Status") in ("exited", "dead"):
            return f"exited with code {self.state.get('ExitCode')}{times}"
        return ""


def find(engine: Engine, name: str) -> Container | None:
    """The container of that name or whole ID, None if there is none. An engine also takes the beginning of an ID, and
    names such as db or cafe may be one.
    """
    from docker.errors import NotFound

    try:
        seen = engine.api.inspect_container(name)
    except NotFound:
        return None
    found = _container(seen)
    return found if name in (found.name, found.id) else None


def create(
    engine: Engine,
    name: str,
    fetched: Fetched,
    options: DockerOptions,
    *,
    variables: Mapping[str, str],
    labels: Mapping[str, str],
    publish: Publish | None,
    kept_alive: bool = False,
) -> Container:
    """Make a container, which is not started. ``NameTaken`` if the name is in use: that is how two runs find out about
    each other.
    """
    from docker.errors import APIError

    bindings = {publish.container_port: (publish.address, publish.port or None)} if publish else {}
    host = engine.api.create_host_config(
        port_bindings=bindings,
        init=options.init or None,
        read_only=options.read_only,
        restart_policy=_RESTART if kept_alive else None,
    )
    try:
        made = engine.api.create_container(
            fetched.name,
            name=name,
            host_config=host,
            ports=[(publish.container_port, "tcp")] if publish else None,
            environment=dict(variables),
            labels=dict(labels),
            user=options.user or None,
            use_config_proxy=False,
        )
    except APIError as error:
        if status_of(error) == 409:
            raise NameTaken(name) from error
        raise
    return _container(engine.api.inspect_container(made["Id"]))


def start(engine: Engine, container: Container) -> None:
    """Start it. ``PortTaken`` if its port is in use, ``NotStarted`` if its program can't be run; what else an engine
    may refuse is not the image's fault.
    """
    from docker.errors import APIError

    try:
        engine.api.start(container.id)
    except APIError as error:
        said = words(error)
        if _PORT_TAKEN.search(said):
            raise PortTaken(said) from error
        if full := disk_full(said):
            raise full from error
        before, program, reason = said.rpartition("unable to start container process: ")
        if status_of(error) == 400 or program or "OCI" in before + reason:
            raise NotStarted(reason.removesuffix(": unknown")) from error
        raise


def stop(engine: Engine, container: Container, timeout: int) -> None:
    """Stop it, after ``timeout`` seconds by force, and wait until it has ended; it may be gone already."""
    from docker.errors import NotFound

    with suppress(NotFound):
        engine.api.stop(container.id, timeout=timeout)


def keep_alive(engine: Engine, container: Container) -> None:
    """Have the engine start it again when it ends, and after a restart of the machine. Not before it was healthy: one
    that crashes would go on crashing. Podman has to be told when it makes one (``create``).
    """
    if not engine.is_podman:
        engine.api.update_container(container.id, restart_policy=_RESTART)


def remove(engine: Engine, container: Container | None) -> None:
    """Remove it and its anonymous volumes, running or not; it may be gone already, or just about to be."""
    from docker.errors import APIError

    if container is None:
        return
    try:
        engine.api.remove_container(container.id, v=True, force=True)
    except APIError as error:
        if status_of(error) != 404 and "already in progress" not in words(error):
            raise


def rename(engine: Engine, container: Container, name: str) -> None:
    """Give it another name, running or not; it may be gone."""
    from docker.errors import NotFound

    with suppress(NotFound):
        engine.api.rename(container.id, name)


def holder_of_port(engine: Engine, port: int) -> str:
    """The name of the container that publishes ``port``, '' if none does."""
    for container in engine.api.containers():
        if any(published.get("PublicPort") == port for published in container.get("Ports") or ()):
            return str(container["Names"][0]).lstrip("/")
    return ""


def _container(seen: dict[str, Any]) -> Container:
    bindings = [
        *(seen["NetworkSettings"].get("Ports") or {}).values(),
        *(seen["HostConfig"].get("PortBindings") or {}).values(),
    ]
    ports = [int(binding["HostPort"] or 0) for found in bindings for binding in found or ()]
    return Container(
        id=seen["Id"],
        name=seen["Name"].lstrip("/"),
        image=seen["Image"],
        source=seen["Config"]["Image"],
        active=bool(seen["State"]["Running"]),
        port=next((port for port in ports if port), 0),
        labels=seen["Config"].get("Labels") or {},
        state=seen["State"],
        restarts=int(seen.get("RestartCount") or 0),
    )
