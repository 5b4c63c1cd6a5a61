"""From the repository and the event to names: the version, the tags, the labels. Pure: no network, no clock.

The same commit gets the same names on every CI and on a laptop; only whether they are published depends on the event.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from semver import Version

from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.model import commits, version
from pipeline_kit.model.plan import Plan, Tag
from pipeline_kit.model.version import NextVersion

if TYPE_CHECKING:
    from pipeline_kit.model.event import Event
    from pipeline_kit.model.git_state import GitState, ReleaseTag

FIRST = "0.1.0"
_LONGEST_TAG = 128
_LABEL = "org.opencontainers.image."


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


def plan(
    state: GitState, event: Event, named: NextVersion, *, extra: tuple[str, ...] = (), latest: bool = True
) -> Plan:
    """Tags and labels for ``named``, and whether this event publishes them.

    A release gets its version and the tags that move with it; anything else the commit and branch tags. A pull
    request's plan holds what the branch it goes to would publish.
    """
    publishes, reason = _publishes(event)
    tags = [Tag(f"sha-{state.short}", "commit")]
    if named.released and event.kind != "schedule":
        parsed = Version.parse(named.version)
        moving = [name for name in version.moving_tags(parsed) if latest or name != "latest"]
        tags = [Tag(_as_tag(named.version), "version"), *(Tag(name, "moving") for name in moving), *tags]
    elif branch := event.base or branch_of(state, event):
        tags.append(Tag(_as_tag(branch), "branch"))
    known = {tag.name for tag in tags}
    tags += [Tag(_as_tag(name), "branch") for name in dict.fromkeys(extra) if name not in known]
    return Plan(
        commit=state.commit,
        time=state.time,
        version=named.version,
        origin=named.origin,
        released=named.released,
        tags=tuple(tags),
        labels=_labels(state, named),
        publishes=publishes,
        reason=reason,
        changes=named.changes,
    )


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


def _publishes(event: Event) -> tuple[bool, str]:
    if event.kind == "pull_request":
        return False, "pull request"
    return True, ""


def _labels(state: GitState, named: NextVersion) -> dict[str, str]:
    """The labels of the OCI image specification that git alone can tell: an event's own words would give the same
    commit another digest on each CI.
    """
    labels = {
        "created": datetime.fromtimestamp(state.time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "revision": state.commit,
        "version": named.version,
    }
    if source := _web_address(state.remote):
        labels["source"] = source
    return {_LABEL + key: value for key, value in sorted(labels.items())}


def _web_address(remote: str) -> str:
    """The repository's page, from the ways that git writes it: ``https://``, ``ssh://git@`` and ``git@HOST:PATH``."""
    found = re.fullmatch(r"(?:https://|ssh://git@|git@)([A-Za-z0-9.-]+)[:/](?!/)(.+?)(?:\.git)?/?", remote)
    return f"https://{found[1]}/{found[2]}" if found else ""


def _as_tag(text: str) -> str:
    """``text`` as a tag: other characters become dashes, and one that is too long is cut and kept unique by a hash."""
    tag = re.sub(r"[^0-9A-Za-z_.-]+", "-", text).lstrip(".-") or "x"
    if len(tag) <= _LONGEST_TAG:
        return tag
    mark = hashlib.sha256(text.encode()).hexdigest()[:8]
    return f"{tag[: _LONGEST_TAG - 9]}-{mark}"
