"""The docker client: which engine it reaches, what that engine can do, and why it does not answer.

The client alone decides where the engine is (DOCKER_HOST, DOCKER_CONTEXT, its own configuration); one call of
``docker info`` tells everything.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.errors import Failure, alternative, fix, quote, why
from pipeline_kit.process import Command

if TYPE_CHECKING:
    from pipeline_kit.context import Context

# What says where the engine is and how it is reached. SSH_AUTH_SOCK is for DOCKER_HOST=ssh://.
ALLOWED = (
    *("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS", "DOCKER_TLS_VERIFY"),
    *("DOCKER_API_VERSION", "BUILDX_BUILDER", "BUILDX_CONFIG", "SSH_AUTH_SOCK"),
)
_SOCKET = "/var/run/docker.sock"
_PATIENCE = 60.0


class Plugin(msgspec.Struct, frozen=True, rename="pascal"):
    """A plugin of the client, such as buildx."""

    name: str
    version: str = ""
    path: str = ""


class Client(msgspec.Struct, frozen=True, rename="pascal"):
    """The client itself. Those before 24 don't tell their version."""

    version: str = ""
    plugins: tuple[Plugin, ...] | None = None


class Info(msgspec.Struct, frozen=True, rename="pascal"):
    """What ``docker info`` tells. Without an engine ``server_version`` is '' and ``server_errors`` say why."""

    server_version: str = ""
    server_errors: tuple[str, ...] | None = None
    driver_status: tuple[tuple[str, ...], ...] | None = None
    client_info: Client = Client()

    @property
    def has_containerd_store(self) -> bool:
        """Whether images are kept in containerd, whose store can write OCI layouts."""
        return any("io.containerd.snapshotter" in value for _, *values in self.driver_status or () for value in values)

    @property
    def buildx(self) -> Plugin | None:
        """The buildx plugin, None if the client finds none."""
        return next((plugin for plugin in self.client_info.plugins or () if plugin.name == "buildx"), None)


class Builder(msgspec.Struct, frozen=True):
    """The builder that buildx would use. ``driver`` is ``docker`` for the engine itself; ``buildkit`` is the version of
    the BuildKit in it, '' if it has not started yet.
    """

    driver: str
    buildkit: str = ""


def read_info(context: Context) -> Info | None:
    """What the client tells; None if ``docker`` is another program of that name."""
    command = Command(argv=("docker", "info", "--format", "{{json .}}"), allow=ALLOWED, timeout=_PATIENCE)
    done = context.run.run(command)
    try:
        info = msgspec.json.decode(done.stdout, type=Info)
    except msgspec.DecodeError:
        # "Failed to initialize: ...": the client did not get as far as asking an engine.
        raise Failure(
            "build.engine-settings",
            "docker can't be used as it is set up",
            why("It comes from DOCKER_HOST, DOCKER_CONTEXT or the client's own configuration."),
            alternative("docker context ls shows what there is"),
            evidence=quote(done.output),
        ) from None
    return info if info.server_version or info.server_errors else None


def read_builder(context: Context) -> Builder | None:
    """The builder that buildx would use now; None if it does not answer."""
    done = context.run.run(Command(argv=("docker", "buildx", "inspect"), allow=ALLOWED, timeout=_PATIENCE))
    if unknown := unknown_builder(done.output):
        raise unknown
    if done.code != 0 or re.search(r"^Error:", done.text, re.MULTILINE):
        return None
    driver = re.search(r"^Driver:\s+(\S+)", done.text, re.MULTILINE)
    buildkit = re.search(r"^BuildKit(?: version)?:\s+v?(\S+)", done.text, re.MULTILINE | re.IGNORECASE)
    return Builder(driver[1] if driver else "", buildkit[1] if buildkit else "")


def is_client_alone(info: Info, context: Context) -> bool:
    """Whether there is a client and nothing behind it: nobody said where an engine is, and there is none at the usual
    place.
    """
    told = any(context.environ.get(name) for name in ("DOCKER_HOST", "DOCKER_CONTEXT"))
    return not told and _SOCKET in _reason(info) and not Path(_SOCKET).exists()


def no_answer(info: Info) -> Failure:
    """The failure of an engine that is there and can't be used."""
    reason = _reason(info)
    if "permission denied" in reason:
        return Failure(
            "build.engine-denied",
            "this user may not use the Docker Engine",
            why("Its socket belongs to root and to a group; whoever is in that group is as mighty as root."),
            alternative('sudo usermod -aG docker "$USER", then log in again'),
            alternative("rootless Docker: https://docs.docker.com/engine/security/rootless/"),
            evidence=quote(reason),
        )
    return Failure(
        "build.engine-down",
        "the Docker Engine does not answer",
        why("The client is here, but nothing answers where it looks for the engine."),
        alternative("start it (systemctl start docker, or Docker Desktop), or set DOCKER_HOST"),
        evidence=quote(reason),
    )


def unknown_builder(words: str) -> Failure | None:
    """The failure of a builder that buildx does not know, if that is what its ``words`` say."""
    found = re.search(r'no builder "([^"]+)" found', words)
    if not found:
        return None
    return Failure(
        "build.builder",
        f"there is no buildx builder {found[1]}",
        why("BUILDX_BUILDER names it."),
        alternative("docker buildx ls lists those that there are"),
    )


def no_buildx() -> Failure:
    """The failure of a client without buildx."""
    return Failure(
        "build.buildx-missing",
        "docker has no buildx here",
        why("The client looks for plugins in DOCKER_CONFIG/cli-plugins and in the system's folders."),
        fix("sudo apt-get install docker-buildx-plugin    # Docker's packages; docker-buildx in Debian's and Ubuntu's"),
        alternative("with a DOCKER_CONFIG of its own: cliPluginsExtraDirs in its config.json names the usual folder"),
    )


def numbers(version: str) -> tuple[int, int]:
    """The first two numbers of a version. Without them, or with 0.0, it was built from source: a new one."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    told = (int(found[1]), int(found[2])) if found else (0, 0)
    return told if told > (0, 0) else (1_000, 0)


def _reason(info: Info) -> str:
    return "\n".join(info.server_errors or ())
