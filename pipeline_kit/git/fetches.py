"""Whether a clone's fetches asked for the remote's tags: git writes each one's words into the reflogs of what it moved.

A clone without tags looks like a project before its first release; these words tell the two apart, without a network.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline_kit.git.repository import Git
    from pipeline_kit.git.settings import Settings

# A checkout may fetch all, and then once more what has moved meanwhile.
_ONE_CHECKOUT = 600  # seconds
_ENTRIES = 1000
_REFS = 16
_LARGEST = 16 << 20
_ENTRY = re.compile(r"@\{(\d+)\} (fetch|pull|clone)\b(.*?)(?:: .*)?$")
_ALL_TAGS = ("refs/tags/*:", "refs/*:")
_TAGS = re.compile(r"--tags|-[afkmnpPquv46]*t[a-zA-Z]*")
# A pull's -n is about something else.
_NO_TAGS = {"fetch": re.compile(r"--no-tags|-[afkmpPquv46]*n[a-zA-Z]*"), "pull": re.compile("--no-tags")}
_WITH_VALUE = frozenset(
    (
        *("-j", "-o", "-s", "-X", "--jobs", "--server-option", "--depth", "--deepen", "--shallow-since", "--filter"),
        *("--shallow-exclude", "--upload-pack", "--refmap", "--negotiation-tip", "--strategy", "--strategy-option"),
    )
)


class Fetch(NamedTuple):
    """One that git wrote down: its time in seconds since 1970, its command and its words."""

    time: int
    command: str
    words: tuple[str, ...]


def asked_for_tags(git: Git, commit: str, *, lately: bool) -> bool | None:
    """Whether any fetch that brought this clone something asked for the tags; with ``lately`` the last one that brought
    ``commit``, which is what tells in a folder that a CI uses again. None where nothing tells.
    """
    settings = git.settings
    fetches = _written(git, (lately and _brought(git, commit)) or ["--remotes"])
    newest = max((one.time for one in fetches), default=0)
    if any(_asks(one, settings) for one in fetches if not lately or one.time >= newest - _ONE_CHECKOUT):
        return True
    last = _last_fetched(git)
    if last and b"\ttag '" in last:
        return True
    # What is fetched from no remote, or is stored under no name, comes without its tags and is in no reflog.
    stored = any(settings.refspecs(remote) for remote in settings.remotes)
    told = fetches or settings.tag_option(settings.remote_name("")) == "--no-tags" or (last is not None and not stored)
    return False if told else None  # made here, or brought longer ago than git remembers


def _brought(git: Git, commit: str) -> list[str]:
    """The remotes' refs that stand on ``commit``."""
    found = git.call("for-each-ref", f"--points-at={commit}", f"--count={_REFS}", "--format=%(refname)", "refs/remotes")
    return found.text.split("\n") if found.code == 0 and found.text else []


def _written(git: Git, refs: Iterable[str]) -> list[Fetch]:
    """The fetches in the reflogs of HEAD and of ``refs``."""
    found = git.call(
        *("log", "--walk-reflogs", f"--max-count={_ENTRIES}", "--date=unix", "--format=%gd %gs", "--no-show-signature"),
        *("--grep-reflog=^fetch", "--grep-reflog=^pull", "--grep-reflog=^clone", "HEAD", *refs, "--"),
    )
    entries = map(_ENTRY.search, found.stdout.decode("utf-8", "replace").split("\n"))
    # A rebasing pull writes (start) and (finish) behind its words.
    return [Fetch(int(one[1]), one[2], tuple(one[3].partition(" (")[0].split())) for one in entries if one]


def _asks(fetch: Fetch, settings: Settings) -> bool:
    """Whether it asked for the tags: by its words, or by the remote's configuration; by default git brings the tags of
    what it fetches, unless that is stored under no name.
    """
    if fetch.command == "clone":
        return settings.tag_option(settings.remote_name("")) != "--no-tags"
    options, plain = _parted(fetch.words)
    several = bool({"--all", "--multiple"} & {*options})
    refspecs = [] if several else [word.lstrip("+") for word in plain[1:]]
    # Without refspecs, tags are pruned by fetching them all, whatever --no-tags says.
    prunes_tags = bool({"--prune-tags", "-P"} & {*options}) and not refspecs
    if prunes_tags or any(one.startswith(_ALL_TAGS) for one in refspecs):
        return True
    told = [bool(_TAGS.fullmatch(one)) for one in options if _is_about_tags(fetch.command, one)]
    remote = plain[0] if plain and not several else settings.remote_name("")
    configured = settings.tag_option(remote)
    if told or configured:
        return told[-1] if told else configured == "--tags"
    return any(re.search(":.", one) for one in refspecs) if refspecs else bool(settings.refspecs(remote))


def _is_about_tags(command: str, option: str) -> bool:
    return bool(_TAGS.fullmatch(option) or _NO_TAGS[command].fullmatch(option))


def _parted(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """The options, without their values, and the other words."""
    options: list[str] = []
    plain: list[str] = []
    left = iter(words)
    for word in left:
        (options if word.startswith("-") else plain).append(word)
        if word in _WITH_VALUE:
            next(left, "")
    return options, plain


def _last_fetched(git: Git) -> bytes | None:
    """What git wrote of the last fetch, whether or not it moved a ref; None where there was none."""
    try:
        with open(git.file("FETCH_HEAD"), "rb", opener=_plainly) as file:
            return file.read(_LARGEST)
    except OSError:
        return None


def _plainly(path: str, flags: int) -> int:
    """Neither a link is followed nor a pipe waited for: the repository may be someone else's work."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)
