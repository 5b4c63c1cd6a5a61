"""Release tags: which names are versions, and in which order they stand (https://semver.org, 11).

Thousands are read each time, so this has a parser of its own; a test holds it to the semver library's answers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from pipeline_kit.git.refusal import broken_tag
from pipeline_kit.model.git_state import ReleaseTag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.git.repository import Git

_LONGEST = 200
_NUMBER = "(?:0|[1-9][0-9]*)"
_IDENTIFIER = f"(?:{_NUMBER}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_VERSION = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_IDENTIFIER}(?:\.{_IDENTIFIER})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)
# No name of a ref has a caret or a newline.
_SHOWN = re.compile(r"([^ ]+) refs/tags/([^\n^]+)(?:\^\{\})?\n")
_ID = "[0-9a-f]{40,64}"
_BROKEN = r"broken ref refs/tags/(\S+)"
_Precedence: TypeAlias = tuple[int, int, int, bool, tuple[tuple[bool, int, str], ...], bool]


def all_tags(git: Git) -> dict[str, str]:
    """Every tag with the id of what it names in the end; '' where that is not here."""
    shown: list[bytes] = []
    found = git.call("show-ref", "--dereference", "--tags", taker=shown.append)
    if found.code <= 1:  # 1 is for no tags
        return parse_shown(b"".join(shown))
    return _one_by_one(git)


def _one_by_one(git: Git) -> dict[str, str]:
    """As ``all_tags``, where git gives up since one of them is broken."""
    listed = git.call("for-each-ref", "--format=%(refname:lstrip=2)", "refs/tags").checked("git.broke")
    names = _text(listed.stdout).split("\n")[:-1]
    asked = "".join(f"refs/tags/{name}^{{}}\n" for name in names).encode("utf-8", "surrogateescape")
    answers = _text(git.call("cat-file", "--batch-check=%(objectname)", stdin=asked).checked("git.broke").stdout)
    pairs = zip(names, answers.split("\n")[:-1], strict=True)
    found = {name: answer if re.fullmatch(_ID, answer) else "" for name, answer in pairs}
    return found | dict.fromkeys(re.findall(_BROKEN, listed.stderr), "")


def _text(output: bytes) -> str:
    return output.decode("utf-8", "surrogateescape")


def parse_shown(shown: bytes) -> dict[str, str]:
    """The name of each tag and the id of what it names, from ``git show-ref --dereference``: the line of an annotated
    tag is followed by that of what it names in the end.
    """
    return {name: found for found, name in _SHOWN.findall(_text(shown))}


def release_tags(tags: Mapping[str, str], prefix: str) -> tuple[ReleaseTag, ...]:
    """The tags that name a version, highest first. The usual prefix ``v`` may be missing; of equal versions the tag
    with the prefix comes first.

    Failure: ``git.broken-tag``, where one of them can't be read.
    """
    found: list[tuple[_Precedence, ReleaseTag]] = []
    for name, commit in tags.items():
        prefixed = name.startswith(prefix)
        if not prefixed and prefix != "v":
            continue
        start = len(prefix) if prefixed else 0
        if len(name) - start <= _LONGEST and (match := _VERSION.fullmatch(name, start)):
            if not commit:
                raise broken_tag(name)
            major, minor, patch, pre = match.groups()
            order = (int(major), int(minor), int(patch), pre is None, _pre_release(pre) if pre else (), prefixed)
            found.append((order, ReleaseTag(name, name[start:], commit)))
    found.sort(key=lambda entry: entry[0], reverse=True)
    return tuple(tag for _, tag in found)


def _pre_release(text: str) -> tuple[tuple[bool, int, str], ...]:
    """Identifiers by number, then as text; a number is lower than a text, and fewer identifiers are lower than more."""
    return tuple((False, int(one), "") if one.isdecimal() else (True, 0, one) for one in text.split("."))
