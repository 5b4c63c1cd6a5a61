"""The engines that build: modules that meet ``Engine``, listed in ``ENGINES``. A new one is a module and a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pipeline_kit.engines import buildah, docker
from pipeline_kit.errors import Failure, alternative, why

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.context import Context
    from pipeline_kit.engines.request import BuildRequest, EngineFacts


class Engine(Protocol):
    """Something that builds an image. ``ABSENT`` says in words what was not found where ``find`` finds nothing."""

    NAME: str
    ABSENT: str

    def find(self, context: Context) -> EngineFacts | None:
        """What is known of the engine; None if there is none. A failure if there is one that can't be used."""

    def build(self, request: BuildRequest, facts: EngineFacts, destination: Path, context: Context, log: Path) -> None:
        """Build ``request`` into an OCI layout of one image at ``destination``: a folder with nothing but blobs of
        earlier builds. What the engine says goes to ``log``; what a failure or an interrupt leaves is the caller's to
        remove.
        """


ENGINES: dict[str, Engine] = {docker.NAME: docker, buildah.NAME: buildah}


def choose(name: str, context: Context) -> tuple[Engine, EngineFacts]:
    """The engine ``name``, or with ``auto`` the first one that is there. One that is there and can't be used is a
    failure rather than a reason to take the next: another engine gives another digest.
    """
    tried = list(ENGINES.values()) if name == "auto" else [ENGINES[name]]
    for engine in tried:
        try:
            facts = engine.find(context)
        except Failure as failure:
            others = (other.NAME for other in ENGINES.values() if other is not engine)
            raise failure.extended(
                *(alternative(f"pipeline-kit build --engine {other}") for other in others if context.run.find(other))
            ) from None
        if facts:
            return engine, facts
    raise Failure(
        "build.no-engine",
        "there is nothing here to build with" if name == "auto" else f"{name} is not here",
        why("\n".join(engine.ABSENT for engine in tried)),
        alternative("Docker with buildx: https://docs.docker.com/engine/install/"),
        alternative("Buildah, which needs no daemon: https://github.com/containers/buildah/blob/main/install.md"),
    )
