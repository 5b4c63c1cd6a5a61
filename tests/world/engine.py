"""A Docker Engine with buildx: the one that is there, else a private one that changes nothing of the system.

The private one is Debian 13's, unpacked into the cache. Two engines that manage iptables remove each other's rules, so
this one leaves them alone: published ports on loopback work, but a container reaches nothing outside.
"""

from __future__ import annotations

import os
import shutil
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipeline_kit.errors import Failure
from tests.world import private_engine
from tests.world.commands import output_of
from tests.world.progress import bringing_up
from tests.world.unavailable import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

Store = Literal["containerd", "classic"]


@dataclass(frozen=True, slots=True)
class Engine:
    """A running engine. ``path`` is a PATH with the client, ``config`` the client's folder, ``environ`` the variables
    that a user would export to work with it. Only the ``containerd`` image store can write OCI layouts.
    """

    host: str
    config: Path
    path: str
    version: str
    buildx: str
    store: Store
    private: bool

    @property
    def environ(self) -> dict[str, str]:
        """DOCKER_HOST, DOCKER_CONFIG and PATH."""
        return {"DOCKER_HOST": self.host, "DOCKER_CONFIG": str(self.config), "PATH": self.path}

    def docker(self, *arguments: str, stdin: bytes = b"") -> str:
        """What ``docker ARGUMENTS`` prints; RuntimeError if it does not end with 0."""
        return docker(self.environ, *arguments, stdin=stdin)


def docker(environ: dict[str, str], *arguments: str, stdin: bytes = b"", timeout: float | None = None) -> str:
    """What the client prints for ``arguments``; RuntimeError if it does not end with 0."""
    return output_of("docker", *arguments, environ={**os.environ, **environ}, stdin=stdin, timeout=timeout)


@contextmanager
def running_engine() -> Iterator[Engine]:
    """An engine while the block lasts: the user's own, else a private one; Unavailable where neither can be."""
    if found := existing_engine():
        yield found
    else:
        with running_private_engine("containerd") as engine:
            yield engine


def existing_engine() -> Engine | None:
    """The engine that the user's own client reaches, if it answers and can build with BuildKit."""
    client = shutil.which("docker")
    if client is None:
        return None
    host = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    config = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    environ = {"DOCKER_HOST": host, "DOCKER_CONFIG": str(config), "PATH": os.environ["PATH"]}
    try:
        return _described(environ, private=False)
    except (RuntimeError, Failure):  # it does not answer, has no buildx, or hangs
        return None


@contextmanager
def running_private_engine(store: Store) -> Iterator[Engine]:
    """An engine of our own with that image store, while the block lasts; Unavailable without root."""
    if os.geteuid() != 0:
        raise Unavailable(
            "there is no Docker Engine with buildx that answers, and only root can start one",
            "start Docker, or set DOCKER_HOST",
            "run this as root on Debian 12 or 13: a private engine is brought up",
        )
    with ExitStack() as stack:
        with bringing_up(f"engine ({store})", "80 MB of Debian packages the first time") as ready:
            environ = stack.enter_context(private_engine.running(containerd_store=store == "containerd"))
            engine = _described(environ, private=True)
            ready(f"Docker {engine.version}, buildx {engine.buildx}")
        yield engine


def _described(environ: dict[str, str], *, private: bool) -> Engine:
    version = docker(environ, "version", "--format", "{{.Server.Version}}", timeout=10)
    buildx = docker(environ, "buildx", "version", timeout=10).split()[1]
    status = docker(environ, "info", "--format", "{{.DriverStatus}}", timeout=10)
    return Engine(
        host=environ["DOCKER_HOST"],
        config=Path(environ["DOCKER_CONFIG"]),
        path=environ["PATH"],
        version=version.partition("+")[0],  # Debian adds its own part
        buildx=buildx.removeprefix("v").partition("+")[0],
        store="containerd" if "io.containerd.snapshotter" in status else "classic",
        private=private,
    )
