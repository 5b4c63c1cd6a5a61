"""act runs a workflow with an action of a repository on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline_kit.process import Command, Runner
from tests.world.act import Annotation, run_workflow

if TYPE_CHECKING:
    from pathlib import Path

_ACTION = """
name: greet
description: says hello
inputs: {who: {description: to whom, default: nobody}}
outputs: {greeting: {description: what was said, value: "${{ steps.say.outputs.greeting }}"}}
runs:
  using: composite
  steps:
    - id: say
      shell: bash
      env: {WHO: "${{ inputs.who }}"}
      run: |
        echo "greeting=hello $WHO" >> "$GITHUB_OUTPUT"
        echo "::warning title=Greeting,file=a.txt::said it"
        echo "### said" >> "$GITHUB_STEP_SUMMARY"
"""
_WORKFLOW = """
on: [push, workflow_dispatch]
jobs:
  greet:
    runs-on: ubuntu-latest
    outputs: {greeting: "${{ steps.greet.outputs.greeting }}"}
    steps:
      - uses: actions/checkout@v4
      - uses: owner/greet@v1
        id: greet
        with: {who: you}
  fail:
    needs: greet
    runs-on: ubuntu-latest
    steps:
      - id: told
        env: {SECRET: "${{ secrets.TOKEN }}", EVENT: "${{ github.event.told }}"}
        run: |
          echo "$SECRET $HERE ${{ needs.greet.outputs.greeting }}"
          printf 'event<<END\\n%s\\nand more\\nEND\\n' "$EVENT" >> "$GITHUB_OUTPUT"
      - run: exit 3
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    (project / ".github/workflows").mkdir(parents=True)
    (project / ".github/workflows/ci.yml").write_text(_WORKFLOW)
    git = Runner({"PATH": "/usr/bin:/bin"})
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")
    for arguments in (("init", "--quiet"), ("add", "."), (*who, "commit", "--quiet", "--message=first")):
        git.run(Command(argv=("git", *arguments), cwd=project, extra={"HOME": str(tmp_path)})).checked()
    return project


def test_a_workflow_runs_as_on_github(project: Path, tmp_path: Path) -> None:
    (tmp_path / "action.yml").write_text(_ACTION)
    run = run_workflow(
        project,
        tmp_path / "home",
        payload={"told": "this"},
        repositories={"owner/greet@v1": tmp_path},
        environ={"HERE": "here"},
        secrets={"TOKEN": "hunter2"},
    )
    assert run.code == 1
    assert run.results == {"greet": "success", "fail": "failure"}
    assert run.outputs("greet") == {"greeting": "hello you"}
    assert run.outputs("told") == {"event": "this\nand more"}
    assert run.annotations == [Annotation("warning", "said it", {"title": "Greeting", "file": "a.txt"})]
    assert run.summaries == ["### said\n"]
    assert run.text == "*** here hello you\n"


def test_an_action_that_is_nowhere_fails_its_job(project: Path, tmp_path: Path) -> None:
    run = run_workflow(project, tmp_path / "home")
    assert run.code == 1
    assert run.results == {"greet": "failure"}
