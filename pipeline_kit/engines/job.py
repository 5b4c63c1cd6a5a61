"""A build on its way: what is asked for, of which engine, and where everything goes."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_kit import tree
from pipeline_kit.engines.checks import check
from pipeline_kit.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline_kit.context import Context
    from pipeline_kit.engines.dockerfile import Dockerfile
    from pipeline_kit.engines.request import BuildRequest, EngineFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """``destination`` becomes the layout, ``log`` gets what the engine says, ``scratch`` is there until the end."""

    request: BuildRequest
    dockerfile: Dockerfile
    facts: EngineFacts
    destination: Path
    context: Context
    log: Path
    scratch: Path

    def log_lines(self) -> list[str]:
        """What the engine has said."""
        with tree.opened(self.log, top=self.context.top(self.log)) as log:
            return log.read().decode("utf-8", "replace").split("\n")


@contextmanager
def started(request: BuildRequest, facts: EngineFacts, destination: Path, context: Context, log: Path) -> Iterator[Job]:
    """The job for ``request``, which was checked, while the block lasts."""
    dockerfile = check(request, context)
    with scratch(context.state) as folder:
        yield Job(
            request=request,
            dockerfile=dockerfile,
            facts=facts,
            destination=destination,
            context=context,
            log=log,
            scratch=folder,
        )
