"""What the repository says: read once, before anything is built."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pipeline_kit.model.event import Event


class ReleaseTag(msgspec.Struct, frozen=True):
    """A tag that names a version, and the commit it stands on."""

    name: str
    version: str
    commit: str

    @property
    def stable(self) -> bool:
        """Whether it is no pre-release."""
        return "-" not in self.version.partition("+")[0]


class Commit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A commit's id, message and parents; of a message of more than 128 KiB its first and last lines alone. ``paths``
    are the files it changed, from the repository's top, where they were asked for; of a merge, what it brings to its
    first parent.
    """

    id: str
    message: str
    parents: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


def ancestry(by_id: Mapping[str, Commit], starts: Iterable[str]) -> set[str]:
    """The commits of ``by_id`` that are ``starts`` or lead to them."""
    found: set[str] = set()
    waiting = [one for one in starts if one in by_id]
    while waiting:
        one = waiting.pop()
        if one not in found:
            found.add(one)
            waiting += [parent for parent in by_id[one].parents if parent in by_id]
    return found


# How a remote's tags were fetched. ``all`` of them were asked for by the last fetch, or ``left out`` by it or by the
# clone's configuration; or they ``followed`` what was fetched, as is git's default; or they were left ``unasked``, as
# far as is known. Nothing is known of '': most often it is a repository that was made here.
TagsFetched: TypeAlias = Literal["", "all", "left out", "followed", "unasked"]


class GitState(msgspec.Struct, frozen=True, omit_defaults=True):
    """HEAD and what leads to it.

    ``time`` is the committer's, in whole seconds since 1970 (SOURCE_DATE_EPOCH). ``here`` are the release tags on HEAD,
    pre-releases too, highest version first. ``latest`` is the highest stable one that HEAD descends from, those on HEAD
    not counted; ``since`` are the commits after it with HEAD itself, newest first: all of history where there is none.
    ``outrun`` is the highest pre-release that is higher than ``latest``, although that descends from it, and
    ``outrun_by`` the number of commits since then.
    ``tags`` are all release tags of the repository, also those of other branches, highest first. ``dirty`` counts the
    changed files. ``has_tags`` is whether there is any tag; where there is none, ``fetched`` is how the remote's were
    fetched, and ``completed`` whether it has just given all that it has.
    """

    commit: str
    time: int
    branch: str = ""
    here: tuple[ReleaseTag, ...] = ()
    latest: ReleaseTag | None = None
    since: tuple[Commit, ...] = ()
    outrun: ReleaseTag | None = None
    outrun_by: int = 0
    tags: tuple[ReleaseTag, ...] = ()
    dirty: int = 0
    shallow: bool = False
    has_tags: bool = False
    fetched: TagsFetched = ""
    completed: bool = False
    remote: str = ""

    @property
    def short(self) -> str:
        """The first seven digits of the commit."""
        return self.commit[:7]

    def may_lack_tags(self, event: Event) -> bool:
        """Whether there are no tags here although there may well be some: where they were left out, and on a CI where
        they were not asked for. On a CI that we don't know a repository without a remote has all there is.
        """
        if self.has_tags or self.completed or self.fetched == "all":
            return False
        by_ci = event.skips_tags and (event.kind != "local" or bool(self.remote))
        return by_ci or self.fetched == "left out"
