"""What the repository says: read once, before anything is built."""

from __future__ import annotations

import msgspec


class ReleaseTag(msgspec.Struct, frozen=True):
    """A tag that names a version, and the commit it stands on."""

    name: str
    version: str
    commit: str


class Commit(msgspec.Struct, frozen=True, omit_defaults=True):
    """A commit's id, whole message and parents; ``paths`` are the files it changed, where they were asked for."""

    id: str
    message: str
    parents: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()


class GitState(msgspec.Struct, frozen=True, omit_defaults=True):
    """HEAD and what leads to it.

    ``time`` is the committer's, in whole seconds since 1970 (SOURCE_DATE_EPOCH). ``here`` are the release tags on HEAD,
    highest version first; ``latest`` is the highest one that HEAD descends from, and ``since`` the commits after it,
    newest first. ``tags`` are all release tags of the repository, also those of other branches, highest first.
    ``dirty`` counts the changed files.
    """

    commit: str
    time: int
    branch: str = ""
    here: tuple[ReleaseTag, ...] = ()
    latest: ReleaseTag | None = None
    since: tuple[Commit, ...] = ()
    tags: tuple[ReleaseTag, ...] = ()
    dirty: int = 0
    shallow: bool = False
    has_tags: bool = False
    remote: str = ""

    @property
    def short(self) -> str:
        """The first seven digits of the commit."""
        return self.commit[:7]
