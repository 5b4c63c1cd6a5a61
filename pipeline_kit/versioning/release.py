"""The next release of a branch: which version, and what is in it. Pure: no network, no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semver import Version

from pipeline_kit.errors import Failure, printable, why
from pipeline_kit.model import version
from pipeline_kit.model.release import Release
from pipeline_kit.versioning import refusal
from pipeline_kit.versioning.channels import Channel, channel_of, is_identifier
from pipeline_kit.versioning.count import Count
from pipeline_kit.versioning.incomplete import refuse_incomplete
from pipeline_kit.versioning.next import built_branch

if TYPE_CHECKING:
    from pipeline_kit.model.event import Event
    from pipeline_kit.model.git_state import GitState, ReleaseTag
    from pipeline_kit.model.rules import Rules
    from pipeline_kit.model.version import Bump


def next_release(
    state: GitState, event: Event, rules: Rules, *, asked: Bump | Version | None = None, channel: str | None = None
) -> Release:
    """The release that HEAD would be. ``asked`` is the bump or the version that a person asks for, or the version of a
    tag on HEAD; ``channel`` replaces the branch's own: '' for stable, else a pre-release identifier.

    Failure: ``git.shallow`` and ``git.no-tags`` of an incomplete clone; ``run.nothing-to-release``; ``bump.taken``, the
    tag stands on another commit; ``version.range``, ``version.not-higher``, ``version.channel``.
    """
    exact = asked if isinstance(asked, Version) else None
    there = exact is not None and any(Version.parse(tag.version) == exact for tag in state.here)
    if not there:
        refuse_incomplete(state, event, first_release=rules.first_release)
    branch = built_branch(state, event)
    where = channel_of(branch, rules, state)
    if channel is not None:
        where = _given(channel, where)
    if not where.releases and exact is None:
        raise refusal.makes_none(branch, where, rules)
    count = Count.before_tags(state, rules) if there else Count(state, rules)
    level = asked if isinstance(asked, str) else None
    # A stable branch makes the pre-release that a footer names; a channel, or a person's word, is kept to.
    previous, found = _next(count, where.name, exact, level, given=channel)
    if not there:
        if where.range and found not in where.range:
            # Of a pull request the event names the branch that it goes to.
            here = state.branch if event.kind == "pull_request" else branch
            raise refusal.out_of_range(found, where.range, branch, count, state, here=here)
        if count.highest and found <= Version.parse(count.highest.version):
            raise refusal.not_higher(found, count, state, level, asked=exact is not None)
        refusal.refuse_taken(found, count, state, where)
    ids = {commit.id for commit in count.after(previous)}
    return Release(
        version=str(found),
        tag=f"{rules.prefix}{found}",
        bump=level or count.bump,
        channel=version.channel_name(found),
        previous=previous,
        changes=tuple(change for change in count.changes if change.commit in ids),
        package=rules.package,
        path=rules.path,
    )


def _next(
    count: Count, channel: str, exact: Version | None, bump: Bump | None, *, given: str | None
) -> tuple[ReleaseTag | None, Version]:
    """The release before, and the next one. ``given`` is the channel that a person asked for, if any."""
    takes_named = given is None and not channel
    if exact is None and bump is None and count.release_as and count.holds(count.release_as[0]):
        named = count.release_as[0]
        exact = named if version.channel_name(named) == channel or takes_named else None
    if exact is not None:
        of_channel = exact.prerelease and count.pre_release(exact.finalize_version(), version.channel_name(exact))
        return of_channel or count.last, exact
    base = count.base(bump)
    if not channel:
        if count.last and not (bump or count.bump or count.pre_releases):
            raise refusal.nothing(count, count.last, given)
        return count.last, base
    before = count.pre_release(base, channel)
    ids = {commit.id for commit in count.after(before)}
    asks = [one for one in count.changes if one.bump or (count.release_as and one is count.release_as[1])]
    last = before or count.last
    if last and not bump and not any(one.commit in ids for one in asks):
        raise refusal.nothing(count, last, given)
    return before or count.last, Version.parse(f"{base}-{channel}.{count.number(base, channel)}")


def _given(channel: str, where: Channel) -> Channel:
    if channel and not is_identifier(channel):
        raise Failure(
            "config.usage",
            f"{printable(channel)[:50]} is no channel of pre-releases",
            why("Such a channel is a word of letters, digits and dashes, such as rc; '' is the stable one."),
        )
    return Channel(channel, where.range)
