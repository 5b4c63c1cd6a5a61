"""``pipeline-kit version`` beside the programs that people version with, on long histories."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench.commands import command, peak_memory
from bench.pairs import measure
from tests.world import peers
from tests.world.history import write_history
from tests.world.unavailable import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.world.peers import Peer

Row = tuple[str, ...]

KIT = str(Path(sys.executable).parent / "pipeline-kit")
_SIZES = ((10_000, 500), (100_000, 5_000))
_GOAL, _GROWTH_GOAL, _MEMORY_GOAL = "<= 0.80", "<= 1.30", "<= 60 MB"
# One of them takes a quarter of a minute where the others take a tenth of a second.
_QUICK, _SLOW = 11, 3
_PATIENCE = 50_000


def rows(folder: Path) -> Iterator[Row]:
    """The rows of the table. ``folder`` is empty and takes 50 MB."""
    histories = []
    for commits, tags in _SIZES:
        history = folder / str(commits) / "history"
        write_history(history, commits=commits, tags=tags)("remote", "add", "origin", history.as_uri())
        histories.append(history)
        name = f"pipeline-kit version, {commits:,} commits, {tags:,} tags"
        for peer in _peers(history):
            if isinstance(peer, Unavailable):
                yield (name, peer.reason, "", "", "", "")
                continue
            is_slow = "semantic-release" in peer.name and commits > _PATIENCE
            theirs = command(peer.argv, history, peers.environment(history))
            rounds, warmups = (_SLOW, 0) if is_slow else (_QUICK, 1)
            yield measure(_ours(history), theirs, rounds, warmups).row(name, peer.name, _GOAL)
    small, large = histories
    pairs = measure(_ours(large), _ours(small), rounds=_QUICK)
    yield pairs.row("pipeline-kit version, 100,000 commits", "itself, 10,000 commits", _GROWTH_GOAL)
    megabytes = peak_memory((KIT, "version"), large, peers.environment(large)) / 1e6
    yield ("pipeline-kit version, 100,000 commits: memory", "", f"{megabytes:.0f} MB", "", "", _MEMORY_GOAL)


def _ours(history: Path) -> Callable[[], None]:
    return command((KIT, "version"), history, peers.environment(history))


def _peers(history: Path) -> list[Peer | Unavailable]:
    found: list[Peer | Unavailable] = [
        peers.git_cliff(),
        peers.commitizen(),
        peers.vcs_versioning(),
        peers.python_semantic_release(),
    ]
    try:
        found.append(peers.semantic_release(history))
    except Unavailable as unavailable:
        found.append(unavailable)
    return found
