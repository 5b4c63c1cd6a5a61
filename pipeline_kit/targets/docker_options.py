"""How a container on a Docker Engine is run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerOptions:
    """``name`` is the container's, and what a later deployment replaces.

    ``port`` is published on ``address``; 0 keeps the port of the container that is replaced, else takes a free one.
    ``container_port`` 0 means the one TCP port that the image exposes. ``health`` is a path that answers below 400 when
    the service is healthy; '' asks nothing, and running is enough. ``health_timeout``, ``settle`` (how long it has to
    stay healthy before the other one goes) and ``stop_timeout`` are in seconds. ``variables`` are ``NAME=VALUE``, or a
    bare NAME whose value is taken from the environment of the run.
    """

    name: str
    port: int = 0
    container_port: int = 0
    health: str = "/"
    health_timeout: float = 60.0
    settle: float = 3.0
    variables: tuple[str, ...] = ()
    address: str = "127.0.0.1"
    stop_timeout: int = 10
    init: bool = False
    read_only: bool = False
    user: str = ""
    labels: tuple[tuple[str, str], ...] = ()
