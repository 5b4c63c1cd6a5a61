"""Clones that may lack the last release tag: a version that is counted in one would be wrong without a sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.model.rules import Rules
from pipeline_kit.versioning import words
from pipeline_kit.versioning.count import Count

if TYPE_CHECKING:
    from pipeline_kit.errors import Note
    from pipeline_kit.model.event import Event
    from pipeline_kit.model.git_state import GitState


def refuse_incomplete(state: GitState, event: Event, *, first_release: bool = False) -> None:
    """Refuse a clone that may lack the last release tag. ``first_release`` vouches for one that has no tags at all.

    Failure: ``git.shallow``, ``git.no-tags``.
    """
    if state.shallow:
        raise _shallow(state, event)
    if state.may_lack_tags(event) and not first_release:
        raise _without_tags(state, event)


def _shallow(state: GitState, event: Event) -> Failure:
    lacking = "not the whole history" if state.has_tags else "no tags"
    return Failure(
        "git.shallow",
        f"this clone is shallow: {words.number(len(state.since), 'commit')}, {lacking}",
        why(f"A version is counted from the last release tag, which is not here: it would be {_counted(state)}."),
        *_by_hand(event, "--unshallow --tags"),
        alternative(f"let pipeline-kit fetch what is missing: {_set(event, 'FETCH')}"),
    )


def _without_tags(state: GitState, event: Event) -> Failure:
    if event.skips_tags and event.kind != "local":
        told = "this CI leaves them out"
    else:
        told = "it was fetched without them" if state.fetched == "left out" else "most CIs leave them out"
    return Failure(
        "git.no-tags",
        f"this clone has no tags, and {told}",
        why(f"A version is counted from the last release tag. Without tags it would be {_counted(state)}."),
        alternative(f"if there is no release yet: {_set(event, 'FIRST_RELEASE')}"),
        *_by_hand(event, "--tags"),
        alternative(f"let pipeline-kit fetch what is missing: {_set(event, 'FETCH')}"),
    )


def _counted(state: GitState) -> str:
    return str(Count(state, Rules()).base())


def _set(event: Event, option: str) -> str:
    """A variable for the CI's own file, or for the shell that is at hand."""
    return f"{'export ' if event.kind == 'local' else ''}PIPELINE_KIT_VERSION_{option}=true"


def _by_hand(event: Event, options: str) -> list[Note]:
    """What to do in this clone; on a laptop that is the remedy itself."""
    return [] if event.kind == "local" else [alternative(f"in this clone: git fetch {options}")]
