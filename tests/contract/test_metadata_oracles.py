"""What docker/metadata-action answers, row by row, with ``--compat``: recorded in a folder that is no part of this one.

The folder is named by PIPELINE_KIT_ORACLES; without it, it is the one beside this checkout, where there is one.
``make test-oracles`` runs these tests alone.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from pipeline_kit.ci import github
from pipeline_kit.errors import Failure
from pipeline_kit.model.event_facts import RepositoryFacts
from pipeline_kit.model.git_state import GitState
from pipeline_kit.tagging import facts as facts_of
from pipeline_kit.tagging import flavor, images, lists, metadata, request, rule

if TYPE_CHECKING:
    from pipeline_kit.tagging.facts import Facts

_TOP = Path(__file__).parents[2]
_BESIDE = _TOP.parent / "shared" / "oracles" / "metadata-action"
FOLDER = Path(os.environ.get("PIPELINE_KIT_ORACLES") or _BESIDE).absolute()
_FILES = ("cases", "tag", "flavor", "image", "probes")
# 2020-01-10T00:30:00Z, and the time of the commit that the recorded API told.
FROZEN = 1578616200.0
COMMIT_TIME = 1731505348
_BAKE_KINDS = ("tags", "labels", "annotations")


def _rows(name: str) -> list[dict[str, Any]]:
    path = FOLDER / f"{name}.json"
    if os.environ.get("PIPELINE_KIT_ORACLES") and not any((FOLDER / f"{one}.json").is_file() for one in _FILES):
        raise FileNotFoundError(f"PIPELINE_KIT_ORACLES is {FOLDER}, and none of {', '.join(_FILES)}.json is in it")
    if not path.is_file():
        return []
    try:
        rows: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return rows


def _titled(name: str) -> Any:
    rows = _rows(name)
    if not rows:
        reason = f"no recorded answers of docker/metadata-action in {name}.json"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason), id="none")]
    return [pytest.param(row, id=f"{name}.json-{index}-{_title(row)}") for index, row in enumerate(rows)]


def _title(row: Any) -> str:
    """What the row is called; one that can't be read fails in its test, under its number."""
    try:
        first = row.get("case") or row["row"][0]
        return str(first if isinstance(first, str) else row["suite"])[:60]
    except (AttributeError, IndexError, KeyError, TypeError):
        return "not of the form"


@pytest.mark.parametrize("row", _titled("cases"))
def test_a_case(row: dict[str, Any]) -> None:
    suite, (_, env, inputs, *expected) = row["suite"], row["row"]
    asked = request.of_items(
        images_given=_listed(inputs.get("images")),
        tags=_listed(inputs.get("tags")),
        flavor_given=_listed(inputs.get("flavor")),
        labels=_listed(inputs.get("labels")),
        annotations=_listed(inputs.get("annotations")),
        compat=True,
    )
    environ = environment(env) | ({"DOCKER_METADATA_PR_HEAD_SHA": "true"} if suite == "pr-head-sha" else {})
    facts = frozen(environ)
    evaluated = asked.evaluated(facts)
    found = asked.metadata(facts, evaluated.names, evaluated.main or "")
    found = msgspec.structs.replace(found, bake_target=inputs.get("bakeTarget") or found.bake_target)
    if suite.startswith("bakeFile"):
        found = msgspec.structs.replace(found, levels=("index", "manifest-descriptor"))
        files = found.bake_files()
        whole = ["bake-file"] if suite == "bakeFileTagsLabels" else [f"bake-file-{k}" for k in _BAKE_KINDS]
        assert [files[name] for name in whole] == expected
    elif suite == "json":
        assert found.json() == expected[0]
    elif suite == "sepTags":
        assert inputs["sepTags"].join(found.tags) == expected[0]
    else:
        version, tags, labels, *annotations = expected
        assert {
            "main": evaluated.main,
            "partial": list(evaluated.partial),
            "latest": evaluated.latest,
        } == {"main": None, **version}
        assert list(found.tags) == tags
        assert _lines(found.labels) == labels
        assert _lines(found.annotations) == ((annotations or [None])[0] or labels)


@pytest.mark.parametrize("row", _titled("tag"))
def test_a_rule_is_read_as_recorded(row: dict[str, Any]) -> None:
    given, expected, refused = row["row"]

    def read() -> Any:
        if isinstance(given, list):
            return [_as_row(one) for one in rule.ordered(rule.parse(item, compat=True) for item in given)]
        return _as_row(rule.parse(given, compat=True))

    _compare(read, expected, refused=refused)


