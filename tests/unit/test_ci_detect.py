from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_kit import ci
from pipeline_kit.ci.messages import Annotation, EndGroup, Group, Mask, Output, Summary
from pipeline_kit.model.event import Event, RunIdentity


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"GITHUB_ACTIONS": "true"}, "GitHub Actions"),
        ({"TF_BUILD": "True"}, "Azure Pipelines"),
        ({"GITLAB_CI": "true"}, "GitLab CI"),
        ({}, "local"),
        ({"GITHUB_ACTIONS": "", "TF_BUILD": "False", "CI": "true"}, "local"),
    ],
)
def test_a_ci_is_known_by_its_own_variable(environ: dict[str, str], name: str) -> None:
    assert name == ci.detect(environ).NAME


def test_every_dialect_is_registered_under_the_name_that_records_have() -> None:
    assert {dialect.event({})[1].ci: dialect for dialect in ci.DIALECTS.values()} == ci.DIALECTS


def test_the_job_s_own_folder() -> None:
    folders = {"RUNNER_TEMP": "/runner/temp", "AGENT_TEMPDIRECTORY": "/agent/temp"}
    assert ci.temporary_folder(folders | {"GITHUB_ACTIONS": "true"}) == Path("/runner/temp")
    assert ci.temporary_folder(folders | {"TF_BUILD": "True"}) == Path("/agent/temp")
    assert ci.temporary_folder(folders) is None
    assert ci.temporary_folder({"GITHUB_ACTIONS": "true"}) is None


def test_on_a_laptop_nothing_is_said_and_git_has_the_branch() -> None:
    local = ci.detect({})
    for message in (
        Group("a"),
        EndGroup(),
        Annotation("error", "x"),
        Mask("s3cr3t"),
        Output("a", "b"),
        Summary("a", "b"),
    ):
        assert local.emit(message, {}) == ""
    assert local.event({}) == (Event("local"), RunIdentity("local"))
