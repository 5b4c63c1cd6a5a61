"""A build on its way: what is asked for, of which engine, and where everything goes."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.engines.checks import check

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        return self.log.read_text("utf-8", "replace").split("\n")


@contextmanager
def started(request: BuildRequest, facts: EngineFacts, destination: Path, context: Context, log: Path) -> Iterator[Job]:
    """The job for ``request``, which was checked, while the block lasts."""
    dockerfile = check(request, context)
    context.state.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="build-", dir=context.state) as scratch:
        yield Job(
            request=request,
            dockerfile=dockerfile,
            facts=facts,
            destination=destination,
            context=context,
            log=log,
            scratch=Path(scratch),
        )
