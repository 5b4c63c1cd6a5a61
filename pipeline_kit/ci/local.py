"""No CI that we know: most often a person's terminal. git says which branch it is; there is nobody to give outputs to.

``PIPELINE_KIT_EVENT`` has a terminal stand in for another event: the JSON that a record has of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import msgspec

from pipeline_kit.errors import Failure, fix, why
from pipeline_kit.model.event import Event, EventKind, RunIdentity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.ci.messages import Message

# One of them is set by nearly every CI; their clones most often lack the tags.
_OF_A_CI = ("CI", "JENKINS_URL", "TEAMCITY_VERSION")
NAME = "local"
TEMPORARY_FOLDER = ""


def emit(message: Message, environ: Mapping[str, str]) -> str:
    """Nothing: what the terminal shows is the reporter's."""
    return ""


def event(environ: Mapping[str, str]) -> tuple[Event, RunIdentity]:
    """A run by hand, of the event that is to be imitated if there is one."""
    if text := environ.get("PIPELINE_KIT_EVENT", ""):
        return _imitated(text), RunIdentity("local")
    unknown = any(environ.get(name, "").lower() not in ("", "0", "false") for name in _OF_A_CI)
    return Event("local", skips_tags=unknown), RunIdentity("local")


def _imitated(text: str) -> Event:
    try:
        return msgspec.json.decode(text, type=Event)
    except msgspec.MsgspecError as error:
        raise Failure(
            "config.event",
            f"PIPELINE_KIT_EVENT is no event: {error}",
            why(f"It is JSON with a kind, one of {', '.join(get_args(EventKind))}."),
            fix("""PIPELINE_KIT_EVENT='{"kind": "pull_request", "branch": "topic", "base": "main"}'"""),
        ) from None
