"""Random inputs, answered by docker/metadata-action and by ``--compat``: the same tags, images and labels.

The answers are recorded: ``python -m tests.contract.metadata_peer_cases > cases.json``, then
``node tests/contract/record_metadata_peer.mjs DIST cases.json tests/contract/metadata_peer_answers.json``.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline_kit.ci import github
from pipeline_kit.model.event_facts import RepositoryFacts
from pipeline_kit.model.git_state import GitState
from pipeline_kit.tagging import facts as facts_of
from pipeline_kit.tagging import request
from tests.contract.metadata_peer_cases import cases
from tests.unit.tagging_samples import refusal

_HERE = Path(__file__).parent
_RECORDED: list[dict[str, Any]] = json.loads((_HERE / "metadata_peer_answers.json").read_text(encoding="utf-8"))
_CASES = cases()
_REPOSITORY = RepositoryFacts(
    "Hello-World", "This your first repo!", "https://github.com/octocat/Hello-World", "MIT", "master"
)
_FROZEN = 1578616200.0
_OF_REPOSITORY = re.compile(r"org\.opencontainers\.image\.(description|url|source|created|licenses)\Z")
# What docker/metadata-action answers and we refuse by name, whatever the answer: the reasons are in docs/tags.md.
_UNSUPPORTED = re.compile(r"behind what may be empty|behind a group that it may leave out")


def test_there_is_an_answer_to_each_case() -> None:
    assert len(_RECORDED) == len(_CASES)


@pytest.mark.parametrize("index", range(len(_CASES)))
def test_we_answer_as_the_peer_does(index: int, tmp_path: Path) -> None:
    case, recorded = _CASES[index], _RECORDED[index]
    found: list[dict[str, Any]] = []
    refused = refusal(lambda: found.append(_ours(case, tmp_path)))
    if refused and "refused" not in recorded:
        assert _UNSUPPORTED.search(refused.headline), f"{refused.headline} for {recorded}"
    else:
        assert ("refused" in recorded) == bool(refused)
        assert refused or found == [recorded]


def test_hardly_any_case_is_refused_though_the_peer_answers(tmp_path: Path) -> None:
    refused = [refusal(lambda: _ours(case, tmp_path)) for case in _CASES]  # noqa: B023 - called at once
    more = sum(1 for one, recorded in zip(refused, _RECORDED, strict=True) if one and "refused" not in recorded)
    assert more <= len(_CASES) // 100


def test_the_recording_is_what_the_peer_answers_now(tmp_path: Path) -> None:
    dist = os.environ.get("PIPELINE_KIT_METADATA_ACTION")
    if not dist or not shutil.which("node"):
        pytest.skip(
            "PIPELINE_KIT_METADATA_ACTION names no dist/index.cjs of docker/metadata-action, or there is no node"
        )
    (tmp_path / "cases.json").write_text(json.dumps(_CASES), encoding="utf-8")
    script = _HERE / "record_metadata_peer.mjs"
    subprocess.run(["node", script, dist, tmp_path / "cases.json", tmp_path / "answers.json"], check=True)
    assert json.loads((tmp_path / "answers.json").read_text(encoding="utf-8")) == _RECORDED


def _ours(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    inputs = case["inputs"]
    payload = folder / "event.json"
    payload.write_text(json.dumps(case["payload"]), encoding="utf-8")
    environ = {**case["environ"], "GITHUB_EVENT_PATH": str(payload)}
    asked = request.parse(
        images_given=[inputs["images"]],
        tags=[inputs["tags"]],
        flavor_given=[inputs["flavor"]],
        labels=[inputs["labels"]],
        compat=True,
    )
    state = GitState(commit=environ["GITHUB_SHA"], time=1731505348)
    facts = facts_of.compatible(github.facts(environ), state, facts_of.settings(environ), _FROZEN)
    facts = msgspec.structs.replace(facts, repository=_REPOSITORY)
    evaluated = asked.evaluated(facts)
    found = asked.metadata(facts, evaluated.names, evaluated.main or "")
    lines = "\n".join(f"{key}={value}" for key, value in found.labels.items()).split("\n")
    return {
        "version": evaluated.main or "",
        "names": list(evaluated.names),
        "images": ",".join(found.images),
        "count": len(found.tags),
        "labels": [line for line in lines if not _OF_REPOSITORY.match(line.split("=")[0])],
        "json": [key for key in found.json()["labels"] if not _OF_REPOSITORY.match(key)],
    }
