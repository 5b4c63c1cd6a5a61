"""A release before it is tagged: what it is called, and what is in it."""

from __future__ import annotations

import msgspec

from pipeline_kit.model.git_state import ReleaseTag
from pipeline_kit.model.version import Bump


class Change(msgspec.Struct, frozen=True, omit_defaults=True):
    """One commit as its message tells it.

    ``kind`` is the type of a Conventional Commit in lower case, '' where the message is none; ``subject`` is what
    follows type and scope, or the first line. ``breaking`` says what breaks, '' for nothing. ``references`` are the
    issues it names, such as ``#12``.
    """

    commit: str
    subject: str
    kind: str = ""
    scope: str = ""
    breaking: str = ""
    bump: Bump | None = None
    references: tuple[str, ...] = ()


class Release(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the next release is: ``tag`` is the name of its git tag, ``previous`` the release that it follows.

    ``channel`` is '' for a stable one, else the pre-release identifier (``rc``). ``changes`` are newest first, without
    those that were reverted. ``package`` and ``path`` are set in a repository of several.
    """

    version: str
    tag: str
    bump: Bump | None = None
    channel: str = ""
    previous: ReleaseTag | None = None
    changes: tuple[Change, ...] = ()
    package: str = ""
    path: str = ""
