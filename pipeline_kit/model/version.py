"""Versions: semantic ones, how the next is counted, and the tags that follow from one.

https://semver.org; a registry's tag can't hold ``+``, so build metadata never becomes part of one.
"""

from __future__ import annotations

import re
from typing import Literal

import msgspec
from semver import Version

Bump = Literal["major", "minor", "patch"]


class NextVersion(msgspec.Struct, frozen=True, omit_defaults=True):
    """What this commit is called. ``origin`` says where that comes from; ``changes`` are the subjects since
    ``previous``, newest first; ``released`` is whether a version tag on this very commit says so.
    """

    version: str
    origin: str
    released: bool
    previous: str = ""
    changes: tuple[str, ...] = ()


def parse(text: str, prefix: str = "v") -> Version | None:
    """The version that a tag names, None if it names none. The prefix may be missing."""
    text = text.removeprefix(prefix)
    try:
        return Version.parse(text) if len(text) <= 200 else None
    except ValueError:
        return None


def bumped(version: Version, bump: Bump) -> Version:
    """The next version. Before 1.0.0 the rules are one step lower: what breaks makes a minor one, all else a patch."""
    if version.major == 0:
        bump = "minor" if bump == "major" else "patch"
    if version.prerelease:
        return version.finalize_version()
    return {"major": version.bump_major, "minor": version.bump_minor, "patch": version.bump_patch}[bump]()


def moving_tags(version: Version) -> tuple[str, ...]:
    """The tags that a release moves, from narrow to wide: ``1.5``, ``1``, ``latest``. A pre-release moves none, and
    before 1.0.0 there is no ``0``, since every minor version may break.
    """
    if version.prerelease:
        return ()
    major = (str(version.major),) if version.major else ()
    return (f"{version.major}.{version.minor}", *major, "latest")


def identifier(text: str) -> str:
    """``text`` as a pre-release identifier: letters, digits and dashes; never one that reads as a number."""
    cleaned = re.sub(r"[^0-9A-Za-z]+", "-", text).strip("-").lower() or "x"
    return f"x{cleaned}" if cleaned.isdigit() else cleaned
