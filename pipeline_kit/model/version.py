"""Versions: semantic ones, how the next is counted, and the tags that follow from one.

https://semver.org; a registry's tag can't hold ``+``, so build metadata never becomes part of one.
"""

from __future__ import annotations

import re
import zlib
from typing import Literal

import msgspec
from semver import Version

Bump = Literal["major", "minor", "patch"]
_LONGEST = 200
# What counts before 1.0.0: all one step lower, nothing higher than minor, or no exception.
Zero = Literal["lower", "cap", "none"]


class NextVersion(msgspec.Struct, frozen=True):
    """What this commit is called. ``origin`` says where that comes from; ``released`` is whether a version tag on this
    very commit says so.

    ``previous`` is the last release before it, ``changes`` are the subjects since then, newest first, and ``distance``
    is their number. ``bump`` is what they ask for together. ``channel`` is '' for a stable one, else the pre-release
    identifier, or ``+`` for build metadata. ``package`` is set in a repository of several.
    """

    version: str
    origin: str
    released: bool
    previous: str = ""
    channel: str = ""
    bump: Bump | None = None
    distance: int = 0
    changes: tuple[str, ...] = ()
    package: str = ""


def parse(text: str, prefix: str = "v") -> Version | None:
    """The version that a tag names, None if it names none. The prefix ``v`` may be missing; any other may not."""
    if not text.startswith(prefix) and prefix != "v":
        return None
    text = text.removeprefix(prefix)
    try:
        return Version.parse(text) if len(text) <= _LONGEST and text.isascii() else None
    except ValueError:
        return None


def bumped(version: Version, bump: Bump, zero: Zero = "lower") -> Version:
    """The next version. A pre-release becomes its release. ``zero`` says what counts before 1.0.0."""
    if version.prerelease:
        return version.finalize_version()
    if version.major == 0 and zero == "lower":
        bump = "minor" if bump == "major" else "patch"
    elif version.major == 0 and zero == "cap" and bump == "major":
        bump = "minor"
    return {"major": version.bump_major, "minor": version.bump_minor, "patch": version.bump_patch}[bump]()


def channel_name(version: Version) -> str:
    """``rc`` of ``1.5.0-rc.2``, '' of a stable version."""
    return (version.prerelease or "").partition(".")[0]


def channel_number(version: Version) -> int:
    """2 of ``1.5.0-rc.2``, 0 where there is none."""
    number = (version.prerelease or "").split(".")[1:2]
    return int(number[0]) if number and number[0].isdigit() else 0


def moving_tags(version: Version) -> tuple[str, ...]:
    """The tags that a release moves, from narrow to wide: ``1.5``, ``1``, ``latest``. A pre-release moves none, and
    before 1.0.0 there is no ``0``, since every minor version may break.
    """
    if version.prerelease:
        return ()
    major = (str(version.major),) if version.major else ()
    return (f"{version.major}.{version.minor}", *major, "latest")


def identifier(text: str) -> str:
    """``text`` as a pre-release identifier: letters, digits and dashes; never one that reads as a number. Where another
    script leaves nothing, a check sum keeps two names apart.
    """
    cleaned = re.sub(r"[^0-9A-Za-z]+", "-", text).strip("-").lower()
    if not cleaned:
        return f"x{zlib.crc32(text.encode('utf-8', 'surrogatepass')):08x}"
    return f"x{cleaned}" if cleaned.isdigit() else cleaned
