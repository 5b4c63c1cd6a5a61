"""``docker buildx build`` into a layout: with the containerd image store, or with a builder of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pipeline_kit import tree
from pipeline_kit.engines import docker_command
from pipeline_kit.engines.docker_client import numbers, read_builder
from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.oci import layout

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.engines.job import Job

_WRITES_FOLDERS = (0, 10)  # buildx; earlier ones write a tar only
_REWRITES_TIMES = (0, 13)  # BuildKit; earlier ones keep the times and say nothing
_HAS_THAT_BUILDKIT = (26, 0)  # Docker Engine


class _Metadata(msgspec.Struct, frozen=True):
    """What buildx says that it built."""

    digest: str = msgspec.field(name="containerimage.digest", default="")


def build(job: Job) -> None:
    """Build into the job's layout; attestations are off, since with them no two builds are equal."""
    _refuse(job)
    output = {"type": "oci", "dest": str(job.destination), "tar": "false"}
    if job.request.reproducible:
        output["rewrite-timestamp"] = "true"
    metadata = job.scratch / "metadata.json"
    options = (
        f"--output={docker_command.fields(output)}",
        f"--metadata-file={metadata}",
        "--provenance=false",
        "--sbom=false",
    )
    docker_command.run(("docker", "buildx", "build"), options, job)
    _compare(metadata, job.destination)


def _refuse(job: Job) -> None:
    """Refuse what an older version can't do, or would ignore without a word."""
    buildx = job.facts.tool.version
    if numbers(buildx) < _WRITES_FOLDERS:
        raise Failure(
            "build.unsupported",
            f"buildx {buildx} can't write an OCI layout",
            why("It needs 0.10 or newer."),
            alternative("a newer buildx: https://github.com/docker/buildx/releases"),
        )
    if job.request.reproducible and not _rewrites_times(job):
        raise Failure(
            "build.unsupported",
            "this engine ignores --reproducible",
            why("Rewriting times needs BuildKit 0.13 or newer, which is in Docker Engine 26."),
            alternative("without --reproducible a build with its cache is still the same every time"),
        )


def _rewrites_times(job: Job) -> bool:
    builder = read_builder(job.context)
    if builder and builder.driver != "docker" and builder.buildkit:
        return numbers(builder.buildkit) >= _REWRITES_TIMES
    return numbers(job.facts.engine) >= _HAS_THAT_BUILDKIT


def _compare(metadata: Path, destination: Path) -> None:
    """The digest that buildx tells must be that of the one image in the layout."""
    told = msgspec.json.decode(tree.read(metadata, 16 << 20), type=_Metadata).digest
    written = layout.read(destination).root.digest
    if told != written:
        raise Failure(
            "build.digest",
            "buildx wrote another image than it says",
            why(f"It says {told or 'nothing'}; the layout has {written}."),
        )
