"""The templates, expanded as Azure DevOps does and run as its agent does: the run is the same as here."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.world.azure_pipelines.expansion import expand_pipeline
from tests.world.azure_pipelines.run import run_pipeline
from tests.world.kit import Kit
from tests.world.project import base_of_project, project
from tests.world.records import same

if TYPE_CHECKING:
    from tests.world.azure_pipelines.run import PipelineRun
    from tests.world.base_image import BaseImage
    from tests.world.docker_registry import DockerRegistry
    from tests.world.engine import Engine
    from tests.world.repository import Repository
    from tests.world.trivy_database import TrivyDatabase

TOP = Path(__file__).parents[2]
PUSH = {"Build.Reason": "IndividualCI", "Build.SourceBranch": "refs/heads/main"}
PIPELINE = (TOP / "examples" / "azure-pipelines" / "azure-pipelines.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as it is published."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, TOP]
    subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))


class Organisation:
    """A user's repository in Azure Repos, and an agent, on this machine."""

    def __init__(self, folder: Path, kit: Kit, repository: Repository, wheel: Path, registry: DockerRegistry) -> None:
        self.registry = registry
        self.folder = folder
        self.kit = kit
        self.repository = repository
        self.wheel = wheel
        templates = repository.folder / ".azure-pipelines"
        templates.mkdir()
        for name in ("azure-pipelines-template.yml", "azure-pipelines-steps.yml"):
            shutil.copy(TOP / name, templates / name)

    def commit(self, pipeline: str) -> None:
        (self.repository.folder / "azure-pipelines.yml").write_text(pipeline)
        self.repository("add", ".")
        self.repository.commit("ci: publish the image")
        self.repository("tag", "--force", "v1.1.0")

    def run(self, pipeline: str = PIPELINE, **variables: str) -> PipelineRun:
        named = pipeline.replace("parameters: {", f"parameters: {{ package: '{self.wheel}',")
        self.commit(named)
        plan = expand_pipeline(self.repository.folder, "azure-pipelines.yml")
        return run_pipeline(
            plan,
            self.repository.folder,
            self.folder / "agent",
            variables={**PUSH, **variables},
            secrets={"REGISTRY_PASSWORD": "pw-123456"},
            environ={**self.kit.environ, "PIP_CACHE_DIR": str(Path.home() / ".cache" / "pip")},
        )

    def record(self) -> Any:
        (path,) = (self.folder / "agent" / "artifacts").glob("*/run.json")
        return json.loads(path.read_text())


@pytest.fixture
def organisation(
    tmp_path: Path,
    wheel: Path,
    engine: Engine,
    small_base: BaseImage,
    trivy_database: TrivyDatabase,
    docker_registry: DockerRegistry,
) -> Organisation:
    folder = tmp_path / "web"
    repository = project(folder, trivy_database.cache, more=f"image: {docker_registry.address}/shop/web\n")
    path = os.pathsep.join([str(Path(sys.executable).parent), engine.path])
    kit = Kit(
        folder,
        {**engine.environ, **base_of_project(small_base), "PATH": path, "XDG_CACHE_HOME": str(tmp_path / "cache")},
    )
    return Organisation(tmp_path, kit, repository, wheel, docker_registry)


def test_the_pasted_pipeline_gives_what_a_laptop_gives(organisation: Organisation) -> None:
    run = organisation.run()
    assert run.succeeded, run.text
    organisation.registry.empty()  # so that it is built here too, not taken over
    here = organisation.kit("run", PIPELINE_KIT_REGISTRY_USERNAME="ci", PIPELINE_KIT_REGISTRY_PASSWORD="pw-123456")
    assert here.code == 0, here.stderr
    assert same(organisation.record()) == same(organisation.kit.record())
    assert organisation.record()["run"]["identity"]["ci"] == "azure_devops"
    outputs = run.stages["image"].jobs["image"].outputs
    assert outputs["kit.version"].value == "1.1.0"
    assert outputs["kit.tags"].value.split("\n")[:4] == ["1.1.0", "1.1", "1", "latest"]
    assert json.loads(outputs["kit.json"].value)["labels"]["org.opencontainers.image.version"] == "1.1.0"
    assert outputs["kit.digest"].value == organisation.kit.value("build")["digest"]
    assert outputs["kit.reference"].value == here.result
    assert "### shop/web 1.1.0 is published" in "".join(run.agent.summaries.values())
    assert "pw-123456" not in run.text


