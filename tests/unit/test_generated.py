"""What is generated is as it would be generated now, and means what it should."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipeline_kit.config import schema, section_of
from pipeline_kit.generate.files import contents, outdated
from pipeline_kit.generate.inputs import inputs
from pipeline_kit.generate.options import all_options

TOP = Path(__file__).parents[2]


def loaded(path: str) -> Any:
    return yaml.safe_load((TOP / path).read_text(encoding="utf-8"))


def test_no_generated_file_has_drifted() -> None:
    assert outdated() == [], "run python -m pipeline_kit.generate"


def test_every_option_can_be_set_in_every_way() -> None:
    for option in all_options():
        section = schema()["$defs"][section_of(option.step)]["properties"]
        assert option.key in section
        assert re.fullmatch(r"PIPELINE_KIT_[A-Z0-9_]+", option.variable)
        assert option.help.endswith((".", "]")), f"{option.path} is not a sentence: {option.help}"


def test_the_action_has_few_inputs_none_with_a_default_of_its_own() -> None:
    declared = loaded("action.yml")["inputs"]
    assert len(declared) <= 20
    assert "set" in declared
    assert all(value["default"] == "" for value in declared.values())
    assert not any(value.get("required") for value in declared.values())


@pytest.mark.parametrize("path", [path for path in contents() if path.endswith("action.yml")])
def test_no_expression_stands_in_a_script(path: str) -> None:
    for step in loaded(path)["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


@pytest.mark.parametrize("path", [path for path in contents() if path.endswith("action.yml")])
def test_the_command_takes_the_place_of_the_shell(path: str) -> None:
    """So that the runner's signals reach it: a shell in between would keep them to itself."""
    commands = [step["run"] for step in loaded(path)["runs"]["steps"] if "run" in step]
    assert all(command.startswith("exec ") for command in commands)


def test_the_templates_pass_every_parameter_on() -> None:
    steps = (TOP / "azure-pipelines-steps.yml").read_text(encoding="utf-8")
    stages = (TOP / "azure-pipelines-template.yml").read_text(encoding="utf-8")
    for one in inputs():
        assert steps.count(f"{one.carrier}: ${{{{ parameters.{one.parameter} }}}}") == 2
        assert f"{one.parameter}: ${{{{ parameters.{one.parameter} }}}}" in stages


def test_an_action_input_and_an_azure_parameter_set_the_same_variable() -> None:
    environment = next(step["env"] for step in loaded("action.yml")["runs"]["steps"] if step.get("id") == "run")
    for one in inputs():
        assert environment[one.carrier] == f"${{{{ inputs.{one.name} }}}}"
