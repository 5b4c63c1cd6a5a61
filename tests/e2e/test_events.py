"""What an event publishes: one test for each row of docs/events.md, and a real registry that stays empty."""

from __future__ import annotations

import json
import re
import shutil
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.world.kit import Kit
from tests.world.repository import Repository

if TYPE_CHECKING:
    from tests.world.docker_registry import DockerRegistry

PAGE = Path(__file__).parents[2] / "docs" / "events.md"
PULL = {"GITHUB_REF": "refs/pull/7/merge", "GITHUB_HEAD_REF": "x", "GITHUB_BASE_REF": "main"}
AZURE_REF = "BUILD_SOURCEBRANCH"
RESOURCE = {"BUILD_REASON": "ResourceTrigger", "RESOURCES_TRIGGERINGALIAS": "ci"}
MAIN, REQUEST = "refs/heads/main", "refs/pull/7/merge"
OF_REQUEST = {
    "BUILD_REASON": "PullRequest",
    "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/x",
    "SYSTEM_PULLREQUEST_TARGETBRANCH": MAIN,
}


def cause(event: str) -> dict[str, object]:
    return {"workflow_run": {"event": event, "head_repository": {"full_name": "contoso/web"}}}


# Variables, or the payload of GitHub's event, by the row.
ROWS: dict[tuple[str, str], tuple[dict[str, str], dict[str, object]]] = {
    ("GitHub", "`push`"): ({"GITHUB_EVENT_NAME": "push"}, {}),
    ("GitHub", "`release`"): ({"GITHUB_EVENT_NAME": "release", "GITHUB_REF": "refs/tags/v1.1.0"}, {}),
    ("GitHub", "`schedule`"): ({"GITHUB_EVENT_NAME": "schedule"}, {}),
    ("GitHub", "`workflow_dispatch`"): ({"GITHUB_EVENT_NAME": "workflow_dispatch"}, {}),
    ("GitHub", "`repository_dispatch`"): ({"GITHUB_EVENT_NAME": "repository_dispatch"}, {}),
    ("GitHub", "`workflow_run` of a push"): ({"GITHUB_EVENT_NAME": "workflow_run"}, cause("push")),
    ("GitHub", "`workflow_run` of a pull request"): ({"GITHUB_EVENT_NAME": "workflow_run"}, cause("pull_request")),
    ("GitHub", "`pull_request`"): ({"GITHUB_EVENT_NAME": "pull_request", **PULL}, {}),
    ("GitHub", "`pull_request_target`"): ({"GITHUB_EVENT_NAME": "pull_request_target"}, {}),
    ("GitHub", "`merge_group`"): ({"GITHUB_EVENT_NAME": "merge_group"}, {"merge_group": {"base_ref": MAIN}}),
    ("GitHub", "`issue_comment`"): ({"GITHUB_EVENT_NAME": "issue_comment"}, {}),
    ("Azure Pipelines", "`IndividualCI`"): ({"BUILD_REASON": "IndividualCI"}, {}),
    ("Azure Pipelines", "`Schedule`"): ({"BUILD_REASON": "Schedule"}, {}),
    ("Azure Pipelines", "`Manual`"): ({"BUILD_REASON": "Manual"}, {}),
    ("Azure Pipelines", "`ResourceTrigger` of a branch"): (RESOURCE | {"RESOURCES_PIPELINE_CI_SOURCEBRANCH": MAIN}, {}),
    ("Azure Pipelines", "`ResourceTrigger` of a pull request"): (
        RESOURCE | {"RESOURCES_PIPELINE_CI_SOURCEBRANCH": REQUEST},
        {},
    ),
    ("Azure Pipelines", "`PullRequest`"): (OF_REQUEST | {AZURE_REF: REQUEST}, {}),
    ("Azure Pipelines", "`BuildCompletion`"): ({"BUILD_REASON": "BuildCompletion"}, {}),
    ("GitLab", "`push`"): ({"CI_PIPELINE_SOURCE": "push"}, {}),
    ("GitLab", "`schedule`"): ({"CI_PIPELINE_SOURCE": "schedule"}, {}),
    ("GitLab", "`web`"): ({"CI_PIPELINE_SOURCE": "web"}, {}),
    ("GitLab", "`parent_pipeline`"): ({"CI_PIPELINE_SOURCE": "parent_pipeline"}, {}),
    ("GitLab", "`merge_request_event`"): ({"CI_PIPELINE_SOURCE": "merge_request_event"}, {}),
    ("GitLab", "`chat`"): ({"CI_PIPELINE_SOURCE": "chat"}, {}),
    ("none", "a terminal"): ({}, {}),
}
TABLE = {
    (ci, event): publishes.startswith("yes")
    for ci, event, publishes in re.findall(
        r"^\| (GitHub|Azure Pipelines|GitLab|none) \| (.+?) \| (.+?) \|$", PAGE.read_text(), re.MULTILINE
    )
}


