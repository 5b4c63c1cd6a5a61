"""Buildah: builds without a daemon, one platform at a time."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.engines import docker_format, ending_buildah
from pipeline_kit.engines.checks import check
from pipeline_kit.engines.failures import explain
from pipeline_kit.engines.hashes import remembered_hash
from pipeline_kit.engines.progress import follow
from pipeline_kit.engines.request import EngineFacts
from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.model.image import Tool
from pipeline_kit.process import Command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline_kit.context import Context
    from pipeline_kit.engines.dockerfile import Dockerfile
    from pipeline_kit.engines.request import BuildRequest, BuildSecret

NAME = "buildah"
ABSENT = "Buildah: there is no buildah on PATH."

_ALLOWED = (
    *("BUILDAH_ISOLATION", "BUILDAH_RUNTIME", "STORAGE_DRIVER", "STORAGE_OPTS"),
    *("CONTAINERS_CONF", "CONTAINERS_REGISTRIES_CONF", "CONTAINERS_STORAGE_CONF", "REGISTRY_AUTH_FILE"),
)


def find(context: Context) -> EngineFacts | None:
    """The program on PATH."""
    program = context.run.find("buildah")
    if program is None:
        return None
    told = context.run.run(Command(argv=("buildah", "--version"))).checked("build.failed").text
    version = re.search(r"version (\S+)", told)
    tool = Tool("buildah", version[1] if version else "", remembered_hash(program, context.state))
    return EngineFacts(tool=tool, store="buildah")


def build(request: BuildRequest, facts: EngineFacts, destination: Path, context: Context, log: Path) -> None:  # noqa: ARG001
    """Build ``request`` into an OCI layout at ``destination``; see ``Engine.build``."""
    dockerfile = check(request, context)
    _refuse(request)
    # Buildah drops a health check from an image in OCI's own format.
    docker_types = dockerfile.has("HEALTHCHECK")
    context.state.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="build-", dir=context.state) as scratch:
        name = Path(scratch) / "image-id"
        image_format = "docker" if docker_types else "oci"
        options = (f"--iidfile={name}", f"--format={image_format}", *_options(request, context))
        command = _command(context, log, "bud", *options, str(request.folder), secrets=request.secrets)
        done = follow(command, context, "buildah build")
        if done.code != 0:
            raise _failure(done.stderr, request, dockerfile, context, log)
        push = ("push", f"--format={'v2s2' if docker_types else 'oci'}", name.read_text().strip(), f"oci:{destination}")
        follow(_command(context, log, *push), context, "buildah push").checked("build.failed")
    if docker_types:
        docker_format.remove_container(destination)


def _refuse(request: BuildRequest) -> None:
    for what in _unsupported(request):
        raise Failure(
            "build.unsupported",
            f"Buildah can't do {what} here",
            why("It builds one platform at a time, and has other words for caches."),
            alternative("--engine docker"),
        )


def _unsupported(request: BuildRequest) -> Iterator[str]:
    if len(request.platforms) > 1:
        yield "several platforms"
    if request.cache_from or request.cache_to:
        yield "caches of buildx (--cache-from, --cache-to)"


def _command(context: Context, log: Path, *arguments: str, secrets: tuple[BuildSecret, ...] = ()) -> Command:
    return Command(
        argv=("buildah", *arguments),
        cwd=context.root,
        allow=(*_allowed(context), *(secret.env for secret in secrets if secret.env)),
        log=log,
    )


def _allowed(context: Context) -> tuple[str, ...]:
    """DOCKER_CONFIG too, which may have credentials; without a file in it Buildah ends."""
    config = context.environ.get("DOCKER_CONFIG")
    return (*_ALLOWED, "DOCKER_CONFIG") if config and (Path(config) / "config.json").is_file() else _ALLOWED


def _options(request: BuildRequest, context: Context) -> Iterator[str]:
    yield from ("--layers", "--force-rm", "--identity-label=false", f"--timestamp={request.time}")
    # In a CI's container root has no rights to start another one; without them a chroot does.
    if os.geteuid() == 0 and "BUILDAH_ISOLATION" not in context.environ and request.network != "none":
        yield "--isolation=chroot"
    yield f"--file={request.dockerfile}"
    if request.target:
        yield f"--target={request.target}"
    yield from (f"--build-arg={name}={value}" for name, value in request.args.items())
    yield from (f"--label={name}={value}" for name, value in request.labels.items())
    yield from (f"--secret={_secret(secret, context.root)}" for secret in request.secrets)
    yield from (f"--build-context={name}={_source(value)}" for name, value in request.contexts.items())
    yield from (f"--platform={platform}" for platform in request.platforms)
    if request.network:
        yield f"--network={request.network}"
    # A cached layer has the times of the build that made it.
    if request.no_cache or request.reproducible:
        yield "--no-cache"
    if request.pull:
        yield "--pull=always"


def _secret(secret: BuildSecret, root: Path) -> str:
    return f"id={secret.id},env={secret.env}" if secret.env else f"id={secret.id},src={root / (secret.file or '')}"


def _source(context: str) -> str:
    """buildx's name for a build context, in Buildah's words."""
    if context.startswith("oci-layout://"):
        return f"container-image://oci:{context.removeprefix('oci-layout://')}"
    if context.startswith("docker-image://"):
        return f"container-image://docker://{context.removeprefix('docker-image://')}"
    return context


def _failure(stderr: str, request: BuildRequest, dockerfile: Dockerfile, context: Context, log: Path) -> Failure:
    lines = log.read_text("utf-8", "replace").split("\n")
    return explain(ending_buildah.read(lines, stderr, dockerfile), request, dockerfile, context, log)
