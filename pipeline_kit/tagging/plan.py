"""The names of an image: the default ones, and those that rules give. Pure: no network; a clock only for a rule's date.

The same commit gets the same names on every CI and on a laptop; only whether they are published depends on the event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from semver import Version

from pipeline_kit.errors import Failure, fix, why
from pipeline_kit.model.plan import Plan, Tag
from pipeline_kit.model.version import moving_tags
from pipeline_kit.tagging import kinds, names
from pipeline_kit.tagging.flavor import Flavor
from pipeline_kit.versioning.next import built_branch

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline_kit.model.event import Event
    from pipeline_kit.model.git_state import GitState
    from pipeline_kit.model.version import NextVersion


def plan(
    state: GitState, event: Event, named: NextVersion, tags: Iterable[Tag], *, version: str, labels: dict[str, str]
) -> Plan:
    """The plan of this commit with those tags, the first of each name, and whether this event publishes them.

    ``version`` is the one that a rule read, else that of ``named``.
    """
    found: dict[str, Tag] = {}
    for tag in tags:
        found.setdefault(tag.name, tag)
    reason = withheld(state, event)
    return Plan(
        commit=state.commit,
        time=state.time,
        version=version,
        origin=named.origin,
        released=named.released,
        tags=tuple(found.values()),
        labels=labels,
        publishes=not reason,
        reason=reason,
        changes=named.changes,
    )


def withheld(state: GitState, event: Event) -> str:
    """Why this event publishes nothing of what is checked out; '' if it does."""
    if event.kind == "pull_request":
        return "pull request"
    if event.commit and event.commit != state.commit:
        return f"the event is about {event.commit[:7]}, and {state.short} is checked out: check out that one"
    return event.withheld


def default_tags(
    state: GitState,
    event: Event,
    named: NextVersion,
    *,
    flavor: Flavor = Flavor(),  # noqa: B008 - a frozen value
    kubernetes: bool = False,
) -> tuple[Tag, ...]:
    """The tags of ``named`` where no rule gives any: a release gets its version and the tags that move with it;
    anything else those of the commit and the branch, a pull request those of the branch it goes to. ``flavor`` has its
    templates filled in.
    """

    def name(text: str) -> str:
        whole = flavor.latest_name if text == "latest" else f"{flavor.prefix}{text}{flavor.suffix}"
        return names.tag(whole, kubernetes=kubernetes)

    tags = [Tag(name(f"sha-{state.short}"), "commit")]
    if named.released and event.kind != "schedule":
        parsed = Version.parse(named.version)
        moving = [one for one in moving_tags(parsed) if one != "latest" or flavor.latest != "false"]
        tags = [Tag(name(named.version), "version"), *(Tag(name(one), "moving") for one in moving), *tags]
    elif branch := event.base or built_branch(state, event):
        tags.append(Tag(name(names.of_branch(branch)), "branch"))
    if flavor.latest == "true":
        tags.append(Tag(name("latest"), "moving"))
    return tuple(tags)


def extra_tags(extra: Iterable[str], *, kubernetes: bool = False) -> list[Tag]:
    """The tags that were asked for by their name: they move to a higher version, and one that is a version stays."""
    extra = tuple(extra)
    if not all(extra):
        raise Failure(
            "config.usage",
            "an extra tag is empty",
            why("Most often the variable that should name it is not set."),
            fix("pipeline-kit tag --extra staging"),
        )
    found = [names.tag(one, kubernetes=kubernetes) for one in extra]
    return [Tag(one, kinds.of_literal(one)) for one in found]
