"""Why a version is what it is, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.versioning import commits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline_kit.model.git_state import Commit, ReleaseTag
    from pipeline_kit.model.release import Change
    from pipeline_kit.versioning.count import Count

MOST_NAMED = 3


def number(count: int, noun: str) -> str:
    """``1 commit``, ``2 commits``."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def origin(count: Count, previous: ReleaseTag | None, distance: int, dirty: int) -> str:
    """Such as ``7 commits since 1.4.2: 2 feat, 1 fix; breaking: 9c1f2e7``."""
    since = f" since {previous.version}" if previous else ", no release tag"
    counted = f"{number(distance, 'commit')}{since}" if distance else f"no commit{since}"
    if count.last and previous not in (None, count.last):
        counted += f", {len(count.since)} since {count.last.version}"
    kinds = commits.tally(one.kind for one in count.changes)
    said = [f"{counted}: {kinds}" if kinds else counted, *_reasons(count)]
    if dirty:
        said.append(number(dirty, "changed file"))
    return "; ".join(said)


def origin_of_tag(count: Count, previous: ReleaseTag | None, since: Sequence[Commit], *, shallow: bool) -> str:
    """Such as ``from the tag; 3 feat, 2 fix since 1.4.2``; a shallow clone does not know what came since."""
    if previous is None or shallow:
        return "from the tag"
    ids = {commit.id for commit in since}
    return f"from the tag; {tally(one for one in count.changes if one.commit in ids)} since {previous.version}"


def _reasons(count: Count) -> list[str]:
    breaking = [one.commit[:7] for one in count.changes if one.bump == "major"]
    more = f" and {len(breaking) - MOST_NAMED} more" if len(breaking) > MOST_NAMED else ""
    said = [f"breaking: {', '.join(breaking[:MOST_NAMED])}{more}"] if breaking else []
    if back := len(count.since) - len(count.changes):
        said.append(f"{back} taken back")
    if count.release_as:
        asked, change = count.release_as
        lower = "" if count.holds(asked) or not count.highest else f", not higher than {count.highest.version}"
        said.append(f"Release-As {asked} of {change.commit[:7]}{lower}")
    return said


def tally(changes: Iterable[Change]) -> str:
    """How many changes of each type; ``none`` for none."""
    return commits.tally(one.kind for one in changes) or "none"
