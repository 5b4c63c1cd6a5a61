"""Credentials that ``docker login`` or ``podman login`` left behind, and the helpers that they name."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import msgspec

from pipeline_kit.errors import Failure, Place, why
from pipeline_kit.oci import credential_helper
from pipeline_kit.oci.credential import Credential

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pipeline_kit.context import Context
    from pipeline_kit.model.reference import Repository

ValueT = TypeVar("ValueT")

_LARGEST_FILE = 1 << 20
_HUB = "docker.io"
_HUB_NAMES = ("index.docker.io", "registry-1.docker.io")


class _Entry(msgspec.Struct, frozen=True):
    auth: str = ""
    username: str = ""
    password: str = ""
    identitytoken: str = ""


class _File(msgspec.Struct, frozen=True, rename="camel"):
    auths: dict[str, _Entry] | None = None
    cred_helpers: dict[str, str] | None = None
    creds_store: str = ""


def from_docker(repository: Repository, context: Context) -> Credential | None:
    """What Docker's config.json has for the registry, in the file or by the helper that it names."""
    folder = context.environ.get("DOCKER_CONFIG") or _home(context, ".docker")
    return _from_file(Path(folder, "config.json"), "docker config", repository, context) if folder else None


def from_podman(repository: Repository, context: Context) -> Credential | None:
    """What Podman's auth.json has for the repository or what it is part of."""
    environ = context.environ
    if named := environ.get("REGISTRY_AUTH_FILE"):
        paths = [Path(named)]
    else:
        folders = (environ.get("XDG_RUNTIME_DIR"), environ.get("XDG_CONFIG_HOME") or _home(context, ".config"))
        paths = [Path(folder, "containers", "auth.json") for folder in folders if folder]
    for path in paths:
        if credential := _from_file(path, f"podman {path.name}", repository, context):
            return credential
    return None


def _from_file(path: Path, origin: str, repository: Repository, context: Context) -> Credential | None:
    file = _read(path)
    if file is None:
        return None
    for helper in _matching(file.cred_helpers or {}, repository):
        if found := credential_helper.ask(helper, repository, context, path):
            return found
    if file.creds_store and (found := _from_store(file.creds_store, repository, context, path)):
        return found
    for entry in _matching(file.auths or {}, repository):
        username, password = _decoded(entry, path)
        if entry.identitytoken or password:
            return Credential(
                registry=repository.registry,
                username=username,
                secret=entry.identitytoken or password,
                origin=origin,
                is_identity_token=bool(entry.identitytoken),
            )
    return None


def _from_store(store: str, repository: Repository, context: Context, path: Path) -> Credential | None:
    """The store is for every registry: that it is broken must not stop whoever needs nothing from it."""
    try:
        return credential_helper.ask(store, repository, context, path)
    except Failure as failure:
        context.report.warn(f"{failure.headline}; going on without it")
        return None


def _read(path: Path) -> _File | None:
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE + 1)
        return msgspec.json.decode(content, type=_File)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, msgspec.MsgspecError, RecursionError) as error:
        raise _unreadable(path, str(error)) from None


def _matching(entries: Mapping[str, ValueT], repository: Repository) -> Iterator[ValueT]:
    """What is kept for the repository, for a part of its path, for its registry: the closest one first."""
    parts = [repository.registry, *repository.path.split("/")]
    for length in range(len(parts), 0, -1):
        name = "/".join(parts[:length])
        yield from (value for key, value in entries.items() if _plain(key) == name)


def _plain(key: str) -> str:
    """``https://index.docker.io/v1/`` as ``docker.io``, and so on."""
    key = key.removeprefix("https://").removeprefix("http://").rstrip("/")
    host, slash, path = key.removesuffix("/v1").removesuffix("/v2").partition("/")
    return f"{_HUB if host in _HUB_NAMES else host.lower()}{slash}{path}"


def _decoded(entry: _Entry, path: Path) -> tuple[str, str]:
    if not entry.auth:
        return entry.username, entry.password
    try:
        username, _, password = base64.b64decode(entry.auth, validate=True).decode().partition(":")
    except ValueError:
        raise _unreadable(path, "an auth is not base64 of NAME:PASSWORD") from None
    return username, password.rstrip("\0")


def _unreadable(path: Path, reason: str) -> Failure:
    return Failure(
        "login.docker-config", f"{path.name} can't be read", why(f"{path}: {reason}."), place=Place(str(path))
    )


def _home(context: Context, name: str) -> str:
    home = context.environ.get("HOME")
    return str(Path(home, name)) if home else ""
