"""An expanded pipeline runs as Azure's agent runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline_kit.process import Command, Runner
from tests.world.azure_pipelines.expansion import expand_pipeline
from tests.world.azure_pipelines.run import PipelineRun, run_pipeline

if TYPE_CHECKING:
    from pathlib import Path

_PIPELINE = """
variables: { greeting: hello }
stages:
  - stage: image
    jobs:
      - job: build
        steps:
          - checkout: self
          - bash: |
              echo "##vso[task.setvariable variable=digest;isOutput=true]sha256:%AZP25abc"
              echo "##vso[task.setvariable variable=token;isSecret=true]hunter2"
              echo "##vso[task.logissue type=warning]careful"
              echo "token is hunter2"
            name: kit
          - bash: |
              echo "$(greeting) $KIT_DIGEST ${TOKEN:-no secret} $(unknown)"
            displayName: See
          - bash: echo "mapped ${TOKEN:0:3}"
            env: { TOKEN: $(token) }
      - job: test
        dependsOn: build
        strategy: { matrix: { one: { leg: 1 }, two: { leg: 2 } } }
        variables: { digest: "$[ dependencies.build.outputs['kit.digest'] ]" }
        steps:
          - bash: echo "##vso[task.setvariable variable=seen;isOutput=true]$(leg) $(digest)"
            name: look
  - stage: deploy
    condition: and(succeeded(), eq(dependencies.image.outputs['build.kit.digest'], 'sha256:%abc'))
    variables: { digest: "$[ stageDependencies.image.build.outputs['kit.digest'] ]" }
    jobs:
      - deployment: web
        environment: prod
        strategy:
          runOnce:
            deploy:
              steps:
                - task: AzureCLI@2
                  inputs: { inlineScript: 'echo deploy $(digest)' }
  - stage: never
    condition: failed()
    jobs: [{ job: x, steps: [{ bash: exit 1 }] }]
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    source = tmp_path / "source"
    source.mkdir()
    Runner({"PATH": "/usr/bin:/bin"}).run(Command(argv=("git", "init", "--quiet"), cwd=source)).checked()
    return source


def _run(source: Path, text: str, **secrets: str) -> PipelineRun:
    (source / "azure-pipelines.yml").write_text(text)
    plan = expand_pipeline(source, "azure-pipelines.yml")
    tasks = {"AzureCLI": lambda inputs, _: inputs["inlineScript"]}
    return run_pipeline(plan, source, source.parent / "agent", secrets=secrets, tasks=tasks)


def test_stages_and_jobs_know_what_came_before(source: Path) -> None:
    run = _run(source, _PIPELINE)
    assert run.succeeded, run.text
    image = run.stages["image"].jobs
    assert image["build"].outputs["kit.digest"].value == "sha256:%abc"
    assert image["test"].outputs["one.look.seen"].value == "1 sha256:%abc"
    assert image["test"].outputs["two.look.seen"].value == "2 sha256:%abc"
    assert "[deploy/web] deploy sha256:%abc" in run.agent.log
    assert run.stages["never"].result == "Skipped"


def test_secrets_reach_only_the_step_that_maps_them_and_never_the_log(source: Path) -> None:
    run = _run(source, _PIPELINE)
    assert "[image/build] token is ***" in run.agent.log
    # bash runs an unknown macro as a command
    assert "[image/build] hello sha256:%abc no secret " in run.agent.log
    assert "[image/build] mapped hun" in run.agent.log
    assert "hunter2" not in run.text
    assert run.agent.issues == [("warning", "careful")]


_FAILS = """
jobs:
  - job: first
    steps:
      - bash: |
          SCRIPT
      - bash: echo never
      - { bash: echo still, condition: always() }
  - job: second
    dependsOn: first
    steps: [{ bash: echo never }]
"""


@pytest.mark.parametrize(
    ("script", "issue"),
    [
        ("exit 3", "Bash exited with code '3'."),
        ("echo '##vso[task.frobnicate]x'", "##vso command not found: task.frobnicate"),
        ("echo '##vso[task.uploadsummary]/nowhere.md'", "Cannot upload: file does not exist: /nowhere.md"),
        (
            "echo '##vso[task.setvariable variable=x;isSecret=true]a%0Ab'",
            "Secrets cannot contain multiple lines",
        ),
    ],
)
def test_a_step_fails_its_job_and_what_depends_on_it(source: Path, script: str, issue: str) -> None:
    run = _run(source, _FAILS.replace("SCRIPT", script))
    assert not run.succeeded
    assert ("error", issue) in run.agent.issues
    results = {name: job.result for name, job in run.stages["__default"].jobs.items()}
    assert results == {"first": "Failed", "second": "Skipped"}
    assert "[__default/first] still" in run.agent.log
    assert not [line for line in run.agent.log if line.endswith("] never")]
