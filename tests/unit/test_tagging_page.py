"""What docs/tags.md says of rules is so."""

import re
from pathlib import Path

import pytest

from pipeline_kit.tagging import rule
from pipeline_kit.tagging.facts import Facts
from tests.unit.tagging_samples import facts, names, tag

PAGE = (Path(__file__).parents[2] / "docs" / "tags.md").read_text(encoding="utf-8")
ROWS = re.findall(r"^\| `(type=\S.*?)` \| (.+?) \| (`.+?)(?::.*)? \|$", PAGE, re.MULTILINE)
TYPES = re.findall(r"^\| `([a-z0-9]+)` \| (\d+) \| .+? \|(.*) \|$", PAGE, re.MULTILINE)


def event(text: str) -> Facts:
    kind, _, name = text.partition("the ")[2].partition(" ")
    if text == "a schedule":
        return facts(event="schedule")
    if text == "pull request 15":
        return facts("refs/pull/15/merge")
    return tag(name.strip("`")) if kind == "tag" else facts(f"refs/heads/{name.strip('`')}")


@pytest.mark.parametrize(("rules", "on", "gives"), ROWS, ids=[row[0] for row in ROWS])
def test_an_example_gives_what_the_page_says(rules: str, on: str, gives: str) -> None:
    assert names(rules, event(on)) == re.findall(r"`([^`]+)`", gives)


def test_the_page_has_an_example_of_each_type() -> None:
    assert {row[0].split(",")[0].removeprefix("type=") for row in ROWS} == set(rule.TYPES)


def test_the_page_has_each_type_with_its_priority_and_attributes() -> None:
    assert [name for name, _, _ in TYPES] == list(rule.TYPES)
    for name, priority, attributes in TYPES:
        needed = [word for word in ("pattern", "event", "value") if f"`{word}` (needed)" in attributes]
        given = {"pattern": "x", "event": "branch", "value": "x"}
        one = rule.parse(",".join([f"type={name}", *(f"{word}={given[word]}" for word in needed)]))
        assert one.attributes["priority"] == priority
        documented = re.findall(r"`([a-z]+)(?:=[^`]*)?`", attributes)
        assert set(one.attributes) - {"enable", "priority"} <= set(documented)
