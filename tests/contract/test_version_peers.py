"""Each preset beside the program whose rules it has: both are asked for the next version of the same repository."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.errors import Failure
from pipeline_kit.model.event import Event
from pipeline_kit.model.rules import Rules
from pipeline_kit.versioning.release import next_release
from tests.world import peers
from tests.world.kit import Kit
from tests.world.random_history import RandomHistory, Writer
from tests.world.unavailable import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline_kit.model.git_state import GitState
    from tests.world.peers import Peer
    from tests.world.repository import Repository

_CASES = json.loads((Path(__file__).parents[1] / "commit_cases.json").read_text(encoding="utf-8"))
_BASE = "1.2.3"
_NEXT = {"major": "2.0.0", "minor": "1.3.0", "patch": "1.2.4", None: _BASE}
_HISTORIES = 25
_DISTANCE = re.compile(r"\.dev([0-9]+)\+")


@dataclass(frozen=True)
class Preset:
    """``name`` is ours, ``peer`` gives the program for a repository."""

    name: str
    peer: Callable[[Path], Peer]


_PRESETS = (
    Preset("git-cliff", lambda _: peers.git_cliff()),
    Preset("commitizen", lambda _: peers.commitizen()),
    Preset("python-semantic-release", lambda _: peers.python_semantic_release()),
    Preset("angular", peers.semantic_release),
    Preset("conventional", lambda folder: peers.semantic_release(folder, preset="conventionalcommits")),
)


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Repository]:
    """One for each case of the list: v1.2.3, then its messages."""
    folder = tmp_path_factory.mktemp("cases")
    return {case["name"]: _repository(folder / str(number), case["messages"]) for number, case in enumerate(_CASES)}


@pytest.mark.parametrize("preset", _PRESETS, ids=lambda preset: preset.name)
def test_a_program_answers_what_is_recorded_and_what_our_preset_answers(
    preset: Preset, repositories: dict[str, Repository]
) -> None:
    recorded = {case["name"]: _NEXT[case["answers"][preset.name]] for case in _CASES}
    assert {name: _theirs(preset, repository) for name, repository in repositories.items()} == recorded
    assert {name: _ours(preset, repository) for name, repository in repositories.items()} == recorded


@pytest.mark.parametrize("odd", [False, True], ids=["by the book", "odd messages"])
@pytest.mark.parametrize("preset", _PRESETS, ids=lambda preset: preset.name)
def test_a_program_and_our_preset_agree_on_histories_that_chance_makes(
    preset: Preset, odd: bool, tmp_path: Path
) -> None:
    different = {}
    for seed in range(_HISTORIES):
        history = RandomHistory(tmp_path / str(seed) / "history", seed, odd=odd)
        repository = history.write()
        if (theirs := _theirs(preset, repository)) != (ours := _ours(preset, repository)):
            different[seed] = (f"theirs {theirs}, ours {ours}", history.log)
    assert different == {}


def test_vcs_versioning_counts_as_many_commits_since_the_release(tmp_path: Path) -> None:
    different = {}
    for seed in range(_HISTORIES):
        history = RandomHistory(tmp_path / str(seed) / "history", seed)
        repository = history.write()
        theirs = _DISTANCE.search(peers.vcs_versioning().next_version(repository.folder))
        state = repository.git.state()
        ours = 0 if state.here else len(state.since)
        if (int(theirs[1]) if theirs else 0) != ours:
            different[seed] = (theirs, ours, history.log)
    assert different == {}


def test_the_command_answers_as_the_library_does(repositories: dict[str, Repository]) -> None:
    for name in ("feat!", "FEAT:", "refactor"):
        kit = Kit(repositories[name].folder)
        for preset in ("git-cliff", "commitizen"):
            (recorded,) = [case["answers"][preset] for case in _CASES if case["name"] == name]
            answer = kit("version", "--preset", preset)
            assert answer.result.partition("-")[0] == _NEXT[recorded or "patch"], answer.stderr


def _repository(folder: Path, messages: list[str]) -> Repository:
    """A later message names the commit of an earlier one as {0}, {1}."""
    writer = Writer(folder)
    ids = [writer.commit("chore: base")]
    writer.tag(f"v{_BASE}", ids[0])
    for message in messages:
        ids.append(writer.commit(message.format(*ids[1:]) if ids[1:] else message, ids[-1]))
    return writer.finish(ids[-1])


def _theirs(preset: Preset, repository: Repository) -> str:
    try:
        peer = preset.peer(repository.folder)
    except Unavailable as unavailable:
        pytest.skip(unavailable.reason)
    # No release and the release that is there are the same answer.
    return peer.next_version(repository.folder) or _released(repository.git.state())


def _ours(preset: Preset, repository: Repository) -> str:
    state = repository.git.state()
    if state.here:
        return state.here[0].version
    try:
        return next_release(state, Event("local", branch="main"), Rules(preset=preset.name)).version
    except Failure as failure:
        if failure.kind != "run.nothing-to-release":
            raise
        return _released(state)


def _released(state: GitState) -> str:
    last = state.here[0] if state.here else state.latest
    assert last
    return last.version
