"""Azure's templates expand as Azure DevOps expands them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.world.azure_pipelines.expansion import expand_pipeline, expand_template
from tests.world.azure_pipelines.expressions import evaluate
from tests.world.azure_pipelines.values import TemplateError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates/stages.yml").write_text("""
parameters:
  - { name: image, type: string, default: '' }
  - { name: push, type: boolean, default: true }
  - { name: before, type: stepList, default: [] }
  - { name: legs, type: object, default: {} }
  - { name: size, type: string, values: [small, large], default: small }
stages:
  - stage: image
    variables: { name: '${{ parameters.image }}', upper: "${{ upper(variables.name) }}" }
    jobs:
      - job: build
        ${{ if parameters.legs }}:
          strategy:
            matrix:
              ${{ each leg in parameters.legs }}:
                ${{ leg.key }}: { platform: '${{ leg.value }}' }
        steps:
          - ${{ each step in parameters.before }}:
              - ${{ step }}
          - template: steps.yml
            parameters: { image: '${{ variables.upper }}' }
          - ${{ if eq(parameters.push, false) }}:
              - script: echo kept here
          - ${{ elseif eq(parameters.size, 'large') }}:
              - script: push slowly
          - ${{ else }}:
              - script: push
""")
    (tmp_path / "templates/steps.yml").write_text("""
parameters: { image: none }
steps:
  - script: build ${{ parameters.image }}
""")
    return tmp_path


def _pipeline(root: Path, text: str) -> dict[str, Any]:
    (root / "azure-pipelines.yml").write_text(text)
    return expand_pipeline(root, "azure-pipelines.yml")


def _scripts(stages: list[dict[str, Any]]) -> list[str]:
    return [step["script"] for step in stages[0]["jobs"][0]["steps"]]


def test_a_stages_template_expands_with_what_it_includes(root: Path) -> None:
    given = {"image": "web", "before": [{"script": "first"}], "legs": {"amd": "linux/amd64"}}
    (stage,) = expand_template(root, "templates/stages.yml", "stages", given)
    assert _scripts([stage]) == ["first", "build WEB", "push"]
    assert stage["variables"] == [{"name": "name", "value": "web"}, {"name": "upper", "value": "WEB"}]
    assert stage["jobs"][0]["strategy"] == {"matrix": {"amd": {"platform": "linux/amd64"}}}


@pytest.mark.parametrize(
    ("given", "last"), [({"push": False}, "echo kept here"), ({"size": "large"}, "push slowly"), ({}, "push")]
)
def test_the_first_branch_that_applies_is_taken(root: Path, given: dict[str, Any], last: str) -> None:
    assert _scripts(expand_template(root, "templates/stages.yml", "stages", given))[-1] == last


def test_a_pipeline_extends_a_template_of_another_repository(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    mine = tmp_path_factory.mktemp("mine")
    (mine / "azure-pipelines.yml").write_text("""
resources:
  repositories: [{ repository: kit, type: github, name: owner/kit }]
stages:
  - template: templates/stages.yml@kit
    parameters: { image: web }
""")
    plan = expand_pipeline(mine, "azure-pipelines.yml", repositories={"owner/kit": root})
    assert _scripts(plan["stages"]) == ["build WEB", "push"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"pusj": True}, "Unexpected parameter 'pusj'"),
        ({"push": "maybe"}, "not a valid Boolean"),
        ({"size": "huge"}, "not a valid option"),
        ({"before": "script"}, "not a valid steplist"),
    ],
)
def test_wrong_parameters_are_refused(root: Path, given: dict[str, Any], message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        expand_template(root, "templates/stages.yml", "stages", given)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps:\n  - script: ${{ parameters.nothing }}", "Unexpected parameter reference"),
        ("steps:\n  - ${{ if false }}:\n      - script: ${{ eq(1) ", "not closed"),
        ("steps:\n  - ${{ if false }}:\n      - script: ${{ 1 + 1 }}", r"Unexpected symbol"),
        ("steps:\n  - script: ${{ shout('x') }}", "Unrecognized function"),
        ("steps:\n  - script: ${{ secrets.x }}", "Unrecognized value"),
        ("steps:\n  - template: nowhere.yml", "not found"),
        ("steps:\n  - ${{ else }}:\n      - script: x", "without matching if"),
        ("steps: [", "YAML"),
    ],
)
def test_what_azure_would_refuse_is_refused(root: Path, text: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        _pipeline(root, text)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("eq('A', 'a')", True),
        ("eq(1, '1')", True),
        ("and('False', true)", True),
        ("coalesce(null, '', 'x')", "x"),
        ("format('{0}-{1}{{}}', 'a', 2)", "a-2{}"),
        ("join(',', split('a b', ' '))", "a,b"),
        ("gt(1.10.0, '1.9.0')", True),
        ("o.list[1].name", "two"),
        ("join('+', o.list.*.name)", "one+two"),
        ("convertToJson(o.map)", '{\n  "k": 1\n}'),
        ("iif(containsValue(o.map, 1), 'yes', 'no')", "yes"),
        ("O.MAP.K", 1),
        ("'it''s'", "it's"),
    ],
)
def test_an_expression_has_the_value_that_azure_gives_it(expression: str, value: object) -> None:
    from tests.world.azure_pipelines.yaml_tree import to_value

    names = {"o": to_value({"list": [{"name": "one"}, {"name": "two"}], "map": {"k": 1}})}
    assert evaluate(expression, names) == value
