"""The names of an image: the default ones, and those that rules give. Pure: no network; a clock only for a rule's date.

The same commit gets the same names on every CI and on a laptop; only whether they are published depends on the event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from semver import Version

from pipeline_kit.model import version
from pipeline_kit.model.plan import Plan, Tag
from pipeline_kit.tagging import metadata, names
from pipeline_kit.tagging.facts import Facts, facts
from pipeline_kit.tagging.flavor import Flavor
from pipeline_kit.versioning.next import branch_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline_kit.model.event import Event
    from pipeline_kit.model.git_state import GitState
    from pipeline_kit.model.version import NextVersion
    from pipeline_kit.tagging.evaluate import Evaluated


def plan(
    state: GitState,
    event: Event,
    named: NextVersion,
    *,
    extra: tuple[str, ...] = (),
    latest: bool = True,
    flavor: Flavor | None = None,
    kubernetes: bool = False,
    labels: dict[str, str] | None = None,
) -> Plan:
    """Tags and labels for ``named``, and whether this event publishes them.

    A release gets its version and the tags that move with it; anything else the commit and branch tags. A pull
    request's plan holds what the branch it goes to would publish. ``labels`` are those of the commit alone where none
    are given.
    """
    around = flavor or Flavor()

    def name(text: str) -> str:
        prefix, suffix = around.prefix, around.suffix
        if text == "latest":
            prefix, suffix = prefix * around.prefix_latest, suffix * around.suffix_latest
        return names.tag(f"{prefix}{text}{suffix}", kubernetes=kubernetes)

    tags = [Tag(name(f"sha-{state.short}"), "commit")]
    wanted = latest and around.latest != "false"
    if named.released and event.kind != "schedule":
        parsed = Version.parse(named.version)
        moving = [one for one in version.moving_tags(parsed) if wanted or one != "latest"]
        tags = [Tag(name(named.version), "version"), *(Tag(name(one), "moving") for one in moving), *tags]
    elif branch := event.base or branch_of(state, event):
        tags.append(Tag(name(branch), "branch"))
    if wanted and around.latest == "true":
        tags.append(Tag(name("latest"), "moving"))
    return Plan(
        commit=state.commit,
        time=state.time,
        version=named.version,
        origin=named.origin,
        released=named.released,
        tags=_without_doubles([*tags, *_extra(extra, kubernetes=kubernetes)]),
        labels=metadata.labels(_of_commit(state), named.version) if labels is None else labels,
        publishes=event.kind != "pull_request",
        reason="pull request" if event.kind == "pull_request" else "",
        changes=named.changes,
    )


def ruled(
    state: GitState,
    event: Event,
    named: NextVersion,
    evaluated: Evaluated,
    *,
    extra: tuple[str, ...] = (),
    kubernetes: bool = False,
    labels: dict[str, str],
) -> Plan:
    """What the rules gave, as the plan of this commit. The version is the one that a rule read, else ``named``."""
    return Plan(
        commit=state.commit,
        time=state.time,
        version=evaluated.version or named.version,
        origin=named.origin,
        released=named.released,
        tags=_without_doubles([*evaluated.tags, *_extra(extra, kubernetes=kubernetes)]),
        labels=labels,
        publishes=event.kind != "pull_request",
        reason="pull request" if event.kind == "pull_request" else "",
        changes=named.changes,
    )


def _extra(extra: tuple[str, ...], *, kubernetes: bool) -> list[Tag]:
    return [Tag(names.tag(name, kubernetes=kubernetes), "branch") for name in extra]


def _without_doubles(tags: Iterable[Tag]) -> tuple[Tag, ...]:
    """The first of each name: what a rule or a version says wins over an extra name."""
    found: dict[str, Tag] = {}
    for tag in tags:
        found.setdefault(tag.name, tag)
    return tuple(found.values())


def _of_commit(state: GitState) -> Facts:
    from pipeline_kit.model.event_facts import EventFacts

    return facts(EventFacts(), state, {}, 0.0)
