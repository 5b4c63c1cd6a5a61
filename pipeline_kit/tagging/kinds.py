"""What a name means by how it looks: whether its tag may move, and by what."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline_kit.tagging import names

if TYPE_CHECKING:
    from pipeline_kit.model.plan import TagKind

# As semantic versions and as those of Python packages are written: 1.5.0, v1.5.0-rc.1, 1.5.0rc1, 1.5.0.post1.
_WHOLE = r"v?[0-9]+\.[0-9]+\.[0-9]+(?:(?:a|b|c|rc)[0-9]+)?(?:[-+.][0-9A-Za-z.+-]+)?\Z"
_COARSE = r"v?[0-9]+(?:\.[0-9]+)?\Z"
_YEAR = r"v?(?:19[7-9]|2[0-9]{2})[0-9]\."


def of_git_tag(text: str) -> TagKind:
    """What a name is that was found in a git tag: a version is one all the same, and its tag never moves."""
    text = text.rpartition("/")[2]
    if re.match(_WHOLE, text):
        return "version"
    return "moving" if re.match(_COARSE, text) or names.is_latest(text) else "branch"


def of_literal(text: str) -> TagKind:
    """What a name is that was written down as it is. A whole version never moves, since a workflow's own expression may
    have filled it in; but 2026.11.24 may be a date, and a second push on that day moves it.
    """
    if re.match(_WHOLE, text):
        return "branch" if re.match(_YEAR, text) else "version"
    return "moving"


def of_template(text: str) -> TagKind:
    """What a name is that was made from the event: a branch, a date or a commit, whatever it looks like."""
    return "moving" if names.is_latest(text) else "branch"