@pytest.fixture
def tree(tmp_path: Path) -> Kit:
    """A working tree with a release on HEAD, which needs neither engine nor registry."""
    (tmp_path / "web").mkdir()
    repository = Repository(tmp_path / "web")
    (repository.folder / "Dockerfile").write_text("FROM scratch\n")
    (repository.folder / "pipeline-kit.yml").write_text("version: 1\nimage: registry.example.test/web\n")
    repository("add", ".")
    repository.commit("feat: serve")
    repository("tag", "v1.1.0")
    return Kit(repository.folder, {"XDG_CACHE_HOME": str(tmp_path / "cache")})


def variables(tree: Kit, ci: str, told: dict[str, str], payload: dict[str, object], commit: str) -> dict[str, str]:
    event = tree.folder.parent / "event.json"
    event.write_text(json.dumps({"repository": {"full_name": "contoso/web"}, **payload}))
    github = {"GITHUB_ACTIONS": "true", "GITHUB_REF": MAIN, "GITHUB_SHA": commit, "GITHUB_EVENT_PATH": str(event)}
    by_ci = {
        "GitHub": {**github, "GITHUB_REPOSITORY": "contoso/web"},
        "Azure Pipelines": {"TF_BUILD": "True", AZURE_REF: MAIN, "BUILD_SOURCEVERSION": commit},
        "GitLab": {"GITLAB_CI": "true", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_SHA": commit},
        "none": {},
    }
    return by_ci[ci] | {"NO_COLOR": "1"} | told


def test_the_page_has_a_row_for_each_of_these_and_no_other() -> None:
    assert TABLE.keys() == ROWS.keys()


@pytest.mark.parametrize(("ci", "event"), ROWS)
def test_a_row(tree: Kit, ci: str, event: str) -> None:
    head = Repository(tree.folder, new=False)("rev-parse", "HEAD").strip()
    plan = tree("plan", "--format", "json", **variables(tree, ci, *ROWS[ci, event], head))
    if "pull_request_target" in event:
        assert (plan.code, TABLE[ci, event]) == (64, False)
        return
    assert plan.code == 0, plan.stderr
    assert plan.json["plan"].get("publishes", True) is TABLE[ci, event]
    steps = {step["step"]: step["would"] for step in plan.json["steps"]}
    assert steps["push"].startswith("publish to" if TABLE[ci, event] else "nothing")
    # The same event, and another commit is checked out.
    other = tree("plan", "--format", "json", **variables(tree, ci, *ROWS[ci, event], "1" * 40))
    assert other.json["plan"].get("publishes", True) is (ci == "none")


def test_another_commit_than_the_event_s_is_neither_published_nor_deployed(
    kit: Kit, docker_registry: DockerRegistry, tmp_path: Path
) -> None:
    """A comment's workflow with a pull request's head checked out, and a run by hand that checks out another branch."""
    repository = Repository(kit.folder, new=False)
    main = repository("rev-parse", "HEAD").strip()
    repository("checkout", "--quiet", "-b", "attack")
    (kit.folder / "www" / "index.html").write_text("attack\n")
    repository("commit", "--quiet", "--all", "--message", "fix: attack")
    told = {
        "PIPELINE_KIT_IMAGE": f"{docker_registry.address}/web",
        "PIPELINE_KIT_DEPLOY_TARGET": "docker",
        "PIPELINE_KIT_DEPLOY_ON": "branch",
        "GITHUB_ACTIONS": "true",
        "GITHUB_REF": MAIN,
        "RUNNER_TEMP": str(tmp_path / "runner"),
        "NO_COLOR": "1",
    }
    for name, sha in (("issue_comment", main), ("workflow_run", main), ("workflow_dispatch", main), ("push", main)):
        run = kit("run", **told, GITHUB_EVENT_NAME=name, GITHUB_SHA=sha)
        assert run.code == 0, run.stderr
        assert "- push     skipped       nothing is published: the event is about" in run.stderr
        assert "- deploy   skipped       nothing is deployed: the event is about" in run.stderr
    with urllib.request.urlopen(f"{docker_registry.url}/v2/_catalog", timeout=10) as answer:
        assert answer.read().strip() == b'{"repositories":[]}'
    own = kit("run", **told, GITHUB_EVENT_NAME="push", GITHUB_SHA=repository("rev-parse", "HEAD").strip())
    assert own.code == 0, own.stderr
    assert own.result.startswith(f"{docker_registry.address}/web@sha256:")


def test_a_release_that_we_make_on_top_of_the_event_s_commit_is_published(
    kit: Kit, docker_registry: DockerRegistry, tmp_path: Path
) -> None:
    repository = Repository(kit.folder, new=False)
    (kit.folder / "www" / "index.html").write_text("hello again\n")
    repository("commit", "--quiet", "--all", "--message", "fix: greet again")
    remote = tmp_path / "remote.git"
    repository("init", "--quiet", "--bare", str(remote))
    repository("remote", "add", "origin", str(remote))
    branch = repository("branch", "--show-current").strip()
    repository("push", "--quiet", "origin", branch, "--tags")
    told = {
        "PIPELINE_KIT_IMAGE": f"{docker_registry.address}/web",
        "PIPELINE_KIT_BUMP_CHANGELOG": "CHANGELOG.md",
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_REF": f"refs/heads/{branch}",
        "GITHUB_SHA": repository("rev-parse", "HEAD").strip(),
        "RUNNER_TEMP": str(tmp_path / "runner"),
        "NO_COLOR": "1",
    }
    planned = kit("run", "--release", "--dry-run", "--format", "json", **told)
    assert planned.json["plan"].get("publishes", True), planned.stdout
    run = kit("run", "--release", **told)
    assert run.code == 0, run.stderr
    assert repository("rev-parse", "HEAD").strip() != told["GITHUB_SHA"]
    assert kit.value("push")["tags"][0]["name"] == "1.1.1"
    artifact = tmp_path / "artifacts" / "pipeline-kit-record-web"
    artifact.mkdir(parents=True)
    shutil.copy(kit.folder / ".pipeline-kit" / "run.json", artifact)
    # A step of its own, later in the same job, is about that commit too; in another job it is another commit.
    assert kit("push", **told).code == 0
    later = kit("push", **told | {"RUNNER_TEMP": str(tmp_path / "another job")})
    assert "nothing is published" in later.stderr
    # Another job that makes the release first finds it made, and goes on from what the first one says of its commit.
    second = tmp_path / "second" / kit.folder.name
    repository("clone", "--quiet", str(remote), str(second))
    Repository(second, new=False)("checkout", "--quiet", "--detach", told["GITHUB_SHA"])
    deployed = Kit(second, kit.environ)(
        *("run", "--release", "--from", "deploy"),
        **told | {"RUNNER_TEMP": str(tmp_path / "second job"), "PIPELINE_KIT_ARTIFACTS": str(artifact.parent)},
        PIPELINE_KIT_DEPLOY_TARGET="docker",
    )
    assert deployed.code == 0, deployed.stderr
    assert "nothing to do: v1.1.1" in deployed.line("bump")
    assert "healthy" in deployed.line("deploy")
