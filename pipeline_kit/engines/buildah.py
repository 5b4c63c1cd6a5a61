"""Buildah: builds without a daemon, one platform at a time."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit import tree
from pipeline_kit.engines import docker_format, ending_buildah
from pipeline_kit.engines.failures import explain
from pipeline_kit.engines.ignore import extended
from pipeline_kit.engines.job import started
from pipeline_kit.engines.progress import follow
from pipeline_kit.engines.request import EngineFacts
from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.memory import hash_of
from pipeline_kit.model.image import Tool
from pipeline_kit.process import Command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline_kit.context import Context
    from pipeline_kit.engines.job import Job
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
    tool = Tool("buildah", version[1] if version else "", hash_of(program, context.memory))
    return EngineFacts(tool=tool, store="buildah")


def build(request: BuildRequest, facts: EngineFacts, destination: Path, context: Context, log: Path) -> None:
    """Build ``request`` into an OCI layout at ``destination``; see ``Engine.build``."""
    with started(request, facts, destination, context, log) as job:
        _refuse(request)
        # Buildah drops a health check from an image in OCI's own format.
        in_docker_format = job.dockerfile.has("HEALTHCHECK")
        name = job.scratch / "image-id"
        options = (f"--iidfile={name}", f"--format={'docker' if in_docker_format else 'oci'}")
        done = follow(_command(job, "bud", *options, *_options(job), str(request.folder)), context, "buildah bud")
        if done.code > 0:
            raise explain(ending_buildah.read(job.log_lines(), done.stderr, job.dockerfile), job)
        done.checked("build.failed")
        image = tree.read(name, 1 << 10).decode().strip()
        push = ("push", f"--format={'v2s2' if in_docker_format else 'oci'}", image, f"oci:{destination}")
        follow(_command(job, *push), context, "buildah push").checked("build.failed")
        if in_docker_format:
            docker_format.remove_container(destination)


def _refuse(request: BuildRequest) -> None:
    if what := next(_unsupported(request), ""):
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


def _command(job: Job, *arguments: str) -> Command:
    secrets = (secret.env for secret in job.request.secrets if secret.env)
    allow = (*_ALLOWED, *_credentials(job.context), *secrets)
    return Command(argv=("buildah", *arguments), cwd=job.context.root, allow=allow, log=job.log)


def _credentials(context: Context) -> tuple[str, ...]:
    """DOCKER_CONFIG, if there is a file in it: Buildah ends without one."""
    config = context.environ.get("DOCKER_CONFIG")
    return ("DOCKER_CONFIG",) if config and (Path(config) / "config.json").is_file() else ()


def _options(job: Job) -> Iterator[str]:
    request, context = job.request, job.context
    yield from ("--layers", "--force-rm", "--identity-label=false", f"--timestamp={request.time}")
    # In a CI's container root has no rights to start another one; without them a chroot does.
    if os.geteuid() == 0 and "BUILDAH_ISOLATION" not in context.environ and request.network != "none":
        yield "--isolation=chroot"
    yield f"--file={request.dockerfile}"
    if (rules := extended(request, context)) is not None:
        ignored = job.scratch / "ignored"
        tree.write(ignored, rules.encode("utf-8", "surrogateescape"))
        yield f"--ignorefile={ignored}"
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
