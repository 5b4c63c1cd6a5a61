"""Docker: buildx writes the layout itself, or the classic image store is saved and converted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.engines import docker_buildx, docker_classic, docker_client
from pipeline_kit.engines.job import started
from pipeline_kit.engines.request import EngineFacts
from pipeline_kit.memory import hash_of
from pipeline_kit.model.image import Tool
from pipeline_kit.process import Command

if TYPE_CHECKING:
    from pipeline_kit.context import Context
    from pipeline_kit.engines.docker_client import Info
    from pipeline_kit.engines.request import BuildRequest

NAME = "docker"
ABSENT = "Docker: there is no docker on PATH, or no engine behind it."

_NEEDS_BUILDX = (23, 0)  # older clients speak to BuildKit without it


def find(context: Context) -> EngineFacts | None:
    """The engine that the client reaches, or the builder that is used in its place."""
    info = docker_client.read_info(context) if context.run.find("docker") else None
    if info is None:
        return None
    if info.has_containerd_store:
        return EngineFacts(tool=_buildx(info, context), store="containerd", engine=info.server_version)
    builder = docker_client.read_builder(context) if info.buildx else None
    if builder and builder.driver != "docker":
        return EngineFacts(tool=_buildx(info, context), store="containerd", driver=builder.driver)
    if info.server_version:
        tool = _buildx(info, context) if info.buildx else _old_client(context)
        return EngineFacts(tool=tool, store="classic", engine=info.server_version)
    if docker_client.is_client_alone(info, context):
        return None
    raise docker_client.no_answer(info)


def build(request: BuildRequest, facts: EngineFacts, destination: Path, context: Context, log: Path) -> None:
    """Build ``request`` into an OCI layout at ``destination``; see ``Engine.build``."""
    how = docker_classic.build if facts.store == "classic" else docker_buildx.build
    with started(request, facts, destination, context, log) as job:
        how(job)


def _buildx(info: Info, context: Context) -> Tool:
    plugin = info.buildx
    if plugin is None:
        raise docker_client.no_buildx()
    return Tool("buildx", plugin.version.removeprefix("v"), hash_of(Path(plugin.path), context.memory))


def _old_client(context: Context) -> Tool:
    """The client itself, which must be one that needs no buildx; it tells its version nowhere else."""
    told = context.run.run(Command(argv=("docker", "--version"))).text
    version = re.search(r"version ([^\s,]+)", told)
    program = context.run.find("docker")
    if version is None or program is None or docker_client.numbers(version[1]) >= _NEEDS_BUILDX:
        raise docker_client.no_buildx()
    return Tool("docker", version[1], hash_of(program, context.memory))
