"""Templates: the part of Handlebars that is there does what Handlebars does, the rest is refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.errors import Failure
from pipeline_kit.tagging import variables
from pipeline_kit.tagging.template import parse, render
from pipeline_kit.tagging.versions import semver
from tests.unit.tagging_samples import facts, refusal, tag

BRANCH = variables.general(facts("refs/heads/feat/a"), compat=True)
TAG = variables.general(tag("v1.0.0"), compat=True)


@pytest.mark.parametrize(
    ("text", "branch", "tagged"),
    [
        ("", "", ""),
        ("plain { text } }}", "plain { text } }}", "plain { text } }}"),
        ("{{branch}}", "feat/a", ""),
        ("{{ branch }}-{{sha}}", "feat/a-9c1f2e7", "-9c1f2e7"),
        ("{{{branch}}}{{&tag}}", "feat/a", "v1.0.0"),
        ("{{#if tag}}t{{/if}}", "", "t"),
        ("{{#if tag}}t{{else}}b{{/if}}", "b", "t"),
        ("{{#if tag}}t{{^}}b{{/if}}", "b", "t"),
        ("{{#unless tag}}b{{else}}t{{/unless}}", "b", "t"),
        ("{{#if tag}}t{{else if branch}}b{{else}}n{{/if}}", "b", "t"),
        ("{{#if nothing}}n{{else unless tag}}b{{/if}}", "b", ""),
        ("{{#if tag}}{{#if branch}}x{{else}}y{{/if}}{{/if}}z", "z", "yz"),
        ("{{#if tag}}{{else}}{{/if}}", "", ""),
        ("{{nothing}}", "", ""),
        ("{{branch x='1'}}", "feat/a", ""),
        ("{{commit_date 'YYYY'}}", "2023", "2023"),
        ("{{commit_date 'HH' tz='Asia/Tokyo'}}", "07", "07"),
        ("{{commit_date YYYY}}", "2023-11-14T22:13:20Z", "2023-11-14T22:13:20Z"),
    ],
)
def test_what_a_template_gives(text: str, branch: str, tagged: str) -> None:
    assert render(parse(text), BRANCH, compat=True) == branch
    assert render(parse(text), TAG, compat=True) == tagged


@pytest.mark.parametrize(
    "text",
    [
        "{{", "{{x", "{{}}", "{{ }}", "{{x}}}", "{{{x}}", "{{{{x}}}}", "\\{{x}}", "{{#if x}}", "{{/if}}", "{{else}}",
        "{{^}}", "{{#if x}}a{{/unless}}", "{{#if}}a{{/if}}", "{{#if x y}}a{{/if}}", "{{#each x}}a{{/each}}",
        "{{#with x}}a{{/with}}", "{{#x}}a{{/x}}", "{{^x}}a{{/x}}", "{{lookup x}}", "{{log}}", "{{if x}}",
        "{{> part}}", "{{! comment}}", "{{!-- c --}}", "{{~x}}", "{{x~}}", "{{a.b}}", "{{../x}}", "{{this}}",
        "{{@root}}", "{{'branch'}}", "{{1}}", "{{true}}", "{{*x}}", "{{elsex}}", "{{x (y)}}",
        "{{#if (eq a b)}}a{{/if}}", "{{#if x}}\n{{/if}}", "{{#if x}}a{{else}}b{{else}}c{{/if}}", "{{x |y|}}",
    ],
)  # fmt: skip
def test_what_is_not_supported_is_refused(text: str) -> None:
    with pytest.raises(Failure) as found:
        parse(text)
    assert found.value.kind == "tag.template"
    assert len(found.value.notes) > 1


@pytest.mark.parametrize(
    "text",
    [
        "{{date}}", "{{date 'YYYY' 'MM'}}", "{{date 'YYYY' zone='UTC'}}", "{{date tz='UTC'}}",
        "{{date 'YYYY' tz=UTC}}", "{{nothing 'x'}}", "{{#if date}}a{{/if}}", "{{date branch}}",
    ],
)  # fmt: skip
def test_a_call_that_breaks_in_handlebars_is_refused(text: str) -> None:
    with pytest.raises(Failure) as found:
        render(parse(text), BRANCH, compat=True)
    assert found.value.kind == "tag.template"


def test_deep_blocks_and_long_texts_are_refused() -> None:
    with pytest.raises(Failure, match="blocks stand too deep"):
        parse("{{#if x}}" * 1000)
    with pytest.raises(Failure, match="characters"):
        parse("x" * 100_000)


def test_a_version_is_an_object_of_its_parts() -> None:
    found = semver("1.2.0+build.5")
    assert found
    known = variables.of_semver(found, compat=True)
    assert render(parse("{{major}}.{{minor}}-{{build}}{{prerelease}}"), known, compat=True) == "1.2-build,5"
    assert render(parse("{{#if patch}}p{{else}}0{{/if}}{{#if prerelease}}x{{/if}}"), known, compat=True) == "0"


@given(st.text(st.sampled_from("{}#/^ abifelsun'=~!>\\\n")))
def test_any_text_is_a_template_or_refused(text: str) -> None:
    refused = refusal(lambda: render(parse(text), BRANCH, compat=True))
    assert refused is None or refused.kind == "tag.template"


@given(st.text(st.characters(exclude_characters="{")))
def test_a_text_without_braces_is_itself(text: str) -> None:
    assert render(parse(text), BRANCH) == text
