"""What the CI tells about its event, for the templates of tags."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.ci import github, name_of
from pipeline_kit.model.event_facts import EventFacts, RepositoryFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.model.event import Event, EventKind

_NAMES: dict[EventKind, str] = {
    "push": "push",
    "tag": "push",
    "pull_request": "pull_request",
    "schedule": "schedule",
    "manual": "workflow_dispatch",
    "local": "push",
    "other": "workflow_dispatch",
}


def facts(environ: Mapping[str, str], event: Event) -> EventFacts:
    """The facts of ``event``; on GitHub with what its payload adds."""
    if name_of(environ) == "github":
        return github.facts(environ)
    branch, tag = event.branch, event.tag
    if event.kind == "pull_request":
        ref = f"refs/pull/{event.number}/merge" if event.number else event.ref
    else:
        ref = f"refs/tags/{tag}" if tag else f"refs/heads/{branch}" if branch else event.ref
    return EventFacts(
        name=_NAMES[event.kind],
        ref=ref,
        base=event.base,
        repository=RepositoryFacts(
            name=event.repository.rpartition("/")[2], url=event.source_url, default_branch=event.default_branch
        ),
    )
