"""Releases that can't be made, and the way out of each."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from semver import Version

from pipeline_kit.errors import Failure, alternative, fix, printable, why
from pipeline_kit.model import version
from pipeline_kit.versioning import words
from pipeline_kit.versioning.channels import channel_line, is_identifier

if TYPE_CHECKING:
    from pipeline_kit.errors import Note
    from pipeline_kit.model.git_state import GitState, ReleaseTag
    from pipeline_kit.model.rules import Rules
    from pipeline_kit.model.version import Bump
    from pipeline_kit.versioning.channels import Channel, Range
    from pipeline_kit.versioning.count import Count


def nothing(count: Count, last: ReleaseTag, channel: str | None) -> Failure:
    """There is nothing to release since ``last``. ``channel`` is what a person asked for in place of the branch's."""
    ids = {commit.id for commit in count.after(last)}
    changes = [one for one in count.changes if one.commit in ids]
    package = printable(count.package)[:100]
    since = f"{words.number(len(ids), 'commit')}: {words.tally(changes)}" if ids else "no commit since then"
    return Failure(
        "run.nothing-to-release",
        f"nothing to release {f'of {package} ' if package else ''}since {last.version} ({since})",
        why("A release is made where a commit asks for one."),
        alternative(f"release all the same: {bump_command(count.package, *_pre(channel), '--as', 'patch')}"),
    )


def out_of_range(asked: Version, allowed: Range, branch: str, count: Count, state: GitState, *, here: str) -> Failure:
    """``asked`` is none of the versions of ``branch``, a maintenance branch; ``here`` is the branch that HEAD is on, ''
    where it has no name.
    """
    headline = f"{asked} is outside of {allowed}, and {printable(branch)[:100]} keeps to that"
    highest = Version.parse(count.highest.version) if count.highest else None
    first = Version(allowed.major, allowed.minor or 0)
    if count.highest is None or highest is None or highest < first:
        begin = bump_command(count.package, "--to", str(_of_channel(first, asked, count)))
        return Failure(
            "version.range",
            headline,
            why(f"The last release here is {_last(count)}."),
            alternative(f"begin it: {begin}"),
        )
    if highest not in allowed:
        cause = why(f"{printable(here)[:100] or 'HEAD'} has {printable(count.highest.name)} in its history.")
        return Failure("version.range", headline, cause, fix(_made_anew(allowed, state, here)))
    causes = [one for one in count.changes if one.bump in ("major", "minor")]
    if not causes and count.release_as and count.base() not in allowed:
        causes = [count.release_as[1]]
    if count.base() in allowed or not causes:
        other = free(asked, count, state, above=highest)
        return Failure(
            "version.range",
            headline,
            why(f"It was asked for. The last release here is {_last(count)}."),
            alternative(f"ask for one of {allowed}: {bump_command(count.package, '--to', str(other))}"),
            alternative("release it from the branch of the next version"),
        )
    named = "; ".join(f"{one.commit[:7]} {printable(one.subject)[:60]}" for one in causes[: words.MOST_NAMED])
    return Failure(
        "version.range",
        headline,
        why(f"It is asked for by {named}."),
        *_as_patch(allowed, count, state),
        alternative("take those commits to the branch of the next version, and off this one (git revert)"),
    )


def _as_patch(allowed: Range, count: Count, state: GitState) -> list[Note]:
    patch = count.base("patch")
    if patch not in allowed or _passes(patch, count, state):
        return []
    return [alternative(f"release them as a patch: {bump_command(count.package, '--as', 'patch')}")]


def _made_anew(allowed: Range, state: GitState, here: str) -> str:
    """What to paste where a later line was merged in: a revert takes no release out of the history."""
    inside = [tag for tag in state.tags if Version.parse(tag.version) in allowed]
    last = next((tag.name for tag in inside if tag.stable), "") or next((tag.name for tag in inside), "")
    start = shlex.quote(printable(last)) if last else f"COMMIT, the last one before that of {allowed}"
    if not here:
        return f"git switch -c BRANCH {start}"
    name, old = (shlex.quote(printable(one)[:200]) for one in (here, f"{here}-merged"))
    made = f"git branch -m {name} {old} && git switch -c {name} {start}"
    return f"make it anew: {made}, then git cherry-pick what belongs there, and push it with --force-with-lease"


