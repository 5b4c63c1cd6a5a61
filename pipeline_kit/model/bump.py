"""What a bump makes, or would make: releases with their notes, one commit, and what is pushed."""

from __future__ import annotations

import msgspec

from pipeline_kit.model.release import Release


class FileChange(msgspec.Struct, frozen=True):
    """A file of the release's commit: its path from the repository's top, and the change as a unified diff."""

    path: str
    diff: str


class Noted(msgspec.Struct, frozen=True):
    """A release and its notes, in Markdown that GitHub and Azure DevOps show alike."""

    release: Release
    notes: str


class Bumped(msgspec.Struct, frozen=True, omit_defaults=True):
    """Releases that were made together.

    ``base`` is the commit that was released, ``commit`` the one that the tags name: the same where no file changes, and
    '' in a dry run that would make one. ``message`` is that commit's, '' where there is none. ``refs`` are what is
    pushed, all or none: ``SOURCE:REF``, and in a dry run, which has no source yet, ``REF``. ``remote`` is where to, ''
    where there is none, and ``remote_name`` what this clone calls it. ``made`` says that this run made the release,
    ``there`` that it was there already, ``promoted`` that it is a pre-release whose release is there too, and
    ``pushed`` that the remote has it; a dry run makes and pushes nothing.
    """

    releases: tuple[Noted, ...]
    base: str
    commit: str = ""
    message: str = ""
    files: tuple[FileChange, ...] = ()
    refs: tuple[str, ...] = ()
    remote: str = ""
    remote_name: str = "origin"
    made: bool = False
    there: bool = False
    promoted: bool = False
    pushed: bool = False

    @property
    def tags(self) -> tuple[str, ...]:
        """The names of the tags."""
        return tuple(one.release.tag for one in self.releases)
