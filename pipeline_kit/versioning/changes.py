"""The commits since a release as changes: what each asks for under the rules, without those that were taken back."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING

from pipeline_kit.model.git_state import ancestry
from pipeline_kit.model.release import Change
from pipeline_kit.versioning import commits
from pipeline_kit.versioning.presets import PRESETS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pipeline_kit.model.git_state import Commit
    from pipeline_kit.model.rules import Rules
    from pipeline_kit.model.version import Bump
    from pipeline_kit.versioning.presets import Preset

# How many reverted merges are looked into: each costs a walk, and a history may hold any number.
_MOST_MERGES = 100


def read(since: Sequence[Commit], rules: Rules) -> tuple[Change, ...]:
    """``since`` as changes, newest first like them."""
    preset = PRESETS[rules.preset]
    gone = _taken_back(since, requests=preset.requests) if preset.cancels else frozenset()
    reader = _Reader(rules, preset)
    return tuple(reader.change(commit) for commit in since if commit.id not in gone)


class _Reader:
    def __init__(self, rules: Rules, preset: Preset) -> None:
        self._bump: Callable[[str], Bump | None] = preset.bump
        self._own = dict(rules.bumps)
        self._squash = rules.squash
        self._merges = preset.merges
        self._skips = preset.skips
        self._requests = preset.requests

    def change(self, commit: Commit) -> Change:
        """What one commit says."""
        is_merge = len(commit.parents) > 1
        # What a merge brings is there by itself.
        message, request = commits.untitled(commit.message) if self._requests and not is_merge else (commit.message, "")
        header = commits.Header(message)
        counts = not (self._skips and commits.is_skipped(message))
        bump = self._of(message, header.kind) if counts and (self._merges or not is_merge) else None
        if self._squash and counts:
            listed = commits.listed(message)
            bump = commits.highest([bump, *(self._of(one, commits.Header(one).kind) for one in listed)])
        if counts and bump is None and self._requests and commits.reverted_requests(message):
            bump = "patch"  # of something released, as git's own reverts are
        breaking = commits.breaking_footer(message) or header.subject if bump == "major" else ""
        return Change(
            commit=commit.id,
            subject=header.subject,
            kind=header.kind,
            scope=header.scope,
            breaking=breaking,
            bump=bump,
            references=(*([request] if request else []), *commits.references(message)),
        )

    def _of(self, message: str, kind: str) -> Bump | None:
        """The project's own word on a type wins over the preset's, but what breaks always breaks."""
        bump = self._bump(message)
        return bump if bump == "major" or kind not in self._own else self._own[kind]


def _taken_back(since: Sequence[Commit], *, requests: bool) -> frozenset[str]:
    """The commits that newer ones take back, and those that do nothing else. A commit that was itself taken back takes
    nothing back, so that the revert of a revert brings the first commit in again. With ``requests`` a pull request is
    taken back by its number, too.
    """
    known = _Known(since)
    gone: set[str] = set()
    for commit in since:
        if commit.id in gone:
            continue
        found = [known.find(one) for one in commits.reverted(commit.message)]
        if requests and not found:
            found = [known.of_request(one) for one in commits.reverted_requests(commit.message)]
        for one in found:
            if one is not None and one.id != commit.id:
                gone |= known.brought_by(one)
        if found and all(found) and commits.is_revert(commit.message):
            gone.add(commit.id)
    return frozenset(gone)


class _Known:
    """The commits by id."""

    def __init__(self, since: Sequence[Commit]) -> None:
        self._since = since
        self._by_id = {commit.id: commit for commit in since}
        self._ids = sorted(self._by_id)
        self._merges_left = _MOST_MERGES

    def find(self, text: str) -> Commit | None:
        """The commit of that id, which may be shortened."""
        start = bisect_left(self._ids, text)
        found = [one for one in self._ids[start : start + 2] if one.startswith(text)]
        return self._by_id[found[0]] if len(found) == 1 else None

    def of_request(self, reference: str) -> Commit | None:
        """The commit that merged that pull request, or that it became."""
        return self._by_request.get(reference)

    @cached_property
    def _by_request(self) -> dict[str, Commit]:
        found = {commits.request(commit.message): commit for commit in self._since}
        return {reference: commit for reference, commit in found.items() if reference}

    def brought_by(self, commit: Commit) -> set[str]:
        """The commit, and if it is a merge all that it brought to its first parent: git reverts it against that one."""
        if len(commit.parents) < 2 or not self._merges_left:
            return {commit.id}
        self._merges_left -= 1
        return {commit.id} | ancestry(self._by_id, commit.parents[1:]) - ancestry(self._by_id, commit.parents[:1])
