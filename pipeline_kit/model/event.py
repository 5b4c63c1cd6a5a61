"""What made the CI start: the same value from every CI's variables."""

from __future__ import annotations

from typing import Literal

import msgspec

EventKind = Literal["push", "tag", "pull_request", "schedule", "manual", "local", "other"]


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event as the CI tells it; every text is an attacker's until it is parsed.

    ``ref`` is the full ref (``refs/heads/main``) and ``branch`` and ``tag`` its short names. For a pull request
    ``branch`` is the source, ``base`` the branch it goes to, and ``number`` its number. ``fork`` says that the code is
    not of the repository that runs it. ``skips_tags`` says that this CI fetches no tags unless told, or is one
    that we don't know. ``commit`` is what the event is about, '' where that is not told; ``withheld`` says why nothing
    of this event is published, of a kind that is ``other`` always.
    """

    kind: EventKind
    ref: str = ""
    branch: str = ""
    tag: str = ""
    base: str = ""
    number: str = ""
    default_branch: str = ""
    repository: str = ""
    source_url: str = ""
    fork: bool = False
    unsafe: bool = False
    skips_tags: bool = False
    commit: str = ""
    withheld: str = ""

    @property
    def publishes(self) -> bool:
        """Whether an event of this kind may publish what it is about."""
        return self.kind != "pull_request" and not self.withheld


class RunIdentity(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which run of which CI: the part of a record that differs between two runs of the same commit."""

    ci: str
    id: str = ""
    attempt: str = ""
    url: str = ""
