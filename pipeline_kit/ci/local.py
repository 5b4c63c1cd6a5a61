"""No CI: a person's terminal. git says which branch it is; there is nobody to give outputs to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.model.event import Event, RunIdentity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.ci.messages import Message

NAME = "local"
TEMPORARY_FOLDER = ""


def detect(environ: Mapping[str, str]) -> bool:
    """Always: it is asked last."""
    return True


def emit(message: Message, environ: Mapping[str, str]) -> str:
    """Nothing: what the terminal shows is the reporter's."""
    return ""


def event(environ: Mapping[str, str]) -> tuple[Event, RunIdentity]:
    """A run by hand."""
    return Event("local"), RunIdentity("local")
