"""The context of a run that signs in to Azure, for tests that call its parts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.context import Context, Silent
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.process import Runner
from tests.world.fast_clock import FastClock

if TYPE_CHECKING:
    from collections.abc import Mapping


class Masks(Silent):
    """A reporter that keeps what it is to hide."""

    def __init__(self) -> None:
        self.hidden: list[str] = []

    def mask(self, secret: str) -> None:
        """Keep ``secret``."""
        self.hidden.append(secret)


def context_of(
    environ: Mapping[str, str], ci: str = "local", *, fork: bool = False, masks: Masks | None = None
) -> Context:
    """A context in which nothing is written and time is short."""
    nowhere = Path("/nonexistent")
    return Context(
        root=nowhere,
        state=nowhere,
        output=nowhere,
        environ=environ,
        run=Runner(environ),
        event=Event("pull_request", fork=True) if fork else Event("push"),
        identity=RunIdentity(ci),
        report=masks or Masks(),
        clock=FastClock(),
    )
