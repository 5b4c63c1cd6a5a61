"""Why a version is what it is, in words; and why it can't be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, printable, why
from pipeline_kit.versioning import commits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from semver import Version

    from pipeline_kit.model.git_state import Commit, ReleaseTag
    from pipeline_kit.model.release import Change
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


def nothing(count: Count, last: ReleaseTag) -> Failure:
    """There is nothing to release since ``last``."""
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
        alternative(f"release all the same: pipeline-kit bump {f'--package {package} ' if package else ''}--as patch"),
    )


def out_of_range(asked: Version, allowed: Range, branch: str, count: Count) -> Failure:
    """``asked`` is none of a maintenance branch's versions."""
    causes = [one for one in count.changes if one.bump in ("major", "minor")]
    named = "; ".join(f"{one.commit[:7]} {printable(one.subject)[:60]}" for one in causes[:_MOST_NAMED])
    return Failure(
        "version.range",
        f"{asked} is outside of {allowed}, and {printable(branch)[:100]} keeps to that",
        why(f"It is asked for by {named}." if named else f"The last release here is {_last(count)}."),
        alternative("take those commits to the branch of the next version, and off this one (git revert)"),
    )


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
