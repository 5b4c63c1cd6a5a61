"""What a branch makes: stable releases, pre-releases of a channel, a range of them, or none."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import msgspec
from semver import Version

from pipeline_kit.errors import Failure, fix, printable, why

if TYPE_CHECKING:
    from pipeline_kit.model.git_state import GitState
    from pipeline_kit.model.rules import Rules

STABLE = "stable"
BUILD = "+"
MAINTENANCE = "maintenance"
WORDS = (STABLE, MAINTENANCE)
_RANGE = r"(?P<major>0|[1-9][0-9]{0,8})(?:\.(?P<minor>0|[1-9][0-9]{0,8}))?\.x(?:\.x)?"
_LINE = r"v?(?P<major>0|[1-9][0-9]{0,8})(?:\.(?P<minor>0|[1-9][0-9]{0,8}))?(?:\.x){0,2}"
_IDENTIFIER = r"(?![0-9]+\Z)[0-9A-Za-z-]{1,50}"


class Range(msgspec.Struct, frozen=True):
    """The versions of a maintenance branch: ``1.x``, or ``1.5.x``."""

    major: int
    minor: int | None = None

    def __str__(self) -> str:
        return f"{self.major}.x" if self.minor is None else f"{self.major}.{self.minor}.x"

    def __contains__(self, version: Version) -> bool:
        return version.major == self.major and self.minor in (None, version.minor)


class Channel(msgspec.Struct, frozen=True):
    """What a branch makes. ``name`` is the pre-release identifier, '' for stable; ``range`` what a maintenance branch
    is held to. ``build`` says that the branch is told apart by build metadata, ``releases`` whether it makes any.
    """

    name: str = ""
    range: Range | None = None
    build: bool = False
    releases: bool = True


def channel_of(branch: str, rules: Rules, state: GitState | None = None) -> Channel:
    """The first pattern that fits decides. A branch that none fits makes releases only where there are no patterns at
    all, or where its name is a range.

    Failure: ``version.range`` of a maintenance branch whose name has none; from ``state`` it says which that may be.
    """
    for pattern, name in rules.channels:
        if fnmatchcase(branch, pattern):
            if name == MAINTENANCE and _range(branch) is None:
                raise _names_no_range(branch, rules, state)
            return _channel(name, branch)
    if re.fullmatch(_RANGE, branch):
        return Channel(range=_range(branch))
    return Channel(releases=not rules.channels)


def is_channel(name: str) -> bool:
    """Whether ``name`` can stand behind a pattern."""
    return bool(name in (BUILD, *WORDS) or re.fullmatch(_RANGE, name) or re.fullmatch(_IDENTIFIER, name))


def is_identifier(name: str) -> bool:
    """Whether ``name`` can be a channel's identifier in a version."""
    return bool(re.fullmatch(_IDENTIFIER, name)) and name not in WORDS


def _channel(name: str, branch: str) -> Channel:
    if name == STABLE:
        return Channel()
    if name == BUILD:
        return Channel(build=True, releases=False)
    if name == MAINTENANCE:
        return Channel(range=_range(branch))
    if re.fullmatch(_RANGE, name):
        return Channel(range=_range(name))
    return Channel(name)


def channel_line(branch: str, channel: str, rules: Rules) -> str:
    """The line of the configuration that gives ``branch`` a channel, and where it has to stand to be met first."""
    name = printable(branch)[:100].replace("'", "''")
    above = next((pattern for pattern, _ in rules.channels if fnmatchcase(branch, pattern)), "")
    where = f", above '{printable(above)[:100]}'" if above else ""
    return f"pipeline-kit.yml:  versioning: {{ channels: {{ '{name}': {channel} }} }}{where}"


def _range(text: str) -> Range | None:
    """The range that ``1.x``, ``1.5.x`` or ``release/1.5`` names, None of any other."""
    found = re.fullmatch(_LINE, text.rpartition("/")[2])
    if found is None:
        return None
    return Range(int(found["major"]), int(found["minor"]) if found["minor"] else None)


def _names_no_range(branch: str, rules: Rules, state: GitState | None) -> Failure:
    tags = [*state.here, *([state.latest] if state.latest else [])] if state else []
    last = next((Version.parse(tag.version) for tag in tags if tag.stable), None)
    line = channel_line(branch, str(Range(last.major, last.minor)) if last else "RANGE", rules)
    return Failure(
        "version.range",
        f"the branch {printable(branch)[:100]} names no range",
        why("It is a maintenance branch, and those end with the versions that they keep: 1.x, 1.5.x or 1.5."),
        fix(line if last else f"{line}, where RANGE is what it keeps to"),
    )
