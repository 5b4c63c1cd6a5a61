"""Every file that the documentation shows is valid where it is going to be pasted, and safe."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_kit import config
from tests.world.azure_pipelines.expansion import expand_pipeline

TOP = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
WORKFLOWS = sorted((TOP / "examples" / "github").glob("*.yml"))
PIPELINES = sorted((TOP / "examples" / "azure-pipelines").glob("*.yml"))
CONFIGURATIONS = sorted((TOP / "examples" / "configuration").glob("*.yml"))


def run(*argv: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*map(str, argv)], capture_output=True, text=True, stdin=subprocess.DEVNULL)


@pytest.fixture
def pasted(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The workflow in a repository of its own, with a real commit in place of the published one."""
    path = tmp_path / ".github" / "workflows" / "image.yml"
    path.parent.mkdir(parents=True)
    path.write_text(re.sub(r"OWNER/(pipeline-kit[a-z/]*)@SHA", r"contoso/\1@" + "1" * 40, request.param.read_text()))
    return path


@pytest.mark.parametrize("pasted", WORKFLOWS, ids=lambda path: path.name, indirect=True)
def test_a_workflow_is_valid_and_safe(pasted: Path) -> None:
    schema = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", pasted)
    assert schema.returncode == 0, schema.stdout + schema.stderr
    lint = run(BIN / "jactionlint", "--no-color", "--oneline", "--profile", "correctness", pasted)
    assert lint.returncode == 0, lint.stdout + lint.stderr
    audit = run(BIN / "zizmor", "--offline", "--no-progress", "--persona", "auditor", "--format", "plain", pasted)
    findings = [line for line in audit.stdout.splitlines() if re.match(r"(error|warning|help|info)\[", line)]
    # A job that deploys to a machine of the user's own runs on that machine.
    assert [finding for finding in findings if "self-hosted-runner" not in finding] == []


@pytest.mark.parametrize("path", [TOP / "action.yml", *sorted((TOP / "steps").glob("*/action.yml"))], ids=str)
def test_an_action_is_valid(path: Path) -> None:
    schema = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.github-actions", path)
    assert schema.returncode == 0, schema.stdout + schema.stderr


@pytest.mark.parametrize("path", PIPELINES, ids=lambda path: path.name)
def test_a_pipeline_expands(path: Path, tmp_path: Path) -> None:
    (tmp_path / ".azure-pipelines").mkdir()
    for name in ("azure-pipelines-template.yml", "azure-pipelines-steps.yml"):
        (tmp_path / ".azure-pipelines" / name).write_text((TOP / name).read_text())
    (tmp_path / "azure-pipelines.yml").write_text(path.read_text())
    plan = expand_pipeline(tmp_path, "azure-pipelines.yml")
    expanded = str(plan)
    assert "PIPELINE_KIT_INPUT_IMAGE" in expanded
    assert "${{" not in expanded


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: path.name)
def test_a_configuration_is_valid_here_and_in_an_editor(path: Path) -> None:
    config.load(path, path.name)
    schema = run(BIN / "check-jsonschema", "--schemafile", TOP / "pipeline_kit" / config.SCHEMA_NAME, path)
    assert schema.returncode == 0, schema.stdout + schema.stderr
