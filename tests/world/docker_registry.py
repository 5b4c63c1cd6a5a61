"""Debian's docker-registry on loopback: a registry that many run, with deletion, without the referrers API."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bcrypt

from tests.world.daemon import kept_argv, serving
from tests.world.debian_packages import SYSTEM, this_debian, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LISTENING = re.compile(r"listening on 127\.0\.0\.1:(\d+)")


@dataclass(frozen=True, slots=True)
class DockerRegistry:
    """A registry at ``address`` (host and port, plain HTTP) that keeps everything in the folder ``storage``."""

    address: str
    storage: Path
    log: Path

    @property
    def url(self) -> str:
        """Where its API is."""
        return f"http://{self.address}"

    def blob(self, digest: str) -> Path:
        """The file of a blob, for tests that damage or remove one."""
        algorithm, _, encoded = digest.partition(":")
        return self.storage / "docker/registry/v2/blobs" / algorithm / encoded[:2] / encoded / "data"

    def empty(self) -> None:
        """Forget all that was pushed: it reads its storage anew for each request."""
        shutil.rmtree(self.storage / "docker", ignore_errors=True)


@contextmanager
def running_registry(folder: Path, *, auth: Mapping[str, object] | None = None) -> Iterator[DockerRegistry]:
    """A registry with an empty storage under ``folder``, while the block lasts.

    ``auth`` is the section of that name in its configuration: ``passwords`` or ``TokenService.auth``.
    """
    storage, log, config = folder / "storage", folder / "docker-registry.log", folder / "config.yml"
    storage.mkdir(parents=True)
    settings = {
        "version": "0.1",
        "log": {"level": "info", "formatter": "text"},
        "storage": {"filesystem": {"rootdirectory": str(storage)}, "delete": {"enabled": True}},
        "http": {"addr": "127.0.0.1:0", "secret": "only for tests"},
        **({"auth": auth} if auth else {}),
    }
    config.write_text(json.dumps(settings))  # JSON is YAML
    argv = kept_argv((str(_program()), "serve", str(config)))
    with serving(argv, environ=SYSTEM, log=log, ready=lambda: bool(_port(log))):
        yield DockerRegistry(f"127.0.0.1:{_port(log)}", storage, log)


def passwords(folder: Path, known: Mapping[str, str]) -> dict[str, object]:
    """The ``auth`` section of a registry that asks for the password of a ``known`` user; ``folder`` gets a file."""
    file = folder / "htpasswd"
    hashed = {user: bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode() for user, password in known.items()}
    file.write_text("".join(f"{user}:{secret}\n" for user, secret in hashed.items()))
    return {"htpasswd": {"realm": "registry", "path": str(file)}}


def _program() -> Path:
    """The registry's program: the installed one, else Debian's package unpacked, since installing it would serve."""
    if found := shutil.which("docker-registry", path=SYSTEM["PATH"]):
        return Path(found)
    return unpacked(this_debian().codename, "docker-registry") / "root" / "usr" / "bin" / "docker-registry"


def _port(log: Path) -> str:
    found = _LISTENING.search(log.read_text(errors="replace"))
    return found[1] if found else ""
