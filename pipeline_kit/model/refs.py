"""What a full ref stands for."""

from __future__ import annotations

import re

_PULL_REQUEST = re.compile(r"refs/pull/([0-9]+)/")


def branch_of(ref: str) -> str:
    """``main`` for ``refs/heads/main``, '' for what is no branch."""
    return ref.removeprefix("refs/heads/") if ref.startswith("refs/heads/") else ""


def tag_of(ref: str) -> str:
    """``v1.0.0`` for ``refs/tags/v1.0.0``, '' for what is no tag."""
    return ref.removeprefix("refs/tags/") if ref.startswith("refs/tags/") else ""


def pull_request_of(ref: str) -> str:
    """``15`` for ``refs/pull/15/merge``, '' for what is no pull request."""
    found = _PULL_REQUEST.match(ref)
    return found[1] if found else ""
