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


@pytest.mark.parametrize("name", [*ci.MARKS, "local"])
def test_a_dialect_has_the_name_that_records_have(name: str) -> None:
    assert ci.dialect(name).event({})[1].ci == name


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


@pytest.mark.parametrize(
    ("environ", "skips"),
    [
        ({"CI": "true"}, True),
        ({"CI": "woodpecker"}, True),
        ({"JENKINS_URL": "https://ci.example/"}, True),
        ({"TEAMCITY_VERSION": "2026.1"}, True),
        ({"CI": "false"}, False),
        ({"CI": "0", "JENKINS_URL": ""}, False),
        ({"CI": "true", "PIPELINE_KIT_EVENT": '{"kind": "push"}'}, False),
    ],
)
def test_a_ci_that_we_do_not_know_may_leave_tags_out(environ: dict[str, str], skips: bool) -> None:
    event, _ = ci.detect(environ).event(environ)
    assert event.skips_tags is skips
