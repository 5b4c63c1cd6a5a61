"""Versions as the rules ``semver`` and ``pep440`` read them.

``semver`` is strict, with a ``v`` in front if there is one: https://semver.org, node-semver. ``pep440`` is what Python
packages have: https://packaging.python.org/en/latest/specifications/version-specifiers/
"""

from __future__ import annotations

import math
import re

import msgspec

from pipeline_kit.model import version as semantic
from pipeline_kit.tagging import javascript

_LONGEST = 256
_LARGEST_NUMBER = 2**53 - 1
_NUMBER = r"0|[1-9][0-9]{0,255}"
_IDENTIFIER = rf"(?:{_NUMBER}|[0-9]{{0,256}}[a-zA-Z-][a-zA-Z0-9-]{{0,250}})"
# Compiled by the rules that read such versions.
_SEMVER = (
    rf"v?({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?"
    r"(?:\+([a-zA-Z0-9-]{1,250}(?:\.[a-zA-Z0-9-]{1,250})*))?\Z"
)
_PEP440 = (
    r"v?(?:([0-9]+)!)?(?P<release>[0-9]+(?:\.[0-9]+)*)"
    r"(?:[-_.]?(?P<pre>a|b|c|rc|alpha|beta|pre|preview)[-_.]?(?P<pre_number>[0-9]+)?)?"
    r"(?P<post>-(?P<post_number>[0-9]+)|[-_.]?(?:post|rev|r)[-_.]?(?P<post_number_2>[0-9]+)?)?"
    r"(?P<dev>[-_.]?dev[-_.]?(?P<dev_number>[0-9]+)?)?"
    r"(?:\+(?P<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?\Z"
)
_LETTERS = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


class Parsed(msgspec.Struct, frozen=True):
    """``version`` is the normal form, without build metadata; ``stable`` is false for what comes before a release, and
    for PEP 440 also for what comes after one (``.post1``), of which ``later`` is true.
    """

    raw: str
    version: str
    numbers: tuple[str, str, str]
    stable: bool
    later: bool = False
    prerelease: tuple[str, ...] = ()
    build: tuple[str, ...] = ()


def semver(text: str) -> Parsed | None:
    """The version that ``text`` is, None if it is none."""
    found = re.match(_SEMVER, javascript.trim(text)) if len(text) <= _LONGEST else None
    if not found or any(int(one) > _LARGEST_NUMBER for one in found.group(1, 2, 3)):
        return None
    major, minor, patch, prerelease, build = found.groups()
    return Parsed(
        raw=text,
        version=f"{major}.{minor}.{patch}{f'-{prerelease}' if prerelease else ''}",
        numbers=(major, minor, patch),
        stable=not prerelease,
        prerelease=tuple(prerelease.split(".")) if prerelease else (),
        build=tuple(build.split(".")) if build else (),
    )


def pep440(text: str, *, compat: bool = False) -> Parsed | None:
    """The version that ``text`` is, None if it is none. With ``compat`` the parts of a local version are joined by
    commas, as docker/metadata-action has it.
    """
    found = re.match(_PEP440, text, re.IGNORECASE | re.ASCII)
    if not found:
        return None
    release = [_plain(one, compat=compat) for one in found["release"].split(".")]
    pieces = [".".join(release)]
    if found[1] and (epoch := _plain(found[1], compat=compat)) != "0":
        pieces.insert(0, f"{epoch}!")
    if found["pre"]:
        letter = found["pre"].lower()
        pieces.append(_LETTERS.get(letter, letter) + _plain(found["pre_number"], compat=compat))
    if found["post"]:
        pieces.append(f".post{_plain(found['post_number'] or found['post_number_2'], compat=compat)}")
    if found["dev"]:
        pieces.append(f".dev{_plain(found['dev_number'], compat=compat)}")
    if found["local"]:
        pieces.append(f"+{(',' if compat else '.').join(_local(found['local'], compat=compat))}")
    numbers = (*release, "0", "0")
    return Parsed(
        raw=text,
        version="".join(pieces),
        numbers=(numbers[0], numbers[1], numbers[2]),
        stable=not (found["pre"] or found["post"] or found["dev"]),
        later=bool(found["post"] and not found["pre"] and not found["dev"]),
    )


def compared(one: str, other: str) -> int | None:
    """1 if the version ``one`` is newer than ``other``, -1 if it is older, 0 if neither is; None where one of them is
    no version. As semantic versions if both are, else by PEP 440; of two kinds the release alone counts.
    """
    for order in (semantic.parse, _pep440_order, _release):
        first, second = order(one), order(other)
        if first is not None and second is not None:
            # Each order's values are of one type.
            return (first > second) - (first < second)  # type: ignore[operator]
    return None


def ordered(one: str, other: str) -> int | None:
    """As ``compared``, and None also for two pre-releases of one release on channels of different names, such as
    1.5.0-main.7 and 1.5.0-develop.3: the alphabet does not say which branch is ahead.
    """
    first, second = semantic.parse(one), semantic.parse(other)
    if first and second and first.prerelease and second.prerelease:
        same = first.finalize_version() == second.finalize_version()
        if same and _channel(first.prerelease) != _channel(second.prerelease):
            return None
    return compared(one, other)


def _channel(prerelease: str) -> str:
    name = prerelease.partition(".")[0]
    return "" if name.isdecimal() else name


def _pep440_order(text: str) -> tuple[object, ...] | None:
    """What sorts as PEP 440 says; a local version does not count.
    https://packaging.python.org/en/latest/specifications/version-specifiers/#summary-of-permitted-suffixes-and-relative-ordering
    """
    found = re.match(_PEP440, text, re.IGNORECASE | re.ASCII) if len(text) <= _LONGEST else None
    if not found:
        return None
    release = [int(one) for one in found["release"].split(".")]
    while release and not release[-1]:
        release.pop()
    if found["pre"]:
        letter = found["pre"].lower()
        pre = (_LETTERS.get(letter, letter), int(found["pre_number"] or 0))
    else:
        # Work on a release that has no letter yet comes before all letters; "z" is after them.
        pre = ("", 0) if found["dev"] and not found["post"] else ("z", 0)
    post = int(found["post_number"] or found["post_number_2"] or 0) if found["post"] else -1
    dev = int(found["dev_number"] or 0) if found["dev"] else math.inf
    return (int(found[1] or 0), release, pre, post, dev)


def _release(text: str) -> tuple[object, ...] | None:
    parsed = semver(text) or (pep440(text) if len(text) <= _LONGEST else None)
    return (*map(int, parsed.numbers), parsed.stable) if parsed else None


def _plain(digits: str | None, *, compat: bool) -> str:
    """The number without zeros in front; with ``compat`` as exact as JavaScript's numbers are."""
    if not digits:
        return "0"
    return javascript.number_text(float(digits)) if compat else digits.lstrip("0") or "0"


def _local(text: str, *, compat: bool) -> list[str]:
    parts = re.split(r"[._-]", text.lower())
    if not compat:
        return [_plain(part, compat=False) if part.isdecimal() else part for part in parts]
    # Number() also takes 1e3 and 0x1f for numbers.
    return [javascript.number_text(value) if (value := javascript.number(part)) == value else part for part in parts]