def test_a_secret_that_is_not_defined_is_named(organisation: Organisation) -> None:
    run = organisation.run(PIPELINE.replace("$(REGISTRY_PASSWORD)", "$(REGISTRY_PASSWROD)"))
    assert not run.succeeded
    assert "PIPELINE_KIT_REGISTRY_PASSWORD is $(REGISTRY_PASSWROD), and no variable has that name" in run.text


def test_a_pull_request_publishes_nothing(organisation: Organisation) -> None:
    run = organisation.run(
        **{
            "Build.Reason": "PullRequest",
            "Build.SourceBranch": "refs/pull/7/merge",
            "System.PullRequest.SourceBranch": "refs/heads/feat/x",
            "System.PullRequest.TargetBranch": "refs/heads/main",
            "System.PullRequest.IsFork": "False",
        }
    )
    assert run.succeeded, run.text
    assert "pull request; main would publish 2 tags" in run.text


TWO_JOBS = (
    (TOP / "examples" / "azure-pipelines" / "two-jobs.yml").read_text(encoding="utf-8")
    + """\
      - bash: echo "serves $REFERENCE as $DIGEST from $RECORD"
        env: { REFERENCE: $(kit.reference), DIGEST: $(kit.digest), RECORD: $(kit.artifact) }
"""
)


def test_a_second_job_goes_on_from_the_record_of_the_first(organisation: Organisation) -> None:
    """Each job has a checkout of its own: what it knows of the other came as an artifact."""
    run = organisation.run(TWO_JOBS)
    assert run.succeeded, run.text
    jobs = run.stages["__default"].jobs
    digest = jobs["image"].outputs["kit.digest"].value
    reference = f"{organisation.registry.address}/shop/web@{digest}"
    assert jobs["image"].outputs["kit.reference"].value == reference
    assert jobs["deploy"].outputs["kit.url"].value.startswith("http://")
    name = "pipeline-kit-record-shop+web~deploy"
    assert f"serves {reference} as {digest} from {name}" in run.text
    artifacts = organisation.folder / "agent" / "artifacts"
    assert {one.name for one in artifacts.iterdir()} == {"pipeline-kit-record-shop+web", name}
    steps = [entry["step"] for entry in json.loads((artifacts / name / "run.json").read_text())["entries"]]
    assert {"build", "scan", "push", "deploy"} <= set(steps)


def test_a_template_used_twice_and_a_folder_of_its_own(organisation: Organisation) -> None:
    """Two stages of one file, each with a name; the second works in a folder below."""
    twice = PIPELINE.partition("  - template")[0]
    for stage, more in (("first", ""), ("second", ", workingDirectory: www, env: test")):
        twice += "  - template: .azure-pipelines/azure-pipelines-template.yml\n"
        twice += f"    parameters: {{ stage: {stage}, from: version, until: tag{more} }}\n"
    settings = organisation.repository.folder / "pipeline-kit.yml"
    settings.write_text(settings.read_text() + "environments: { test: { tag: { extra: [staging] } } }\n")
    run = organisation.run(twice)
    assert run.succeeded, run.text
    tags = {name: stage.jobs["image"].outputs["kit.tags"].value for name, stage in run.stages.items()}
    assert ("staging" in tags["first"], "staging" in tags["second"]) == (False, True)
    names = {one.name for one in (organisation.folder / "agent" / "artifacts").iterdir()}
    start = "pipeline-kit-record-shop+web"
    assert names == {f"{start}~version", f"{start}@test~version"}
