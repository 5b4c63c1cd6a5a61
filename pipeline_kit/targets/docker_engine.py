"""The Docker Engine that a deployment goes to: where it is, and what its answers mean.

The engine is the one that the ``docker`` command would use: DOCKER_HOST, else the current context, else the usual
socket.
"""

from __future__ import annotations

import re
import socket
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from pipeline_kit.errors import Failure, alternative, quote, why
from pipeline_kit.process import Command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker.tls import TLSConfig

    from pipeline_kit.context import Context

_USUAL_SOCKET = "unix:///var/run/docker.sock"
_READ_TIMEOUT = 120
_CONTEXT_TIMEOUT = 15.0
_COMES_BACK, _PAUSE = 60.0, 0.5  # seconds
_DISK_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Engine:
    """``host`` is where its published ports are reached from here; ``id`` tells one engine from another. ``platform``
    is what it runs, as ``linux/amd64``. Podman answers at the same requests, but to some.
    """

    api: Any  # an APIClient; its stubs leave half of the calls untyped
    endpoint: str
    host: str
    local: bool
    id: str
    platform: str
    is_podman: bool = False


class _Endpoint(msgspec.Struct):
    host: str = msgspec.field(name="Host", default="")


class _Storage(msgspec.Struct):
    tls: str = msgspec.field(name="TLSPath", default="")


class _DockerContext(msgspec.Struct):
    endpoints: dict[str, _Endpoint] = msgspec.field(name="Endpoints", default_factory=dict)
    storage: _Storage = msgspec.field(name="Storage", default_factory=_Storage)


@contextmanager
def connected(context: Context) -> Iterator[Engine]:
    """The engine, for as long as the block lasts. Failure ``deploy.engine`` if it does not answer."""
    import docker

    endpoint, tls = _endpoint(context)
    if endpoint.startswith("ssh://"):
        raise Failure(
            "deploy.engine",
            "an engine behind ssh can't be deployed to",
            why(f"The endpoint is {endpoint}, and the health of the container is asked for from here."),
            alternative("Forward its socket with ssh -L, and set DOCKER_HOST to the local end."),
        )
    if endpoint.startswith("unix://"):
        _knock(endpoint)
    with translated(endpoint):
        api = docker.APIClient(endpoint, version="auto", timeout=_READ_TIMEOUT, tls=tls)
    try:
        with translated(endpoint):
            about, version = api.info(), api.version()
        local = not endpoint.startswith("tcp://") or urlsplit(endpoint).hostname in ("localhost", "127.0.0.1", "::1")
        host = "127.0.0.1" if local else str(urlsplit(endpoint).hostname)
        is_podman = any("podman" in str(part.get("Name", "")).lower() for part in version.get("Components") or ())
        platform = f"{version['Os']}/{version['Arch']}"
        yield Engine(api, endpoint, host, local, str(about["ID"]), platform, is_podman)
    finally:
        api.close()


@contextmanager
def translated(endpoint: str) -> Iterator[None]:
    """What the engine's library raises, as a failure: ``deploy.engine`` where nobody answers, ``deploy.refused`` or
    ``tool.disk`` where the engine says no.
    """
    try:
        yield
    except raised() as error:
        raise _failure(endpoint, error) from error


def raised() -> tuple[type[Exception], ...]:
    """What the engine's library raises, and what comes through it from below."""
    from docker.errors import DockerException, StreamParseError
    from requests import RequestException
    from urllib3.exceptions import HTTPError

    return DockerException, StreamParseError, RequestException, HTTPError


def is_lost(error: BaseException) -> bool:
    """Whether the engine did not answer, or not to the end: it went away, is starting again, or hangs."""
    from docker.errors import APIError

    return isinstance(error, raised()) and not isinstance(error, APIError)


def wait_for(engine: Engine, context: Context) -> bool:
    """Wait until an engine that went away answers again, at most a minute; whether it does."""
    clock = context.clock
    end = clock.monotonic() + _COMES_BACK
    with context.report.activity("the Docker Engine went away; waiting for it") as activity:
        while (left := end - clock.monotonic()) > 0:
            activity.update(f"wait for the Docker Engine, at most {left:.0f} s more")
            with suppress(Failure, *raised()):
                if engine.endpoint.startswith("unix://"):
                    _knock(engine.endpoint)
                engine.api.ping()
                return True
            clock.sleep(_PAUSE)
    return False


def disk_full(said: str) -> Failure | None:
    """The failure of an engine whose disk is full, if that is what it ``said``."""
    if not _DISK_FULL.search(said):
        return None
    return Failure(
        "tool.disk",
        "there is no space left on the engine's disk",
        why("What served before serves now."),
        alternative("docker system df shows what takes it; free some space, and run again"),
        evidence=quote(said),
    )


def _failure(endpoint: str, error: BaseException) -> Failure:
    from docker.errors import APIError

    said = words(error)
    if not isinstance(error, APIError):
        return _no_engine(endpoint, said)
    return disk_full(said) or Failure(
        "deploy.refused",
        "the engine refused what it was asked for",
        why(f"Its answer, with status {status_of(error)}, is none that a way out is known for."),
        evidence=quote(said),
    )


def _knock(endpoint: str) -> None:
    """Make sure that somebody answers at a Unix socket: the library leaves its own open where nobody does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as knocking:
        try:
            knocking.connect(endpoint.removeprefix("unix://"))
        except OSError as error:
            raise _no_engine(endpoint, str(error)) from error


def _no_engine(endpoint: str, said: str) -> Failure:
    return Failure(
        "deploy.engine",
        "the Docker Engine can't be used",
        why(f"It was asked at {endpoint}: DOCKER_HOST, or the current docker context, says so."),
        evidence=quote(said),
    )


def words(error: BaseException) -> str:
    """What the engine itself said, without the library's words around it."""
    return str(getattr(error, "explanation", None) or error)


def status_of(error: BaseException) -> int:
    """The HTTP status of an engine's refusal, 0 if it is none."""
    return getattr(getattr(error, "response", None), "status_code", 0) or 0


def _endpoint(context: Context) -> tuple[str, TLSConfig | bool]:
    environ = context.environ
    if host := environ.get("DOCKER_HOST"):
        wanted = environ.get("DOCKER_TLS_VERIFY") or environ.get("DOCKER_CERT_PATH")
        certificates = Path(environ.get("DOCKER_CERT_PATH") or Path(environ.get("HOME", "")) / ".docker")
        return host, _tls(certificates, verify=bool(environ.get("DOCKER_TLS_VERIFY"))) if wanted else False
    if context.run.find("docker") is None:
        return _USUAL_SOCKET, False
    command = Command(
        argv=("docker", "context", "inspect"), allow=("DOCKER_CONFIG", "DOCKER_CONTEXT"), timeout=_CONTEXT_TIMEOUT
    )
    answer = context.run.run(command)
    try:
        (found,) = msgspec.json.decode(answer.stdout, type=list[_DockerContext])
    except ValueError:
        return _USUAL_SOCKET, False  # a client from before contexts
    folder = Path(found.storage.tls) / "docker"
    endpoint = found.endpoints.get("docker", _Endpoint()).host or _USUAL_SOCKET
    return endpoint, _tls(folder, verify=True) if folder.is_dir() else False


def _tls(folder: Path, *, verify: bool) -> TLSConfig:
    from docker.tls import TLSConfig

    certificate = (str(folder / "cert.pem"), str(folder / "key.pem")) if (folder / "cert.pem").exists() else None
    authority = str(folder / "ca.pem") if (folder / "ca.pem").exists() else None
    return TLSConfig(client_cert=certificate, ca_cert=authority, verify=verify)
