"""What a commit is called, from the repository and the event. Pure: no network, no clock.

The same commit gets the same version on every CI and on a laptop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from semver import Version

from pipeline_kit.model import version
from pipeline_kit.model.rules import Rules
from pipeline_kit.model.version import NextVersion
from pipeline_kit.versioning import commits, refusal, words
from pipeline_kit.versioning.channels import BUILD, channel_of
from pipeline_kit.versioning.count import Count
from pipeline_kit.versioning.incomplete import refuse_incomplete

if TYPE_CHECKING:
    from pipeline_kit.model.event import Event
    from pipeline_kit.model.git_state import GitState, ReleaseTag
    from pipeline_kit.versioning.channels import Channel


def next_version(state: GitState, event: Event, rules: Rules | None = None) -> NextVersion:
    """The version of HEAD: that of a version tag on it, else ``X.Y.Z-BRANCH.DISTANCE`` with the next version, the
    branch and the number of commits since the last release. It sorts after that release and before the next one, also
    between two pre-releases: ``1.5.0-rc.2.next.3``.

    A clone that may lack tags is refused: the answer would be a wrong one without a sign. Failure: ``git.shallow``,
    ``git.no-tags``, ``version.range``.
    """
    rules = rules or Rules()
    if (tag := _released(state, event)) and not _counts_as_dirty(state, event):
        return _of_tag(state, rules, tag)
    refuse_incomplete(state, event, first_release=rules.first_release)
    count = Count(state, rules)
    channel = channel_of(built_branch(state, event), rules, state)
    base = count.base()
    _refuse_out_of_range(base, count, state, event, rules)
    branch = version.identifier(built_branch(state, event) or "detached")
    previous, text = _above(count, *_between(count, base, channel, branch), branch)
    since = count.after(previous)
    return NextVersion(
        f"{text}.dirty" if _counts_as_dirty(state, event) else text,
        words.origin(count, previous, count.distance(previous), state.dirty),
        released=False,
        previous=previous.version if previous else "",
        channel=BUILD if channel.build else channel.name,
        bump=count.bump,
        distance=count.distance(previous),
        changes=tuple(commits.subject(commit.message) for commit in since),
        package=rules.package,
    )


def built_branch(state: GitState, event: Event) -> str:
    """The branch that is built: a CI checks out a bare commit, and knows the name."""
    return event.branch or state.branch


def _refuse_out_of_range(base: Version, count: Count, state: GitState, event: Event, rules: Rules) -> None:
    """Refuse what the branch could never release; of a pull request the branch that it goes to, too."""
    bases = [event.base] if event.kind == "pull_request" else []
    for branch in (built_branch(state, event), *bases):
        allowed = channel_of(branch, rules, state).range
        if allowed and base not in allowed:
            raise refusal.out_of_range(base, allowed, branch, count, state, here=built_branch(state, event))


def _released(state: GitState, event: Event) -> ReleaseTag | None:
    if event.kind == "pull_request":
        return None
    asked = [tag for tag in state.here if tag.name == event.tag]
    return next(iter(asked or state.here), None)


def _counts_as_dirty(state: GitState, event: Event) -> bool:
    """A CI's own steps leave files behind; on a laptop a changed file is a change that the commit lacks."""
    return bool(state.dirty) and event.kind == "local"


def _of_tag(state: GitState, rules: Rules, tag: ReleaseTag) -> NextVersion:
    """The version that a tag on HEAD says; what led to it is counted as if no tag were there yet."""
    count = Count.before_tags(state, rules)
    parsed = Version.parse(tag.version)
    before = () if tag.stable else count.pre_releases
    previous = next((one for one in before if Version.parse(one.version) < parsed), count.last)
    since = count.after(previous)
    return NextVersion(
        tag.version,
        words.origin_of_tag(count, previous, since, shallow=state.shallow),
        released=True,
        previous=previous.version if previous else "",
        channel=version.channel_name(parsed),
        bump=count.bump,
        changes=tuple(commits.subject(commit.message) for commit in since),
        package=rules.package,
    )


def _between(count: Count, base: Version, channel: Channel, branch: str) -> tuple[ReleaseTag | None, str]:
    """The release before HEAD, and a version between it and the next one."""
    if channel.build:
        previous = count.highest
        start = Version.parse(previous.version).replace(build=None) if previous else "0.0.0"
        return previous, f"{start}+{branch}.{count.distance(previous)}"
    before = count.pre_release(base)
    first = f"{base}-{channel.name}.0" if channel.name else ""
    if before and (not first or Version.parse(before.version) > Version.parse(first)):
        start = Version.parse(before.version).replace(build=None)
        return before, f"{start}.{branch}.{len(count.after(before))}"
    if first:
        return count.last, f"{first}.{branch}.{len(count.since)}"
    # Lower than any named pre-release of it, where a Release-As names one.
    named = count.release_as is not None and count.release_as[0].prerelease
    return count.last, f"{base}-{'0.' if named else ''}{branch}.{len(count.since)}"


def _above(count: Count, previous: ReleaseTag | None, text: str, branch: str) -> tuple[ReleaseTag | None, str]:
    """``text``, or a version right above the highest release where that is higher: a pre-release of 2.0.0 that a
    release of 1.0.1 came after.
    """
    highest = count.highest
    if highest is None or "+" in text or Version.parse(text) > Version.parse(highest.version):
        return previous, text
    return highest, f"{Version.parse(highest.version).replace(build=None)}.{branch}.{count.distance(highest)}"
