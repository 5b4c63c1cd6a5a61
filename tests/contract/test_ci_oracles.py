"""What we write is, byte for byte, what the CIs' own libraries write (recorded by ``record_ci_oracles.mjs``)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.ci import dialect
from pipeline_kit.ci.messages import Annotation, EndGroup, Group, Mask, Message, Output
from pipeline_kit.ci.tool_output import plain
from pipeline_kit.errors import Place

_HERE = Path(__file__).parent
_RECORDED = json.loads((_HERE / "ci_oracle_answers.json").read_text())


def _name(case: dict[str, Any]) -> str:
    return f"{case['ci']} {case['say']} {case.get('name') or case.get('place') or case.get('text', '')!r}"


def _plain(text: str) -> str:
    return "\n".join(map(plain, text.split("\n")))


_ALTERED = [one for one in _RECORDED["cases"] if one["say"] == "annotation" and _plain(one["text"]) != one["text"]]


@pytest.mark.parametrize("case", [one for one in _RECORDED["cases"] if one not in _ALTERED], ids=_name)
def test_we_write_what_the_ci_s_own_library_writes(case: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "file"
    written = dialect(case["ci"]).emit(_message(case), {case.get("file", ""): str(file)})
    if file.exists():
        written = re.sub(r"delimiter_[0-9a-f]{32}", "DELIMITER", file.read_bytes().decode())
    assert written == case["answer"]


@pytest.mark.parametrize("case", _ALTERED, ids=_name)
def test_an_annotation_s_text_is_plain_first_and_then_written_as_the_library_does(case: dict[str, Any]) -> None:
    """The library hands on what another CI, or a copy of the log, would take for a command."""
    made = dialect(case["ci"]).emit(_message({**case, "text": _plain(case["text"])}), {})
    assert dialect(case["ci"]).emit(_message(case), {}) == made != case["answer"]


def test_the_recording_is_what_the_libraries_write_now(tmp_path: Path) -> None:
    folder = os.environ.get("PIPELINE_KIT_WORLD_NODE")
    if not folder or not shutil.which("node"):
        pytest.skip("PIPELINE_KIT_WORLD_NODE names no folder with the CIs' libraries, or there is no node")
    answers = tmp_path / "answers.json"
    subprocess.run(["node", _HERE / "record_ci_oracles.mjs", folder, answers], check=True)
    assert json.loads(answers.read_text()) == _RECORDED


def _message(case: dict[str, Any]) -> Message:
    match case["say"]:
        case "group":
            return Group(case["text"])
        case "end":
            return EndGroup()
        case "mask":
            return Mask(case["text"])
        case "output":
            return Output(case["name"], case["text"], secret=case.get("secret", False))
        case _:
            place = Place(*case["place"]) if "place" in case else None
            return Annotation(case["level"], case["text"], case.get("title", ""), place)
