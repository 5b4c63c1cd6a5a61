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

_FETCH = alternative("let pipeline-kit fetch what is missing: PIPELINE_KIT_VERSION_FETCH=true")


def refuse_incomplete(state: GitState, event: Event, *, first_release: bool = False) -> None:
    """Refuse a clone that may lack the last release tag. ``first_release`` vouches for one that has no tags at all.

    Failure: ``git.shallow``, ``git.no-tags``.
    """
    if state.shallow:
        raise _shallow(state, event)
    if state.may_lack_tags(event):
        if state.has_tags:
            raise _of_earlier_run(state, event)
        if not first_release:
            raise _without_tags(state, event)


def _shallow(state: GitState, event: Event) -> Failure:
    lacking = "not the whole history" if state.has_tags else "no tags"
    return Failure(
        "git.shallow",
        f"this clone is shallow: {words.number(len(state.since), 'commit')}, {lacking}",
        why(f"A version is counted from the last release tag, which is not here: it would be {_counted(state)}."),
        *_by_hand(event, "--unshallow --tags"),
        _FETCH,
    )


def _of_earlier_run(state: GitState, event: Event) -> Failure:
    """Where a CI uses a folder again."""
    return Failure(
        "git.no-tags",
        "the tags of this clone are of an earlier fetch, and the last one left them out",
        why(f"A version is counted from the last release tag. From those that are here it would be {_counted(state)}."),
        *_by_hand(event, "--tags"),
        _FETCH,
    )


def _without_tags(state: GitState, event: Event) -> Failure:
    if event.skips_tags and event.kind != "local":
        told = "this CI leaves them out"
    else:
        told = "most CIs leave them out" if state.asked_for_tags is None else "it was fetched without them"
    return Failure(
        "git.no-tags",
        f"this clone has no tags, and {told}",
        why(f"A version is counted from the last release tag. Without tags it would be {_counted(state)}."),
        alternative("if there is no release yet: PIPELINE_KIT_VERSION_FIRST_RELEASE=true"),
        *_by_hand(event, "--tags"),
        _FETCH,
    )


def _counted(state: GitState) -> str:
    return str(Count(state, Rules()).base())


def _by_hand(event: Event, options: str) -> list[Note]:
    """What to do in this clone; on a laptop that is the remedy itself."""
    return [] if event.kind == "local" else [alternative(f"in this clone: git fetch {options}")]
