"""Conventional Commits 1.0.0 to the letter (https://www.conventionalcommits.org/en/v1.0.0/).

Types are read in any case, ``BREAKING CHANGE`` in capitals alone. Only ``feat`` and ``fix`` mean something, and a
revert, which the specification leaves open, is a fix.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline_kit.versioning import commits

if TYPE_CHECKING:
    from pipeline_kit.model.version import Bump

_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]*)(?:\([^()\r\n]+\))?(!?): +\S")
_BUMPS: dict[str, Bump] = {"feat": "minor", "fix": "patch", "revert": "patch"}


def bump(message: str) -> Bump | None:
    """``feat`` is minor, ``fix`` and ``revert`` are patch, ``!`` and a breaking footer are major."""
    message = message.lstrip()
    header = _HEADER.match(message)
    if header is None:
        return "patch" if commits.reverted(message) else None
    if header[2] or commits.breaking_footer(message):
        return "major"
    return _BUMPS.get(header[1].lower())
