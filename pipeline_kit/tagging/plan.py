"""The default names of an image: its tags and labels. Pure: no network, no clock.

The same commit gets the same names on every CI and on a laptop; only whether they are published depends on the event.
"""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from semver import Version

from pipeline_kit.model import version
from pipeline_kit.model.plan import Plan, Tag
from pipeline_kit.versioning.next import branch_of

if TYPE_CHECKING:
    from pipeline_kit.model.event import Event
    from pipeline_kit.model.git_state import GitState
    from pipeline_kit.model.version import NextVersion

_LONGEST_TAG = 128
_LABEL = "org.opencontainers.image."


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
