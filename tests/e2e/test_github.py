"""The workflow of the README, as it is pasted, under act: the action installs itself and does the same as here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from examples.sample import BASE
from pipeline_kit.generate.action import DOWNLOAD, SCANNER, UPLOAD
from tests.world.act import run_workflow
from tests.world.kit import Kit
from tests.world.project import base_of_project, project
from tests.world.records import same

if TYPE_CHECKING:
    from tests.world.act import WorkflowRun
    from tests.world.base_image import BaseImage
    from tests.world.docker_registry import DockerRegistry
    from tests.world.engine import Engine
    from tests.world.repository import Repository
    from tests.world.trivy_database import TrivyDatabase

TOP = Path(__file__).parents[2]
ACTIONS = TOP / "tests" / "world" / "actions"
PAYLOAD = {"ref": "refs/heads/main", "repository": {"default_branch": "main", "full_name": "contoso/shop"}}


class Hub:
    """The published action and a user's repository, on this machine."""

    def __init__(self, folder: Path, kit: Kit, repository: Repository, registry: DockerRegistry) -> None:
        self.registry = registry
        self.folder = folder
        self.kit = kit
        self.repository = repository
        self.artifacts = folder / "artifacts"

    def run(self, workflow: str, *, released: bool = True, **options: Any) -> WorkflowRun:
        """Commit the workflow file, as a part of the release or without any, and have the event start it."""
        path = self.repository.folder / ".github" / "workflows" / "image.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(workflow.replace("@SHA", "@v0"))
        self.repository("add", ".github")
        self.repository.commit("ci: publish the image")
        if released:
            self.repository("tag", "--force", "v1.1.0")
        else:
            self.repository("tag", "--delete", "v1.0.0", "v1.1.0")
        return run_workflow(
            self.repository.folder,
            self.folder / "home",
            payload=options.pop("payload", PAYLOAD),
            repositories={
                "OWNER/pipeline-kit@v0": TOP,
                UPLOAD.partition(" ")[0]: ACTIONS / "upload-artifact",
                DOWNLOAD.partition(" ")[0]: ACTIONS / "download-artifact",
                SCANNER.partition(" ")[0]: ACTIONS / "no-scanner",
            },
            environ={
                **self.kit.environ,
                "TEST_ARTIFACTS": str(self.artifacts),
                "PIP_CACHE_DIR": pip_cache(),
                **options.pop("machine", {}),
            },
            **options,
        )

    def record(self) -> Any:
        (path,) = self.artifacts.glob("*/run.json")
        return json.loads(path.read_text())


def pip_cache() -> str:
    command = [sys.executable, "-m", "pip", "cache", "dir"]
    found = subprocess.run(command, capture_output=True, text=True)
    return found.stdout.strip() if found.returncode == 0 else str(Path.home() / ".cache" / "pip")


@pytest.fixture
def hub(
    tmp_path: Path,
    engine: Engine,
    small_base: BaseImage,
    trivy_database: TrivyDatabase,
    docker_registry: DockerRegistry,
) -> Hub:
    folder = tmp_path / "web"
    more = f"image: {docker_registry.address}/shop/web\n"
    repository = project(folder, trivy_database.cache, more=more)
    path = os.pathsep.join([str(Path(sys.executable).parent), engine.path])
    kit = Kit(
        folder,
        {**engine.environ, **base_of_project(small_base), "PATH": path, "XDG_CACHE_HOME": str(tmp_path / "cache")},
    )
    return Hub(tmp_path, kit, repository, docker_registry)


