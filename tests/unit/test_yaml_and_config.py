"""The configuration means only what it seems to, and every mistake has its place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit import config, yaml
from pipeline_kit.errors import Failure


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a: 1\na: 2\n", "f:2:1", "twice, first in line 1"),
        ("a: &x 1\nb: *x\n", "f:1:4", "anchors and aliases"),
        ("a: !!python/object:x 1\n", "f:1:4", "tags"),
        ("<<: {a: 1}\n", "f:1:1", "plain text"),
        ("a: 1\n---\nb: 2\n", "f:3:1", "one document"),
        ("- 1\n", "f:1:1", "must be a map"),
        ("a: [1\n", "f:2:1", "expected"),
        ("a: \x01\n", "f:1", "does not allow"),
        ("x: " + "[" * 40, "f:1:35", "32 levels"),
        ("x: " + "[" * 100_000, "f:1:35", "32 levels"),
    ],
)
def test_yaml_that_could_mislead_is_refused_at_its_place(text: str, place: str, words: str) -> None:
    with pytest.raises(Failure) as refused:
        yaml.parse(text, "f")
    assert str(refused.value).startswith(f"{place}")
    assert words in str(refused.value)
    assert refused.value.kind == "config.syntax"


def test_a_scalar_keeps_its_text() -> None:
    root = yaml.parse("a: 1.10\nb: 'x'\nc: NO\n", "f")
    assert [(node.text, node.quoted) for node in root.items.values() if isinstance(node, yaml.Scalar)] == [
        ("1.10", False), ("x", True), ("NO", False),
    ]  # fmt: skip


@given(st.text(max_size=200))
def test_any_text_is_a_map_or_a_failure(text: str) -> None:
    try:
        yaml.parse(text, "f")
    except Failure as failure:
        kind = failure.kind
    else:
        kind = "config.syntax"
    assert kind == "config.syntax"


def test_values_become_options() -> None:
    settings = config.loads(
        """
version: 1
image: reg.io/a
build: { target: runtime, args: { A: '1', B: x=y }, platforms: [linux/amd64], no-cache: true }
environments: { prod: { build: { target: prod } } }
"""
    )
    assert settings.options("build") == {
        "target": "runtime", "args": ["A=1", "B=x=y"], "platforms": ["linux/amd64"], "no_cache": True,
    }  # fmt: skip
    assert settings.options("build", "prod")["target"] == "prod"
    assert settings.text("image") == "reg.io/a"
    assert str(settings.place("image")) == "pipeline-kit.yml:3:8"


def test_an_unknown_key_points_at_itself_and_guesses() -> None:
    with pytest.raises(Failure) as refused:
        config.loads("version: 1\nbuild:\n  platform: linux/amd64\n")
    failure = refused.value
    assert failure.headline == 'pipeline-kit.yml:3:3, unknown key "platform"'
    assert failure.evidence == ("       3 │   platform: linux/amd64", '         │   ^^^^^^^^ did you mean "platforms"?')


@pytest.mark.parametrize(
    ("text", "headline"),
    [
        ("build: { target: [a] }", '1:18, "target" must be text'),
        ("build: x", '1:8, "build" must be a map'),
        ("build: { no-cache: 'true' }", '1:20, "no-cache" must be true or false'),
        ("scan: { fail-on: high }", '1:18, "fail-on" must be one of UNKNOWN, LOW, MEDIUM, HIGH, CRITICAL'),
        ("scan: { max-data-age: soon }", '1:23, "max-data-age" must be a whole number'),
        ("image:", '1:7, "image" must be text'),
        ("version: 2", "1:10, version 2 is not known"),
        ("environments: { prod: { buidl: {} } }", '1:25, unknown key "buidl"'),
    ],
)
def test_a_wrong_type_says_what_is_wanted(text: str, headline: str) -> None:
    with pytest.raises(Failure) as refused:
        config.loads(text)
    assert refused.value.headline == f"pipeline-kit.yml:{headline}"
    assert refused.value.place is not None


def test_a_version_with_a_zero_at_its_end_stays_as_written() -> None:
    assert config.loads("build: { args: { V: 1.10 } }").options("build") == {"args": ["V=1.10"]}
