"""The lines of releases that a bump is about: one, or one for each package of a repository of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from semver import Version

from pipeline_kit.errors import Failure
from pipeline_kit.model import version
from pipeline_kit.versioning.channels import channel_of
from pipeline_kit.versioning.incomplete import refuse_incomplete
from pipeline_kit.versioning.next import built_branch
from pipeline_kit.versioning.options import no_packages, rules_of_package, which_package
from pipeline_kit.versioning.release import next_release

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.flow import Flow
    from pipeline_kit.model.event import Event
    from pipeline_kit.model.git_state import GitState, ReleaseTag
    from pipeline_kit.model.release import Release
    from pipeline_kit.model.rules import Rules
    from pipeline_kit.release.asked import Asked


@dataclass(frozen=True, slots=True)
class Line:
    """What its releases are counted from, and how."""

    state: GitState
    rules: Rules


def lines_of(flow: Flow, asked: Asked) -> tuple[Line, ...]:
    """The lines that were asked for: of the packages that are named, of all, or the one that the configuration has.

    Failure: ``bump.package`` where nobody says which, and the repository as a whole has no release to go on from.
    """
    packages = flow.settings.packages()
    names = tuple(packages) if asked.all_packages else asked.packages
    if asked.all_packages and not names:
        raise no_packages()
    if not names:
        if packages and not (flow.rules.package or flow.rules.path or _has_own_tag(flow, packages)):
            refuse_incomplete(flow.state, event_of(flow), first_release=flow.rules.first_release)
            raise which_package(packages)
        return (Line(flow.state, flow.rules),)
    rules = {name: rules_of_package(flow.rules, packages, name) for name in names}
    states = flow.states(rules)
    return tuple(Line(states[name], one) for name, one in rules.items())


def _has_own_tag(flow: Flow, packages: Mapping[str, tuple[str, str]]) -> bool:
    """Whether the repository as a whole has a release tag that is of none of the packages: a package without a prefix
    has tags that look like the whole's without its ``v``.
    """
    prefixes = [prefix for _, prefix in packages.values()]
    return any(not any(version.parse(tag.name, prefix) for prefix in prefixes) for tag in flow.state.tags)


def release_of(flow: Flow, line: Line, asked: Asked) -> Release:
    """The next release of ``line``. Failure: as ``versioning.release.next_release`` has them."""
    event = event_of(flow)
    wanted = asked.version or asked.level
    try:
        return next_release(line.state, event, line.rules, asked=wanted, channel=asked.channel)
    except Failure as failure:
        if failure.kind == "run.nothing-to-release" and asked.allow_empty:
            return next_release(line.state, event, line.rules, asked="patch", channel=asked.channel)
        raise


def event_of(flow: Flow) -> Event:
    """The event; of a pull request that of the branch which it goes to, since that is where a release is made."""
    event = flow.context.event
    return msgspec.structs.replace(event, branch=event.base) if event.kind == "pull_request" else event


def channel_of_branch(flow: Flow, line: Line) -> str:
    """The pre-release identifier that the branch makes, '' for stable."""
    return channel_of(built_branch(line.state, event_of(flow)), line.rules, line.state).name


def release_again(flow: Flow, line: Line, tag: ReleaseTag) -> Release:
    """The release of ``tag``, which stands on HEAD, as it was before it was tagged."""
    event = flow.context.event
    refuse_incomplete(line.state, event, first_release=line.rules.first_release)
    return next_release(line.state, event, line.rules, asked=Version.parse(tag.version))