def test_the_pasted_workflow_gives_what_a_laptop_gives_and_its_outputs_reach_later_steps(hub: Hub) -> None:
    workflow = (TOP / "examples" / "github" / "image.yml").read_text()
    workflow = workflow.replace("- uses: OWNER", "- id: kit\n        uses: OWNER")
    names = ("version", "tags", "digest", "verdict", "repository", "reference")
    shown = "\n".join(f"          {name.upper()}: ${{{{ steps.kit.outputs.{name} }}}}" for name in names)
    echo = "; ".join(f'echo "{name}=${name.upper()}"' for name in names)
    run = hub.run(f"{workflow}      - run: {echo}\n        env:\n{shown}\n")
    assert run.code == 0, run.text + run.stderr
    hub.registry.empty()  # so that it is built here too, not taken over
    here = hub.kit("run")
    assert here.code == 0, here.stderr
    assert same(hub.record()) == same(hub.kit.record())
    assert hub.record()["run"]["identity"]["ci"] == "github"
    assert "### shop/web 1.1.0 is published" in "".join(run.summaries)
    digest = hub.kit.value("build")["digest"]
    text = run.text.replace("\r", "")
    assert "version=1.1.0" in text
    assert "tags=1.1.0\n1.1\n1\nlatest\nsha-" in text
    assert f"digest={digest}" in text
    assert "verdict=pass" in text
    assert f"/shop/web@{digest}" in text


def test_a_failure_is_an_annotation_with_the_way_out(hub: Hub) -> None:
    run = hub.run((TOP / "examples" / "github" / "image.yml").read_text(), released=False)
    assert run.code != 0
    (annotation,) = run.annotations
    assert annotation.kind == "error"
    assert "this clone has no tags" in annotation.message
    assert "fetch-depth: 0" in annotation.message
    assert annotation.properties["file"] == ".github/workflows/image.yml"
    assert annotation.properties["line"] == "15"
    assert "this clone has no tags" in "".join(run.summaries)


def test_a_step_has_an_action_of_its_own(hub: Hub) -> None:
    workflow = (TOP / "examples" / "github" / "image.yml").read_text()
    run = hub.run(workflow.replace("OWNER/pipeline-kit@", "OWNER/pipeline-kit/steps/tag@"))
    assert run.code == 0, run.text + run.stderr
    assert "1.1.0" in run.text


@pytest.mark.parametrize("compat", ["", "metadata-action"])
def test_the_step_of_metadata_action_is_replaced_in_place(hub: Hub, compat: str) -> None:
    """Outputs by the same names, under the same id; with compat the variables too."""
    workflow = yaml.safe_load((TOP / "examples" / "github" / "metadata-action-after.yml").read_text())
    checkout, meta, _ = workflow["jobs"]["image"]["steps"]
    meta["uses"] = "OWNER/pipeline-kit/steps/tag@v0"
    meta["with"] |= {"compat": compat, "images": "ghcr.io/contoso/web", "labels": "team=shop"}
    if not compat:
        checkout["with"]["fetch-depth"] = 0
    revision = "${{ fromJSON(steps.meta.outputs.json).labels['org.opencontainers.image.revision'] }}"
    show = {
        "run": 'printf "tags=%s;\nrevision=%s;\nteam=%s;\n" "$TAGS" "$REV" "$TEAM"; '
        'printf "variable=%s;\n" "$VARIABLE"; cat "$BAKE"',
        "env": {
            "TAGS": "${{ steps.meta.outputs.tags }}",
            "REV": revision,
            "TEAM": "${{ fromJSON(steps.meta.outputs.json).labels.team }}",
            "VARIABLE": "${{ env.DOCKER_METADATA_OUTPUT_TAGS }}",
            "BAKE": "${{ steps.meta.outputs.bake-file }}",
        },
    }
    workflow["jobs"]["image"]["steps"] = [checkout, meta, show]
    # YAML reads the key "on" as true.
    text = json.dumps({"on" if key is True else key: value for key, value in workflow.items()})
    run = hub.run(text)
    assert run.code == 0, run.text + run.stderr
    shown = run.text.replace("\r", "")
    commit = hub.repository("rev-parse", "HEAD").strip()
    tags = f"ghcr.io/contoso/web:main\nghcr.io/contoso/web:sha-{commit[:7]}"
    assert f"tags={tags};" in shown
    assert f"revision={commit};" in shown
    assert "team=shop;" in shown
    assert f"variable={tags if compat else ''};" in shown
    assert '"docker-metadata-action"' in shown


