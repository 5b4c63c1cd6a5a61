"""A request as a command line of ``docker buildx build``, or of the ``docker build`` of a client that has no buildx.

Each option is one item with ``=``, so that a value may start with a dash or have several lines.
"""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from pipeline_kit.engines import ending_buildkit
from pipeline_kit.engines.docker_client import ALLOWED
from pipeline_kit.engines.failures import explain
from pipeline_kit.engines.ignore import dockerfile_beside
from pipeline_kit.engines.progress import follow
from pipeline_kit.process import Command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline_kit.engines.job import Job
    from pipeline_kit.engines.request import BuildSecret

# Older clients need to be told; buildx would describe its builder in the metadata file, which takes time.
_SETTINGS = {"DOCKER_BUILDKIT": "1", "BUILDX_METADATA_PROVENANCE": "disabled"}


def run(program: tuple[str, ...], options: tuple[str, ...], job: Job) -> None:
    """Run ``program`` with ``options`` and those that the job asks for. Secrets go by the child's environment or by
    file. A build that fails is explained by what it said.
    """
    request = job.request
    command = Command(
        argv=(*program, "--progress=plain", *options, *_options(job), str(request.folder)),
        cwd=job.context.root,
        allow=(*ALLOWED, *(secret.env for secret in request.secrets if secret.env)),
        extra={**_SETTINGS, "SOURCE_DATE_EPOCH": str(request.time)},
        log=job.log,
    )
    done = follow(command, job.context, " ".join(program))
    if done.code > 0:
        raise explain(ending_buildkit.read(job.log_lines(), job.dockerfile), job)
    done.checked("build.failed")
    if request.cache_from:
        for cache in ending_buildkit.unread_caches(job.log_lines()):
            job.context.report.warn(f"built without the cache {cache}")


def fields(values: dict[str, str]) -> str:
    """``key=value,key=value`` as these options read it: quoted where a value has a comma."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([f"{key}={value}" for key, value in values.items()])
    return line.getvalue()


def _options(job: Job) -> Iterator[str]:
    request = job.request
    yield f"--file={dockerfile_beside(job)}"
    if request.target:
        yield f"--target={request.target}"
    yield from (f"--build-arg={name}={value}" for name, value in request.args.items())
    yield from (f"--label={name}={value}" for name, value in request.labels.items())
    yield from (f"--secret={_secret(secret, job.context.root)}" for secret in request.secrets)
    yield from (f"--build-context={name}={value}" for name, value in request.contexts.items())
    if request.platforms:
        yield f"--platform={','.join(map(str, request.platforms))}"
    if request.network:
        yield f"--network={request.network}"
    yield from (f"--cache-from={source}" for source in request.cache_from)
    yield from (f"--cache-to={destination}" for destination in request.cache_to)
    if request.no_cache:
        yield "--no-cache"
    if request.pull:
        yield "--pull"


def _secret(secret: BuildSecret, root: Path) -> str:
    source = {"env": secret.env} if secret.env else {"src": str(root / (secret.file or ""))}
    return fields({"id": secret.id, **source})
