"""Commit messages: what every preset has in common, whoever decides what a message is worth.

Whatever is read here is text that anyone may have written: each pattern takes linear time, and what is kept is short.
"""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline_kit.model.version import Bump

_HEADER = re.compile(
    r"(?P<kind>[A-Za-z][A-Za-z0-9_-]*)(?:\((?P<scope>[^()\r\n]*)\))?(?P<breaking>!)?:[ \t]*(?P<subject>[^\s/][^\r\n]*)"
)
# At the start of a line and in capitals, as the specification wants it.
_BREAKING = re.compile(r"^BREAKING[ -]CHANGE: +(?=\S)", re.MULTILINE)
_REVERTED = re.compile(r"^This reverts commit ([0-9a-f]{7,64})\b", re.MULTILINE | re.IGNORECASE)
_SKIPPED = re.compile(r"\[skip\s{1,9}release\]|\[release\s{1,9}skip\]", re.IGNORECASE)
_RELEASE_AS = re.compile(r"^Release-As: *v?([^\s]{1,200})[ \t\r]*$", re.MULTILINE | re.IGNORECASE)
_REFERENCE = re.compile(r"(?<![\w/#&-])(?:#|GH-|AB#)[0-9]{1,12}\b")
# Compiled for the few messages that need them.
_REVERTED_REQUEST = r"(?m)^(?:Reverts [\w./-]{0,200}(#[0-9]{1,12})|This reverts merge request (![0-9]{1,12}))[ \t\r]*$"
_REQUEST = r"Merge pull request (#[0-9]{1,12}) |[^\r\n]{0,1000} \((#[0-9]{1,12})\)[ \t\r]*(?:\n|\Z)"
_SEEN_REQUEST = r"(?m)^See merge request [\w./-]{0,200}(![0-9]{1,12})[ \t\r]*$"
_MERGED = r"\s*Merged PR ([0-9]{1,12}):[ \t]*(?=\S)"
_FOOTER = r"(?m)^(?:[A-Za-z][A-Za-z0-9-]*(?:: | #)|[ \t]*$)"
_REVERT_REFERENCES = r"(?mi)^Refs: ([0-9a-f, ]{7,4096})$"
_LISTED = r"(?m)^(?:[ \t]{0,3}[*-][ \t]+|    )(?=[A-Za-z])"
_COUNTED = ("feat", "fix", "perf")
_ORDER: tuple[Bump, ...] = ("patch", "minor", "major")
_LONGEST_SUBJECT = 200
_LONGEST_TEXT = 2000
_MOST = 20


class Header:
    """The first line as type, scope and subject; ``kind`` is '' where it is no conventional one."""

    def __init__(self, message: str) -> None:
        found = _HEADER.match(message.lstrip())
        self.kind = found["kind"].lower() if found else ""
        self.scope = ((found["scope"] or "") if found else "")[:_LONGEST_SUBJECT].strip()
        self.breaking = bool(found and found["breaking"])
        self.subject = found["subject"][:_LONGEST_SUBJECT].rstrip() if found else subject(message)


def subject(message: str) -> str:
    """The first line."""
    start = len(message) - len(message.lstrip())
    end = message.find("\n", start)
    return message[start : end if end >= 0 else len(message)][:_LONGEST_SUBJECT].rstrip()


def breaking_footer(message: str) -> str:
    """What breaks, as a footer says it; '' for nothing."""
    found = _BREAKING.search(message)
    if found is None:
        return ""
    text = message[found.end() : found.end() + _LONGEST_TEXT]
    end = re.compile(_FOOTER).search(text, text.find("\n")) if "\n" in text else None
    return " ".join(text[: end.start() if end else len(text)].split())


def reverted(message: str) -> tuple[str, ...]:
    """The ids of the commits that it takes back, whole or shortened: ``This reverts commit ID`` anywhere, and the
    ``Refs`` of a ``revert:``.
    """
    found = [one[1] for one in _REVERTED.finditer(message)]
    if Header(message).kind == "revert":
        found += [
            one for refs in re.finditer(_REVERT_REFERENCES, message) for one in re.findall(r"[0-9a-f]{7,64}", refs[1])
        ]
    return tuple(dict.fromkeys(one.lower() for one in found[:_MOST]))


def reverted_requests(message: str) -> tuple[str, ...]:
    """The pull requests that it takes back, as GitHub (``#12``) and GitLab (``!12``) write it behind their buttons."""
    if "everts " not in message:  # asked of every commit
        return ()
    found = (one[1] or one[2] for one in re.finditer(_REVERTED_REQUEST, message))
    return tuple(dict.fromkeys(found))[:_MOST]


def request(message: str) -> str:
    """The pull request that it merges, or that became this one commit; '' for none."""
    if found := re.match(_REQUEST, message):
        return found[1] or found[2]
    seen = re.search(_SEEN_REQUEST, message)
    return seen[1] if seen else ""


def untitled(message: str) -> tuple[str, str]:
    """The message of a pull request that became one commit on Azure DevOps (``Merged PR 12: feat: x``) without what is
    put before its title, and the reference that this was (``!12``); the message itself and '' for any other.
    """
    found = re.match(_MERGED, message)
    return (message[found.end() :], f"!{found[1]}") if found else (message, "")


def is_revert(message: str) -> bool:
    """Whether it is nothing but a revert: git's own, or of the type ``revert``."""
    first = subject(message)
    return first.startswith(('Revert "', 'Reapply "')) or Header(message).kind == "revert"


def is_skipped(message: str) -> bool:
    """Whether a message says that its commit makes no release."""
    return bool(_SKIPPED.search(message))


def release_as(message: str) -> str:
    """The version of a ``Release-As`` footer, as it stands there; '' for none."""
    found = _RELEASE_AS.search(message)
    return found[1] if found else ""


def references(message: str) -> tuple[str, ...]:
    """The issues that it names, such as ``#12``, ``GH-12`` and ``AB#12``."""
    found = (one[0] for one in _REFERENCE.finditer(message))
    return tuple(list(dict.fromkeys(found))[:_MOST])


def listed(message: str) -> Iterator[str]:
    """The messages that a squash message lists: as bullets, or indented as ``git merge --squash`` writes them."""
    starts = [one.end() for one in re.finditer(_LISTED, message)]
    for start, end in pairwise([*starts, len(message)]):
        text = message[start:end]
        yield text if text.startswith("BREAKING") else "\n".join(line.lstrip() for line in text.split("\n"))


def highest(bumps: Iterable[Bump | None]) -> Bump | None:
    """The highest of several bumps, None for none."""
    return max((bump for bump in bumps if bump), key=_ORDER.index, default=None)


def tally(kinds: Iterable[str]) -> str:
    """How many of each type, such as ``3 feat, 2 fix``; '' for none. Other types are counted as ``other``."""
    counts = Counter(kind if kind in _COUNTED else "other" for kind in kinds)
    return ", ".join(f"{counts[kind]} {kind}" for kind in (*_COUNTED, "other") if counts[kind])
