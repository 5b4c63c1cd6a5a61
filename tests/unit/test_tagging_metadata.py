"""Labels, JSON and Bake files."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from pipeline_kit.ci import azure_devops, github
from pipeline_kit.ci.messages import Variable
from pipeline_kit.tagging.javascript import number, number_text, sort_key
from pipeline_kit.tagging.metadata import compact, indented
from tests.unit.tagging_samples import facts, metadata


def test_labels_are_sorted_and_later_ones_win() -> None:
    found = metadata("Zoo=1\napple=2\norg.opencontainers.image.title=Mine\napple={{branch}}").labels
    assert next(iter(found)) == "apple"
    assert list(found)[-1] == "Zoo"
    assert found["apple"] == "main"
    assert found["org.opencontainers.image.title"] == "Mine"


def test_names_stand_behind_each_image() -> None:
    assert metadata(images="a/b\nC/d").tags == ("a/b:1.5.0", "a/b:latest", "c/d:1.5.0", "c/d:latest")
    assert metadata().tags == ("1.5.0", "latest")


def test_the_bake_files() -> None:
    files = metadata("a=1", images="a/b").bake_files()
    target = files["bake-file"]["target"]["docker-metadata-action"]
    assert target["args"] == {"DOCKER_META_IMAGES": "a/b", "DOCKER_META_VERSION": "1.5.0"}
    assert target["labels"]["a"] == "1"
    assert set(files["bake-file-tags"]["target"]["docker-metadata-action"]) == {"tags", "args"}
    assert "DOCKER_META_VERSION" not in str(metadata(version="").bake_files())
    annotations = files["bake-file-annotations"]["target"]["docker-metadata-action"]["annotations"]
    assert annotations[0].startswith("manifest:org.opencontainers.image.created=")


def test_levels_end_at_a_colon_in_a_bake_file_alone() -> None:
    found = replace(metadata(compat=True), annotations={"a": "1"}, levels=("a", "index:x", "manifest"))
    assert found.leveled == ("a:a=1", "index:x:a=1", "manifest:a=1")
    written = found.bake_files()["bake-file-annotations"]["target"]["docker-metadata-action"]["annotations"]
    assert written == ["a:a=1", "index:a=1"]


def test_a_label_that_no_object_of_javascript_takes_is_in_the_list_alone() -> None:
    theirs, ours = (metadata("__proto__=x", compat=compat) for compat in (True, False))
    assert theirs.labels["__proto__"] == ours.labels["__proto__"] == "x"
    assert "__proto__" not in theirs.json()["labels"]
    assert "__proto__" not in str(theirs.bake_files())
    assert ours.json()["labels"]["__proto__"] == "x"


def test_json_is_written_as_javascript_writes_it() -> None:
    value = {"b": ['é\u2028\x1f"\\/'], "a": {}, "c": []}
    assert compact(value) == '{"b":["é\u2028\\u001f\\"\\\\/"],"a":{},"c":[]}'
    assert json.loads(indented(value)) == value
    assert list(json.loads(compact(metadata("10=x\n9=y\nb=z").json()))["labels"])[:2] == ["9", "10"]


def test_a_ref_with_a_lines_end_makes_no_second_label() -> None:
    found = metadata("a={{branch}}", facts("refs/heads/x\nevil=1")).labels
    assert found["a"] == "x\\nevil=1"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", 0),
        (" 12 ", 12),
        ("0x1F", 31),
        ("0b11", 3),
        ("0o7", 7),
        ("1e3", 1000),
        ("-1.5", -1.5),
        (".5", 0.5),
        ("5.", 5),
    ],
)
def test_a_number_of_javascript(text: str, value: float) -> None:
    assert number(text) == value


@pytest.mark.parametrize("text", ["a", "1_0", "0x", "1 2", "--1", "inf", "nan", "\u0663", "1e", "."])
def test_no_number_of_javascript(text: str) -> None:
    assert number(text) != number(text)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (20200110.0, "20200110"),
        (float("12345678901234567890"), "12345678901234567000"),
        (float("9" * 30), "1e+30"),
        (float("1" * 400), "Infinity"),
        (9007199254740993.0, "9007199254740992"),
    ],
)
def test_how_javascript_writes_a_number(value: float, text: str) -> None:
    assert number_text(value) == text


def test_texts_are_sorted_as_people_read_them() -> None:
    texts = ["Z", "a", "é", "_", "A", "e", "1", "-", "~", "ea", "z"]
    assert sorted(texts, key=sort_key) == ["_", "-", "~", "1", "a", "A", "e", "é", "ea", "z", "Z"]


def test_a_variable_for_later_steps(tmp_path: Path) -> None:
    path = tmp_path / "env"
    github.emit(Variable("A_B", "one\nA=two"), {"GITHUB_ENV": str(path)})
    first, *lines = path.read_text(encoding="utf-8").splitlines()
    name, _, end = first.partition("<<")
    assert (name, lines) == ("A_B", ["one", "A=two", end])
    written = azure_devops.emit(Variable("A_B", "x\n##vso[y]"), {})
    assert written == "##vso[task.setvariable variable=A_B;isOutput=false;issecret=false;]x%0A##vso[y]\n"
    with pytest.raises(ValueError, match="name of a variable"):
        Variable("A-B", "x")
