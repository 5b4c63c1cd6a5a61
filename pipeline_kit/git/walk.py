"""The walk from HEAD back to the last release."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from pipeline_kit.git.history import History, Reader
from pipeline_kit.git.refusal import unread_history

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pipeline_kit.git.repository import Git
    from pipeline_kit.model.git_state import ReleaseTag

_LOG = (
    *("log", "-z", "--date-order", "--encoding=UTF-8", "--no-color", "--no-notes", "--no-show-signature"),
    *("--no-mailmap", "--no-ext-diff", "--no-textconv"),
)
# Of whole trees, whatever the configuration says; without the content of files, which a partial clone lacks.
_PATHS = ("--name-only", "--no-renames", "--no-relative", "--ignore-submodules=none", "--diff-merges=first-parent")
# How many tags are asked about in one call, the highest first: a few are enough on a maintenance branch, and a command
# line holds a thousand.
_ASKED = (16, 1000)


def since_release(
    git: Git, head: str, named: Mapping[str, Sequence[ReleaseTag]], *, paths: bool
) -> tuple[dict[str, ReleaseTag | None], History]:
    """The last stable release in each scope, and the commits since the oldest of them, with their paths where asked.

    Most often the highest tag is the last release, so history is read back to it first; the walk itself shows whether
    HEAD descends from it.
    """
    latest = {name: next(_older(tags, head), None) for name, tags in named.items()}
    history = _read(git, head, latest.values(), paths=paths)
    reached = history.reached if isinstance(history, History) else frozenset()
    wrong = [name for name, tag in latest.items() if tag and tag.commit not in reached]
    if wrong:
        for name in wrong:
            latest[name] = _highest_reached(git, list(_older(named[name], head)), head)
        history = _read(git, head, latest.values(), paths=paths)
    if not isinstance(history, History):
        raise unread_history(history, partial=git.settings.partial)
    return latest, history


def outrun(
    git: Git, head: str, latest: ReleaseTag | None, tags: Sequence[ReleaseTag], history: History
) -> tuple[ReleaseTag | None, int]:
    """The highest pre-release above ``latest`` that this descends from, and the number of commits since then. ``tags``
    are highest first. Git is asked only where there are pre-releases above that no commit since ``latest`` has.
    """
    if latest is None:
        return None, 0
    above = itertools.takewhile(lambda tag: tag != latest, tags)
    since = {commit.id for commit in history.after(latest.commit)}
    asked = [tag for tag in above if not tag.stable and tag.commit != head and tag.commit not in since]
    found = _highest_reached(git, asked, latest.commit)
    if found is None:
        return None, 0
    (count,) = git.lines("rev-list", "--count", "--end-of-options", head, f"^{found.commit}")
    return found, int(count)


def commit_of(tag: ReleaseTag | None) -> str:
    """The commit that a tag stands on; '' for none."""
    return tag.commit if tag else ""


def _older(tags: Iterable[ReleaseTag], head: str) -> Iterator[ReleaseTag]:
    return (tag for tag in tags if tag.commit != head and tag.stable)


def _read(git: Git, head: str, tags: Iterable[ReleaseTag | None], *, paths: bool) -> History | str:
    """The commits of HEAD that the oldest of the tags does not have; git's words where it can't tell: a tag may be on
    what is no commit.
    """
    reader = Reader()
    base = _base(git, {commit_of(tag) for tag in tags})
    span = (head, f"^{base}^{{commit}}") if base else (head,)
    log = (*_LOG, f"--format={reader.format}", *(_PATHS if paths else ()))
    found = git.call(*log, "--end-of-options", *span, "--", taker=reader.feed)
    return reader.history() if found.code == 0 else found.stderr


def _base(git: Git, commits: set[str]) -> str:
    """A commit that all of ``commits`` descend from; '' for none."""
    if len(commits) <= 1 or "" in commits:
        return "" if "" in commits else next(iter(commits), "")
    found = git.call("merge-base", "--octopus", "--end-of-options", *sorted(commits))
    return found.text if found.code == 0 else ""


def _highest_reached(git: Git, tags: Sequence[ReleaseTag], head: str) -> ReleaseTag | None:
    """The first of the tags, highest first, that HEAD descends from."""
    start, size = 0, _ASKED[0]
    while asked := tags[start : start + size]:
        refs = [f"refs/tags/{tag.name}" for tag in asked]
        merged = set(git.lines("for-each-ref", f"--merged={head}", "--format=%(refname:lstrip=2)", *refs))
        if found := next((tag for tag in asked if tag.name in merged), None):
            return found
        start, size = start + size, _ASKED[1]
    return None
