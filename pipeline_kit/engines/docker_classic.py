"""The classic image store (Docker Engine before 29 by default): build into the store, save the image, convert it.

Its times are the engine's own before Engine 24, so a build without its cache has another digest there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit import tree
from pipeline_kit.engines import docker_command
from pipeline_kit.engines.docker_client import ALLOWED, numbers
from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.process import Command

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline_kit.engines.job import Job
    from pipeline_kit.engines.request import BuildRequest, EngineFacts

_KNOWS_CONTEXTS = (23, 0)


def build(job: Job) -> None:
    """Build, and convert the image into the job's layout. It stays in the store too, without a name."""
    from pipeline_kit.oci import docker_archive
    from pipeline_kit.oci.layer_cache import LayerCache

    _refuse(job.request, job.facts)
    has_buildx = job.facts.tool.name == "buildx"
    program = ("docker", "buildx", "build", "--load") if has_buildx else ("docker", "build")
    name = job.scratch / "image-id"
    docker_command.run(program, (f"--iidfile={name}",), job)
    archive = job.scratch / "image.tar"
    image = tree.read(name, 1 << 10).decode().strip()
    save = Command(argv=("docker", "save", image), allow=ALLOWED, stdout_to=archive, log=job.log)
    with job.context.report.activity("save the image") as activity:
        job.context.run.run(save).checked("build.failed")
        cache = LayerCache(job.context.state / "layers")
        docker_archive.convert(archive, job.destination, cache=cache, progress=activity)


def _refuse(request: BuildRequest, facts: EngineFacts) -> None:
    """Refuse by name what this store can't do, or would ignore without a word."""
    if what := next(_unsupported(request, facts), ""):
        raise Failure(
            "build.unsupported",
            f"Docker's classic image store can't do {what}",
            why(f"Docker Engine {facts.engine} keeps its images in it."),
            alternative("turn on the containerd image store: https://docs.docker.com/engine/storage/containerd/"),
            alternative("docker buildx create --use    # a builder of its own"),
        )


def _unsupported(request: BuildRequest, facts: EngineFacts) -> Iterator[str]:
    if len(request.platforms) > 1:
        yield "several platforms"
    if request.reproducible:
        yield "reproducible builds (--reproducible)"
    if any("type=inline" not in destination for destination in request.cache_to):
        yield "cache exports other than type=inline"
    if any(value.startswith("oci-layout:") for value in request.contexts.values()):
        yield "build contexts that are OCI layouts"
    if request.contexts and (numbers(facts.engine) < _KNOWS_CONTEXTS or facts.tool.name != "buildx"):
        yield "named build contexts"
