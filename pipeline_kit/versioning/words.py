"""Why a version is what it is, in words; and why it can't be."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from semver import Version

from pipeline_kit.errors import Failure, alternative, fix, printable, why
from pipeline_kit.model import version
from pipeline_kit.versioning import commits
from pipeline_kit.versioning.channels import is_identifier

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline_kit.model.git_state import Commit, GitState, ReleaseTag
    from pipeline_kit.model.release import Change
    from pipeline_kit.model.version import Bump
    from pipeline_kit.versioning.channels import Range
    from pipeline_kit.versioning.count import Count

_MOST_NAMED = 3


def number(count: int, noun: str) -> str:
    """``1 commit``, ``2 commits``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def origin(count: Count, previous: ReleaseTag | None, distance: int, dirty: int) -> str:
    """Such as ``7 commits since 1.4.2: 2 feat, 1 fix; breaking: 9c1f2e7``."""
    since = f" since {previous.version}" if previous else ", no release yet"
    counted = f"{number(distance, 'commit')}{since}" if distance else f"no commit{since}"
    if count.last and previous not in (None, count.last):
        counted += f", {len(count.since)} since {count.last.version}"
    tally = commits.tally(one.kind for one in count.changes)
    said = [f"{counted}: {tally}" if tally else counted, *_reasons(count)]
    if dirty:
        said.append(number(dirty, "changed file"))
    return "; ".join(said)


def origin_of_tag(count: Count, previous: ReleaseTag | None, since: Sequence[Commit], *, shallow: bool) -> str:
    """Such as ``from the tag; 3 feat, 2 fix since 1.4.2``; a shallow clone does not know what came since."""
    if previous is None or shallow:
        return "from the tag"
    ids = {commit.id for commit in since}
    return f"from the tag; {_tally(one for one in count.changes if one.commit in ids)} since {previous.version}"


def nothing(count: Count, last: ReleaseTag, channel: str | None) -> Failure:
    """There is nothing to release since ``last``. ``channel`` is what a person asked for in place of the branch's."""
    ids = {commit.id for commit in count.after(last)}
    changes = [one for one in count.changes if one.commit in ids]
    package = printable(count.package)[:100]
    return Failure(
        "run.nothing-to-release",
        f"nothing to release {f'of {package} ' if package else ''}since {last.version}",
        why(
            f"{number(len(ids), 'commit')}: {_tally(changes)}. None of them asks for a release."
            if ids
            else "There is no commit since then."
        ),
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
    named = "; ".join(f"{one.commit[:7]} {printable(one.subject)[:60]}" for one in causes[:_MOST_NAMED])
    return Failure(
        "version.range",
        headline,
        why(f"It is asked for by {named}."),
        alternative("take those commits to the branch of the next version, and off this one (git revert)"),
    )


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


def _reasons(count: Count) -> list[str]:
    breaking = [one.commit[:7] for one in count.changes if one.bump == "major"]
    more = f" and {len(breaking) - _MOST_NAMED} more" if len(breaking) > _MOST_NAMED else ""
    said = [f"breaking: {', '.join(breaking[:_MOST_NAMED])}{more}"] if breaking else []
    if back := len(count.since) - len(count.changes):
        said.append(f"{back} taken back")
    if count.release_as:
        asked, change = count.release_as
        lower = "" if count.holds(asked) or not count.highest else f", not higher than {count.highest.version}"
        said.append(f"Release-As {asked} of {change.commit[:7]}{lower}")
    return said


def _tally(changes: Iterable[Change]) -> str:
    return commits.tally(one.kind for one in changes) or "none"


def _last(count: Count) -> str:
    return count.last.version if count.last else "none"
