"""What a template of a tag may ask about an event: the same value from every CI, or from git alone."""

from __future__ import annotations

import msgspec


class RepositoryFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """The repository as its host describes it. ``default_branch`` is '' where that is not told."""

    name: str = ""
    description: str = ""
    url: str = ""
    license: str = ""
    default_branch: str = ""


class EventFacts(msgspec.Struct, frozen=True, omit_defaults=True):
    """An event in GitHub's words, whichever CI it comes from; every text is an attacker's.

    ``name`` is the event (``push``, ``pull_request``, ``schedule``), ``ref`` the full ref: ``refs/heads/main``,
    ``refs/tags/v1.0.0``, ``refs/pull/15/merge``. ``sha`` is the commit that the CI names and ``head_sha`` that of the
    pull request's own branch. ``base`` is the branch that a pull request goes to, or that a tag was pushed with.
    ``commit_times`` are the times of the pushed commits as the payload writes them, by the commit's id.
    """

    name: str = ""
    ref: str = ""
    sha: str = ""
    head_sha: str = ""
    base: str = ""
    repository: RepositoryFacts = RepositoryFacts()
    commit_times: dict[str, str] = {}