def not_higher(found: Version, count: Count, state: GitState, level: Bump | None, *, asked: bool) -> Failure:
    """``found`` is lower than the highest release that HEAD descends from. ``asked`` says that a person named it,
    ``level`` is the part of the version that they asked to go up.
    """
    highest = Version.parse(count.highest.version) if count.highest else found
    channel, before = version.channel_name(found), version.channel_name(highest)
    ways = []
    # None of its own is higher than one that is named by hand, such as rc.x.
    goes_on = is_identifier(before) and _of_channel(highest.finalize_version(), highest, count) > highest
    if channel and goes_on and not asked and (level or _asks(count, count.highest)):
        as_level = ("--as", level) if level else ()
        ways.append(alternative(f"go on with {before}: {bump_command(count.package, '--pre', before, *as_level)}"))
    higher = free(found, count, state, above=highest)
    if count.highest and count.highest is count.outrun:
        name = shlex.quote(printable(count.highest.name))
        ways.append(
            alternative(f"if {highest} was given up: git push --delete REMOTE {name} && git tag --delete {name}")
        )
    ways.append(alternative(f"ask for a higher one: {bump_command(count.package, '--to', str(higher))}"))
    return Failure(
        "version.not-higher",
        f"{found} is not higher than {highest}, and this commit descends from that",
        why(
            "It was asked for, and whoever orders versions would take the older code for the newer."
            if asked
            else f"The next pre-release of this channel sorts below {highest}."
        ),
        *ways,
    )


def makes_none(branch: str, channel: Channel, rules: Rules) -> Failure:
    """``branch`` makes no releases."""
    name = printable(branch)[:100]
    return Failure(
        "version.channel",
        f"{name or 'a detached HEAD'} makes no releases",
        why(
            "Its channel is +: its versions differ from the last release by build metadata alone."
            if channel.build
            else "There are channels, and none of their patterns fits this branch."
        ),
        fix(channel_line(branch, "rc", rules) if name else "git switch BRANCH"),
        alternative(f"for this once: {bump_command(rules.package, '--pre', 'rc')}"),
    )


def refuse_taken(found: Version, count: Count, state: GitState, channel: Channel) -> None:
    """Refuse a version that stands on a commit which HEAD lacks. ``channel`` is what the branch releases. None
    is offered that is higher than such a release: it would make code that lacks it the newest.
    """
    for tag in state.tags:
        if Version.parse(tag.version) == found and tag.commit != state.commit:
            raise Failure(
                "bump.taken",
                f"{found} is taken: {printable(tag.name)} stands on {tag.commit[:7]}, which is not in this branch",
                why("A version names one commit for ever, and this one names a commit that HEAD doesn't descend from."),
                fix(f"git merge {shlex.quote(printable(tag.name))}"),
                *_beside(found, count, state, channel),
            )


def _beside(found: Version, count: Count, state: GitState, channel: Channel) -> list[Note]:
    """How this branch is released without what has taken its version."""
    if found.prerelease:
        other = free(found, count, state)
        if _passes(other.finalize_version(), count, state, stable=True):
            return []
        return [alternative(f"say which version this is: {bump_command(count.package, '--to', str(other))}")]
    patch = count.base("patch")
    if _passes(patch, count, state) or not (channel.range is None or patch in channel.range):
        return []
    options = ("--to", str(patch)) if channel.name else ("--as", "patch")
    return [alternative(f"release {patch} from here: {bump_command(count.package, *options)}")]


def _passes(offered: Version, count: Count, state: GitState, *, stable: bool = False) -> bool:
    """Whether ``offered`` is a release that HEAD doesn't descend from, or higher than one that is newer than HEAD's."""
    highest = Version.parse(count.highest.version) if count.highest else Version(0)
    others = (Version.parse(tag.version).replace(build=None) for tag in state.tags if tag.stable or not stable)
    return any(highest < one <= offered for one in others)


def free(found: Version, count: Count, state: GitState, *, above: Version | None = None) -> Version:
    """The next version that nobody has, of the channel that ``found`` is of: higher than ``above``, else the next of
    ``found`` itself, which is taken.
    """
    taken = {Version.parse(tag.version).replace(build=None) for tag in state.tags}
    core = (above or found).finalize_version()
    if above is not None and (above == core or found.prerelease):
        core = core.bump_patch()
    while core in taken:
        core = core.bump_patch()
    return _of_channel(core, found, count)


def _of_channel(core: Version, found: Version, count: Count) -> Version:
    """``core``, or the next pre-release of it where ``found`` is one, of the same channel."""
    channel = version.channel_name(found)
    return Version.parse(f"{core}-{channel}.{count.number(core, channel)}") if channel else core


def _asks(count: Count, last: ReleaseTag | None) -> bool:
    ids = {commit.id for commit in count.after(last)}
    return any(one.bump and one.commit in ids for one in count.changes)


def bump_command(package: str, *options: str) -> str:
    """The command to paste, of the package that was counted."""
    of = ("--package", printable(package)[:100]) if package else ()
    return shlex.join(("pipeline-kit", "bump", *of, *options))


def _pre(channel: str | None) -> tuple[str, ...]:
    return () if channel is None else ("--pre", channel)


def _last(count: Count) -> str:
    return count.last.version if count.last else "none"
