"""Every failure has an id, an exit code and an explanation; what is raised is listed, and what is listed is raised."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

from pipeline_kit.catalogue import KINDS
from pipeline_kit.commands.explain import explanation
from pipeline_kit.errors import Exit, Failure

PACKAGE = Path(__file__).parents[2] / "pipeline_kit"
WORDS = re.compile(r"[a-z]+(-[a-z0-9]+)*\.[a-z]+(-[a-z0-9]+)*\Z")


@cache
def modules() -> tuple[ast.Module, ...]:
    paths = [path for path in PACKAGE.rglob("*.py") if path.parent.name != "catalogue"]
    return tuple(ast.parse(path.read_text(encoding="utf-8")) for path in paths)


@cache
def raised() -> frozenset[str]:
    """The ids that stand in a call of Failure or checked."""
    calls = (node for module in modules() for node in ast.walk(module) if isinstance(node, ast.Call) and node.args)
    firsts = (call.args[0] for call in calls if ast.unparse(call.func).rpartition(".")[2] in ("Failure", "checked"))
    return frozenset(text for first in firsts for text in texts(first))


@cache
def mentioned() -> frozenset[str]:
    """The ids that stand anywhere: some are chosen from a table, or given to a function that raises."""
    return frozenset(text for module in modules() for text in texts(module))


def texts(node: ast.AST) -> set[str]:
    constants = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
    return {value for value in constants if isinstance(value, str) and WORDS.match(value)}


def test_what_is_raised_is_in_the_catalogue() -> None:
    assert raised() <= set(KINDS)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_what_is_in_the_catalogue_is_raised(kind: str) -> None:
    assert kind in mentioned(), f"nothing raises {kind}"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_each_kind_is_explained(kind: str) -> None:
    entry = KINDS[kind]
    assert WORDS.match(kind)
    assert entry.exit in set(Exit) - {Exit.DONE}
    assert entry.title[0].isupper() or entry.title.split()[0] in ("docker", "pipeline-kit", "pull_request_target")
    assert not entry.title.endswith(".")
    assert len(entry.title) <= 80
    assert entry.text.rstrip().endswith((".", '"', ":"))
    assert all(len(line) <= 80 for line in explanation(kind).splitlines()[1:])


def test_a_failure_knows_its_exit_code_and_its_word() -> None:
    assert Failure("scan.refused", "x").exit is Exit.REFUSED
    assert [code.word for code in (Exit.BROKE, Exit.REFUSED, Exit.UNKNOWN, Exit.ROLLED_BACK, Exit.USAGE)] == [
        "failed", "refused", "unknown", "rolled back", "failed",
    ]  # fmt: skip
