"""How a clone's fetches treated the remote's tags: git writes each one's words into the reflogs of what it moved.

A clone without tags looks like a project before its first release. These words often tell the two apart, without a
network; where they don't, nothing is concluded from them.
"""

from __future__ import annotations

import os
import re
import stat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline_kit.git.repository import Git
    from pipeline_kit.git.settings import Settings
    from pipeline_kit.model.git_state import TagsFetched

# A checkout may fetch all, and then once more what has moved meanwhile.
_ONE_CHECKOUT = 600  # seconds
_AT_ONCE = 5  # seconds
_ENTRIES = 1000
_LONGEST = 4096  # of a line that is read
_ENTRY = re.compile(r"@\{(\d{1,12})\} (fetch|pull|clone)\b(.*?)(?:: .*)?$")
_ALL_TAGS = ("refs/tags/*:", "refs/*:")
# As git takes them: shortened, and several letters in one word.
_TAGS = re.compile(r"--t(a(gs?)?)?|-[a-zA-Z46]*t")
_NO_TAGS = re.compile(r"--no-t(a(gs?)?)?")
_NO_TAGS_OF_FETCH = re.compile(rf"{_NO_TAGS.pattern}|-[a-zA-Z46]*n")
_PRUNES_TAGS = re.compile(r"--prune-t(a(gs?)?)?|-[a-zA-Z46]*P[a-zA-Z46]*")
_WITH_VALUE = frozenset(
    (
        *("-j", "-o", "-s", "-X", "--jobs", "--server-option", "--depth", "--deepen", "--shallow-since", "--filter"),
        *("--shallow-exclude", "--upload-pack", "--refmap", "--negotiation-tip", "--strategy", "--strategy-option"),
    )
)


class Fetch(NamedTuple):
    """One that git wrote down: its time in seconds since 1970, its command and options. ``named`` are the refspecs of
    its command line, ``refspecs`` those that held: these, else those of its remote.
    """

    time: int
    command: str
    options: list[str]
    named: list[str]
    refspecs: list[str]


def tags_fetched(git: Git, branch: str) -> TagsFetched:
    """How the tags of this clone's remotes were fetched, in the words of ``GitState.fetched``. ``branch`` is the one
    that is checked out, '' for none.
    """
    settings = git.settings
    if settings.tag_option(settings.remote_name(branch)) == "--no-tags" and settings.remote_of(branch):
        return "left out"
    fetches = _written(git, branch)
    newest = max((one.time for one in fetches), default=0)
    last = [_told(one) for one in fetches if one.time >= newest - _ONE_CHECKOUT]
    # A fetch that moves no ref is in no reflog, but its time is known.
    later = _last_fetch(git) - newest
    if True in last and later <= _ONE_CHECKOUT:
        return "all"
    if False in last and later <= _AT_ONCE:
        return "left out"
    if any(_follows(one) for one in fetches):
        return "followed"
    # Into a remote's branches it would have been written down; that memory ends after 90 days.
    aside = later > 0 and not any(settings.refspecs(remote) for remote in settings.remotes)
    return "unasked" if fetches or aside else ""


def _written(git: Git, branch: str) -> list[Fetch]:
    """The fetches in the reflogs of HEAD and of the remotes' branches; none where git can't read them all."""
    found = git.call(
        *("log", "--walk-reflogs", f"--max-count={_ENTRIES}", "--date=unix", "--format=%gd %gs", "--encoding=UTF-8"),
        *("--no-show-signature", "--basic-regexp", "--grep-reflog=^fetch", "--grep-reflog=^pull"),
        *("--grep-reflog=^clone", "HEAD", "--remotes", "--"),
    )
    lines = found.stdout.split(b"\n") if found.code == 0 else []
    entries = (_ENTRY.search(line[:_LONGEST].decode("utf-8", "replace")) for line in lines)
    return [_fetch(one, git.settings, branch) for one in entries if one]


def _fetch(entry: re.Match[str], settings: Settings, branch: str) -> Fetch:
    # A rebasing pull writes (start) and (finish) behind its words.
    options, plain = _parted(entry[3].partition(" (")[0].split())
    named = plain[1:]
    held = named or settings.refspecs(plain[0] if plain else settings.remote_name(branch))
    return Fetch(int(entry[1]), entry[2], options, named, [one.removeprefix("+") for one in held])


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


def _told(fetch: Fetch) -> bool | None:
    """Whether it was told to bring all tags, or none; None where it was told neither."""
    if fetch.command == "clone":
        return None
    # Without refspecs, tags are pruned by fetching them all, whatever --no-tags says.
    prunes = not fetch.named and any(_PRUNES_TAGS.fullmatch(one) for one in fetch.options)
    if prunes or any(one.startswith(_ALL_TAGS) for one in fetch.refspecs):
        return True
    none = _NO_TAGS_OF_FETCH if fetch.command == "fetch" else _NO_TAGS  # a pull's -n is about something else
    told = [bool(_TAGS.fullmatch(one)) for one in fetch.options if _TAGS.fullmatch(one) or none.fullmatch(one)]
    return told[-1] if told else None


def _follows(fetch: Fetch) -> bool:
    """Whether it brought the tags of what it brought, as git does by itself, unless that is stored under no name."""
    told = _told(fetch)
    if fetch.command == "clone" or told is not None:
        return told is not False
    several = bool({"--all", "--multiple"} & {*fetch.options})
    return several or any(re.search(":.", one) for one in fetch.refspecs)


def _last_fetch(git: Git) -> float:
    """When something was last fetched, in seconds since 1970; 0 for never."""
    try:
        found = os.lstat(git.file("FETCH_HEAD"))
    except OSError:
        return 0
    return found.st_mtime if stat.S_ISREG(found.st_mode) and found.st_size else 0