@pytest.mark.parametrize("row", _titled("flavor"))
def test_a_flavor_is_read_as_recorded(row: dict[str, Any]) -> None:
    given, expected, refused = row["row"]

    def read() -> Any:
        found = flavor.parse(given)
        return {
            "latest": found.latest,
            "prefix": found.prefix,
            "prefixLatest": found.prefix_latest,
            "suffix": found.suffix,
            "suffixLatest": found.suffix_latest,
        }

    _compare(read, expected, refused=refused)


@pytest.mark.parametrize("row", _titled("image"))
def test_images_are_read_as_recorded(row: dict[str, Any]) -> None:
    given, expected, refused = row["row"]

    def read() -> Any:
        return [{"name": one.name, "enable": one.enable} for one in images.parse(given, compat=True)]

    _compare(read, expected, refused=refused)


@pytest.mark.parametrize("row", _titled("probes"))
def test_a_probe(row: dict[str, Any]) -> None:
    inputs = {key: "\n".join(_listed(value)) for key, value in row["inputs"].items()}
    environ = environment(row["env"]) | row.get("extra", {})

    def run() -> None:
        settings = facts_of.settings(environ)
        facts = frozen(environ, keep_commit_time=True)
        asked = request.parse(
            images_given=[inputs.get("images", "")],
            tags=[inputs.get("tags", "")],
            flavor_given=[inputs.get("flavor", "")],
            labels=[inputs.get("labels", "")],
            annotations=[inputs.get("annotations", "")],
            compat=True,
        )
        evaluated = asked.evaluated(facts)
        found = asked.metadata(facts, evaluated.names, evaluated.main or "")
        found = msgspec.structs.replace(found, levels=settings.levels)
        assert (evaluated.main or "") == row["version"]
        assert (inputs.get("sep-tags") or "\n").join(found.tags).split("\n") == row["tags"]
        # The recording has some of the labels alone.
        assert [line for line in row.get("labels", []) if line not in _lines(found.labels)] == []
        assert [line for line in row.get("ann", []) if line not in found.leveled] == []

    if row.get("rc"):
        with pytest.raises(Failure):
            run()
    else:
        run()


def environment(name: str) -> dict[str, str]:
    """The variables of a recorded event, with the path of its payload made whole."""
    found: dict[str, str] = {}
    for line in fixture(name).read_text(encoding="utf-8").splitlines() if name else ():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'`"
            found[key.removeprefix("export ").strip()] = value[1:-1] if quoted else value.strip()
    if path := found.get("GITHUB_EVENT_PATH"):
        found["GITHUB_EVENT_PATH"] = str(fixture(path))
    return found


def fixture(path: str) -> Path:
    """A file of the recording: in its folder, or anywhere under its fixtures by its name."""
    places = (FOLDER / path, FOLDER / "fixtures" / path, *sorted((FOLDER / "fixtures").rglob(Path(path).name)))
    found = next((place for place in places if place.is_file()), None)
    assert found, f"there is no {path} in {FOLDER}"
    return found


def frozen(environ: dict[str, str], *, keep_commit_time: bool = False) -> Facts:
    """The facts of that environment, at the recorded time and in the recorded repository."""
    repository = json.loads(fixture("repo.json").read_text(encoding="utf-8"))
    settings = facts_of.settings(environ)
    found = facts_of.compatible(github.facts(environ), GitState(commit="", time=COMMIT_TIME), settings, FROZEN)
    return msgspec.structs.replace(
        found,
        commit_time=found.commit_time if keep_commit_time else FROZEN,
        repository=RepositoryFacts(
            name=repository["name"],
            description=repository.get("description") or "",
            url=repository["html_url"],
            license=(repository.get("license") or {}).get("spdx_id") or "",
            default_branch=repository["default_branch"],
        ),
    )


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())


def _compare(read: Any, expected: Any, *, refused: bool) -> None:
    if refused:
        with pytest.raises(Failure):
            read()
    else:
        assert read() == expected


def _as_row(one: rule.Rule) -> dict[str, Any]:
    return {"type": one.type, "attrs": one.attributes}


def _lines(labels: dict[str, str]) -> list[str]:
    return [f"{key}={value}" for key, value in labels.items()]


def test_the_text_of_an_input_is_read_twice() -> None:
    """The rows ``latest01`` and ``latest02`` end to end: the quotes are gone before the rule is read."""
    (item,) = lists.items('type=match,"pattern=^release\\d{1,2}"')
    assert item == "type=match,pattern=^release\\d{1,2}"
    assert rule.parse(item, compat=True).attributes["pattern"] == "^release\\d{1"
    assert metadata.compact({"a": ["b"]}) == '{"a":["b"]}'