def test_this_repository_uses_its_own_action(hub: Hub, python_base: BaseImage) -> None:
    """The job of ci.yml with ``uses: ./``, on a clone."""
    folder = hub.folder / "own"
    subprocess.run(["git", "clone", "--quiet", TOP, folder], check=True)
    path = folder / ".github" / "workflows" / "ci.yml"
    job = {**yaml.safe_load(path.read_text())["jobs"]["action"], "runs-on": "ubuntu-latest"}
    path.write_text(json.dumps({"name": "own", "on": ["push"], "jobs": {"action": job}}))
    context = {"PIPELINE_KIT_BUILD_CONTEXTS": python_base.build_context(BASE)}
    run = run_workflow(
        folder,
        hub.folder / "home",
        payload=PAYLOAD,
        repositories={
            UPLOAD.partition(" ")[0]: ACTIONS / "upload-artifact",
            DOWNLOAD.partition(" ")[0]: ACTIONS / "download-artifact",
            SCANNER.partition(" ")[0]: ACTIONS / "no-scanner",
        },
        environ={**hub.kit.environ, "TEST_ARTIFACTS": str(hub.artifacts), "PIP_CACHE_DIR": pip_cache(), **context},
    )
    assert run.code == 0, run.text + run.stderr
    assert hub.record()["entries"][-1]["step"] == "build"


def test_an_approved_job_goes_on_from_the_record_and_every_leg_of_a_matrix_has_its_own(hub: Hub) -> None:
    """The documented two jobs, the first once for each of two images; a variable of the machine stands where the input
    is empty, and is there for later steps too.
    """
    workflow = yaml.safe_load((TOP / "examples" / "github" / "two-jobs.yml").read_text())
    image, deploy = workflow["jobs"]["image"], workflow["jobs"]["deploy"]
    image["strategy"] = {"matrix": {"name": ["web", "worker"]}}
    image["steps"][1]["with"]["image"] = f"{hub.registry.address}/shop/${{{{ matrix.name }}}}"
    image["steps"].append({"run": 'echo "after: $PIPELINE_KIT_DEPLOY_PORT"'})
    del deploy["if"], deploy["environment"]
    deploy["runs-on"] = "ubuntu-latest"
    deploy["steps"][1] |= {"id": "kit"}
    shown = {one.upper(): f"${{{{ steps.kit.outputs.{one} }}}}" for one in ("digest", "reference", "artifact")}
    deploy["steps"].append({"run": 'echo "serves $REFERENCE of $DIGEST from $ARTIFACT"', "env": shown})
    workflow["on"] = workflow.pop(True)
    run = hub.run(json.dumps(workflow), machine={"PIPELINE_KIT_DEPLOY_PORT": "18231"})
    assert run.code == 0, run.text + run.stderr
    start = "pipeline-kit-record-shop+"
    names = {one.name for one in hub.artifacts.iterdir()}
    assert names == {f"{start}web", f"{start}worker", f"{start}web~deploy"}
    kept = json.loads((hub.artifacts / f"{start}web~deploy" / "run.json").read_text())["entries"]
    assert {(one["image"], one["step"]) for one in kept} >= {("shop/web", "push"), ("shop/worker", "push")}
    digest = next(one["value"]["push"]["digest"] for one in kept if (one["image"], one["step"]) == ("shop/web", "push"))
    reference = f"{hub.registry.address}/shop/web@{digest}"
    assert f"serves {reference} of {digest} from {start}web~deploy" in run.text
    assert "http://127.0.0.1:18231" in run.text
    assert run.text.count("after: 18231") == 2
    assert f"--name {start}web --dir record" in "".join(run.summaries)


def test_a_checkout_in_a_folder_of_its_own_is_worked_in(hub: Hub) -> None:
    workflow = yaml.safe_load((TOP / "examples" / "github" / "image.yml").read_text())
    _, kit = workflow["jobs"]["image"]["steps"]
    kit["with"] = {"working-directory": "src", "from": "version", "until": "tag"}
    move = {"run": "mkdir src && git clone --quiet . src/ && git -C src checkout --quiet --detach", "shell": "bash"}
    workflow["jobs"]["image"]["steps"] = [workflow["jobs"]["image"]["steps"][0], move, {"run": "rm -rf .git"}, kit]
    workflow["on"] = workflow.pop(True)
    run = hub.run(json.dumps(workflow))
    assert run.code == 0, run.text + run.stderr
    assert "1.1.0" in run.text
