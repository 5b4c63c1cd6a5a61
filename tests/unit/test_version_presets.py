"""What one message asks for: as the tools answered, for any text, and in linear time."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.model.git_state import Commit
from pipeline_kit.model.rules import Rules
from pipeline_kit.versioning import commits
from pipeline_kit.versioning.changes import read
from pipeline_kit.versioning.presets import DEFAULT, PRESETS

CASES = json.loads((Path(__file__).parents[1] / "commit_cases.json").read_text(encoding="utf-8"))
# Those that are named after what reads messages so.
NAMED = [name for name in PRESETS if name != DEFAULT]
# What a message is made of, so that chance comes near to the grammar.
PIECES = st.sampled_from(
    [
        "feat", "fix", "FEAT", "chore", "revert", "(", ")", "(a)", "!", ":", ": ", " ", "\n", "\n\n", "\r\n", "\t",
        "BREAKING CHANGE", "BREAKING-CHANGE: x", "This reverts commit ", "0123456789abcdef", "Refs: ", "* ", "- x",
        "commit 1234567\n", "Author: a", "---", "-a-", "gpg:", "Release-As: 1.2.3", "#12", "\u2028", "\x00", "é",
    ]
)  # fmt: skip
MESSAGES = st.one_of(st.text(max_size=200), st.lists(PIECES, max_size=30).map("".join))
MEGABYTE = 1024 * 1024


def highest(messages: list[str], preset: str) -> str | None:
    """What the messages of one repository, oldest first, ask for together."""
    made: list[Commit] = []
    for number, message in enumerate(messages):
        for index, older in enumerate(made):
            message = message.replace(f"{{{index}}}", older.id)  # noqa: PLW2901 - a table's placeholders
        made.append(Commit(f"{number:040x}", message))
    changes = read(made[::-1], Rules(preset=preset))
    return commits.highest(change.bump for change in changes)


@pytest.mark.parametrize("preset", NAMED)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_preset_answers_as_its_tool_did(case: dict[str, Any], preset: str) -> None:
    assert highest(case["messages"], preset) == case["answers"][preset]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_the_default_reads_messages_as_the_conventional_one(case: dict[str, Any]) -> None:
    assert highest(case["messages"], DEFAULT) == case["answers"]["conventional"]


def test_all_34_cases_are_there_for_every_preset() -> None:
    assert len(CASES) == 34
    assert all(set(case["answers"]) == set(NAMED) for case in CASES)


@pytest.mark.parametrize(
    ("preset", "message", "bump"),
    [
        ("conventional", "feat(a(b))!: x", "major"),
        ("conventional", "fix: x\n\n* BREAKING CHANGE: y", "major"),
        ("conventional", "fix: x\n\n-tag-\nBREAKING CHANGE: y", "patch"),
        ("conventional", "gpg: signed\nfeat: x", "minor"),
        ("conventional", "feat: x\u2028y", None),
        ("conventional", "revert: x", None),
        ("angular", "FIX: x", "patch"),
        ("angular", 'Revert "x"\n\nThis reverts commit 1234567890.', "patch"),
        ("specification", "Fix(a): x", "patch"),
        ("specification", "revert: x", "patch"),
        ("specification", 'Revert "x"\n\nThis reverts commit 1234567890.', "patch"),
        ("specification", "fix: BREAKING CHANGE: y", "patch"),
        ("python-semantic-release", "Add x (#12)\n\n* feat: add one thing\n\n* fix: another thing", "minor"),
        ("python-semantic-release", "fix: BREAKING CHANGE: y", "major"),
        ("python-semantic-release", "fix: x\n \nBREAKING CHANGE: y", "major"),
        ("python-semantic-release", "fix: two words\n \nBREAKING CHANGE: y", "patch"),
        ("python-semantic-release", "fix: x\n\nRefs: 1\nBREAKING CHANGE: y", "major"),
        ("python-semantic-release", "fix: x\n\ntext\nBREAKING CHANGE: y", "patch"),
        ("commitizen", "docs: x\n\nfixes: y", "patch"),
        ("commitizen", "change\n\nchore!: y", "major"),
        ("git-cliff", "chore(deps): x", None),
        ("git-cliff", "chore(deps)!: x", None),
        ("git-cliff", "fix: x\n\ntext\nBREAKING CHANGE: y", "patch"),
        ("git-cliff", "fix: x\n\nRefs #1\nBREAKING CHANGE #2", "major"),
        ("git-cliff", "fix: x\n\nBREAKING CHANGE:", None),
        ("git-cliff", "feat(a):\nx", "minor"),
    ],
)
def test_a_preset_reads_what_its_tool_reads(preset: str, message: str, bump: str | None) -> None:
    assert PRESETS[preset].bump(message) == bump


def test_a_merge_commit_counts_for_nothing_in_python_semantic_release() -> None:
    merge = Commit("a" * 40, "feat: add one thing", ("b" * 40, "c" * 40))
    assert [change.bump for change in read([merge], Rules(preset="python-semantic-release"))] == [None]
    assert [change.bump for change in read([merge], Rules())] == ["minor"]


@pytest.mark.parametrize("preset", PRESETS)
@given(message=MESSAGES)
def test_any_text_is_read(preset: str, message: str) -> None:
    assert PRESETS[preset].bump(message) in ("major", "minor", "patch", None)
    (change,) = read([Commit("a" * 40, message)], Rules(preset=preset, squash=True))
    assert len(change.subject) <= 200
    assert "\n" not in change.subject
    assert bool(change.breaking) <= (change.bump == "major")


BOMBS = {
    "spaces": "fix: x\n\n" + " " * MEGABYTE,
    "blank lines": "fix: x" + "\n" * MEGABYTE,
    "parentheses": "feat" + "(" * MEGABYTE,
    "closed scopes": "feat(" + "): " * (MEGABYTE // 3) + "\u2028",
    "word": "a" * MEGABYTE,
    "words": "fix: " + "ab " * (MEGABYTE // 3),
    "stars": "fix: x\n\n" + "* " * (MEGABYTE // 2),
    "almost breaking": "fix: x\n\n" + "BREAKING CHANGE " * (MEGABYTE // 16),
    "footers": "fix: x\n\n" + "A: b\n" * (MEGABYTE // 5),
    "dashes": "fix: x\n\n-" + "-a" * (MEGABYTE // 2),
    "reverts": 'Revert "' + "This reverts commit " * (MEGABYTE // 20),
    "references": "revert: x\n\n" + "Refs: 1234567, \n" * (MEGABYTE // 16),
    "squashed": "commit 1234567\n" * (MEGABYTE // 15),
    "indented": ("    feat: x\n" * (MEGABYTE // 12)),
    "two spaces": "fix: x\n\n" + "a  " * (MEGABYTE // 3),
    "numbers": "fix: x\n\n" + "#1" * (MEGABYTE // 2),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_huge_message_takes_linear_time(bomb: str) -> None:
    """Quadratic time for a megabyte would be hours."""
    for preset in PRESETS:
        started = time.process_time()
        read([Commit("a" * 40, BOMBS[bomb])], Rules(preset=preset, squash=True))
        seconds = time.process_time() - started
        assert seconds < 5, f"{preset} takes {seconds:.1f} s"


def test_the_guide_has_what_the_tools_answered() -> None:
    guide = (Path(__file__).parents[2] / "docs" / "versions.md").read_text(encoding="utf-8")
    rows = [line.strip("|").split(" | ") for line in guide.splitlines() if line.startswith("| `")]
    shown = [[cell.strip() for cell in row[1:]] for row in rows if len(row) == len(NAMED) + 1]
    assert shown == [[case["answers"][preset] or "-" for preset in NAMED] for case in CASES]
