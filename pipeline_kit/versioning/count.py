"""Where HEAD stands between two releases: what was the last one, what came since, what the next one would be."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import structs
from semver import Version

from pipeline_kit.model import version
from pipeline_kit.model.git_state import ancestry
from pipeline_kit.versioning import commits
from pipeline_kit.versioning.changes import read
from pipeline_kit.versioning.presets import PRESETS

if TYPE_CHECKING:
    from pipeline_kit.model.git_state import Commit, GitState, ReleaseTag
    from pipeline_kit.model.release import Change
    from pipeline_kit.model.rules import Rules
    from pipeline_kit.model.version import Bump

FIRST = "0.1.0"


class Count:
    """``last`` is the last stable release that HEAD descends from, one on HEAD too, and ``since`` the commits after it
    that are of the package, newest first. ``outrun`` is a pre-release that ``last`` descends from and is lower than.
    """

    def __init__(self, state: GitState, rules: Rules) -> None:
        self._tags = state.tags
        self._here = state.here
        self._rules = rules
        self.package = rules.package
        self._head = state.commit
        self.outrun = state.outrun
        self._distance_of_outrun = state.outrun_by
        stable = next((tag for tag in state.here if tag.stable), None)
        self.last: ReleaseTag | None = stable or state.latest
        self._history: tuple[Commit, ...] = () if stable else state.since
        self.since = tuple(commit for commit in self._history if rules.counts(commit.paths))

    @classmethod
    def before_tags(cls, state: GitState, rules: Rules) -> Count:
        """As it was before the tags on HEAD were made."""
        others = tuple(tag for tag in state.tags if tag.commit != state.commit)
        return cls(structs.replace(state, here=(), tags=others), rules)

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """What the commits since the last stable release say, newest first, without those that were taken back."""
        return read(self.since, self._rules)

    @property
    def bump(self) -> Bump | None:
        """What the changes ask for together."""
        return commits.highest(change.bump for change in self.changes)

    @cached_property
    def pre_releases(self) -> tuple[ReleaseTag, ...]:
        """The pre-releases since the last stable release that HEAD descends from, highest first."""
        ids = {commit.id for commit in self._history} | {self._head}
        known = dict.fromkeys((*self._here, *self._tags))
        return tuple(tag for tag in known if not tag.stable and tag.commit in ids and self._is_newer(tag))

    @property
    def highest(self) -> ReleaseTag | None:
        """The highest release that HEAD descends from, pre-releases too, also one that a lower release came after."""
        found = next(iter(self.pre_releases), self.last)
        passed = self.outrun
        if passed and (found is None or Version.parse(passed.version) > Version.parse(found.version)):
            return passed
        return found

    def _is_newer(self, tag: ReleaseTag) -> bool:
        return self.last is None or Version.parse(tag.version) > Version.parse(self.last.version)

    @cached_property
    def release_as(self) -> tuple[Version, Change] | None:
        """What the newest commit with a ``Release-As`` footer asks for, where the preset knows it. One that was made
        since asks for nothing.
        """
        if not PRESETS[self._rules.preset].asks:
            return None
        messages = {commit.id: commit.message for commit in self.since}
        made = {tag.version: tag.commit for tag in self.pre_releases}
        for change in self.changes:
            text = commits.release_as(messages[change.commit])
            asked = version.parse(text) if text else None
            if asked is None:
                continue
            done = made.get(str(asked))
            return None if done and change.commit in self._until(done) else (asked, change)
        return None

    def base(self, bump: Bump | None = None) -> Version:
        """The stable version that comes next: what ``bump``, else the commits ask for, at least a patch. Never below a
        pre-release that is out already.
        """
        floor = max((Version.parse(tag.version).finalize_version() for tag in self.pre_releases), default=None)
        if bump is None and (asked := self._asked()):
            return asked.finalize_version()
        if self.last is None:
            counted = Version.parse(self._rules.initial)
        else:
            counted = version.bumped(Version.parse(self.last.version), bump or self.bump or "patch", self._rules.zero)
        return max(counted, floor) if floor else counted

    def holds(self, asked: Version) -> bool:
        """Whether a ``Release-As`` can be followed: it is higher than every release that HEAD descends from."""
        return self.highest is None or asked > Version.parse(self.highest.version)

    def _asked(self) -> Version | None:
        asked = self.release_as[0] if self.release_as else None
        return asked if asked and self.holds(asked) else None

    def pre_release(self, base: Version, channel: str = "") -> ReleaseTag | None:
        """The highest pre-release of ``base`` so far, of one channel where it is named."""
        for tag in self.pre_releases:
            found = Version.parse(tag.version)
            if found.finalize_version() == base and (not channel or version.channel_name(found) == channel):
                return tag
        return None

    def after(self, tag: ReleaseTag | None) -> tuple[Commit, ...]:
        """The commits since ``tag``, which is one of the pre-releases, or since the last stable release."""
        if tag is None or tag is self.last:
            return self.since
        before = self._until(tag.commit)
        return tuple(commit for commit in self.since if commit.id not in before)

    def distance(self, tag: ReleaseTag | None) -> int:
        """The number of commits since ``tag``, also where a lower release came in between."""
        return self._distance_of_outrun if tag and tag is self.outrun else len(self.after(tag))

    def _until(self, commit: str) -> set[str]:
        """A commit and those that lead to it."""
        return ancestry({one.id: one for one in self._history}, [commit])

    def number(self, base: Version, channel: str) -> int:
        """The number of the next pre-release: higher than any of this channel, also those of other branches."""
        found = (Version.parse(tag.version) for tag in self._tags if not tag.stable)
        taken = (
            version.channel_number(one)
            for one in found
            if one.finalize_version() == base and version.channel_name(one) == channel
        )
        return max(taken, default=0) + 1
