"""The next version, from the repository and the event. Pure: no network, no clock.

The same commit gets the same version on every CI and on a laptop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from semver import Version

from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.model import version
from pipeline_kit.model.version import NextVersion
from pipeline_kit.versioning import commits

if TYPE_CHECKING:
    from pipeline_kit.model.event import Event
    from pipeline_kit.model.git_state import GitState, ReleaseTag

FIRST = "0.1.0"


def next_version(state: GitState, event: Event, *, first_release: bool = False) -> NextVersion:
    """The version of HEAD: that of a version tag on it, else ``X.Y.Z-CHANNEL.DISTANCE`` with the next version, the
    branch and the number of commits since the last release.

    A clone that may lack tags is refused: the answer would be a wrong one without a sign.
    """
    subjects = tuple(commits.subject(commit.message) for commit in state.since)
    previous = state.latest.version if state.latest else ""
    if (tag := _released(state, event)) and not _counts_as_dirty(state, event):
        tally = commits.tally(subjects)
        origin = f"from the tag; {tally} since {previous}" if previous and not state.shallow else "from the tag"
        return NextVersion(tag.version, origin, released=True, previous=previous, changes=subjects)
    refuse_incomplete(state, event, first_release=first_release)
    base = _base(state, tag)
    channel = version.identifier(branch_of(state, event) or "detached")
    dirty = ".dirty" if _counts_as_dirty(state, event) else ""
    text = f"{base}-{channel}.{len(subjects)}{dirty}"
    return NextVersion(text, _origin(state, subjects), released=False, previous=previous, changes=subjects)


def branch_of(state: GitState, event: Event) -> str:
    """The branch that is built: a CI checks out a bare commit, and knows the name."""
    return event.branch or state.branch


def _released(state: GitState, event: Event) -> ReleaseTag | None:
    if event.kind == "pull_request":
        return None
    asked = [tag for tag in state.here if tag.name == event.tag]
    return next(iter(asked or state.here), None)


def _counts_as_dirty(state: GitState, event: Event) -> bool:
    """A CI's own steps leave files behind; on a laptop a changed file is a change that the commit lacks."""
    return bool(state.dirty) and event.kind == "local"


def _base(state: GitState, tag: ReleaseTag | None) -> str:
    if tag is not None:
        return str(version.bumped(Version.parse(tag.version), "patch"))
    if state.latest is None:
        return FIRST
    bump = commits.highest(commit.message for commit in state.since) or "patch"
    return str(version.bumped(Version.parse(state.latest.version), bump))


def _origin(state: GitState, subjects: tuple[str, ...]) -> str:
    count = f"{len(subjects)} commit{'' if len(subjects) == 1 else 's'}"
    dirty = f"; {state.dirty} changed file{'' if state.dirty == 1 else 's'}" if state.dirty else ""
    if state.latest is None:
        return f"{count}, no release yet{dirty}"
    return f"{count} since {state.latest.version}: {commits.tally(subjects) or 'none'}{dirty}"


def refuse_incomplete(state: GitState, event: Event, *, first_release: bool = False) -> None:
    """Refuse a clone that may lack the last release tag."""
    if state.shallow:
        count = f"{len(state.since)} commit{'' if len(state.since) == 1 else 's'}"
        raise Failure(
            "git.shallow",
            f"this clone is shallow: {count}, {'no tags' if not state.has_tags else 'not the whole history'}",
            why(
                f"A version is counted from the last release tag, which is not here: it would be {_base(state, None)}."
            ),
            *([] if event.kind == "local" else [alternative("in this clone: git fetch --unshallow --tags")]),
        )
    if not state.has_tags and event.skips_tags and not first_release:
        raise Failure(
            "git.no-tags",
            "this clone has no tags, and this CI leaves them out",
            why(f"A version is counted from the last release tag. Without tags it would be {FIRST}."),
            alternative("if there is no release yet: --first-release, or PIPELINE_KIT_VERSION_FIRST_RELEASE=true"),
            alternative("in this clone: git fetch --tags"),
        )
