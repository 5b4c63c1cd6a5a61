"""Nothing of a checkout runs while the package is installed, started, or started again by itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from pipeline_kit.generate.action import DOWNLOAD, SCANNER, UPLOAD
from tests.e2e.test_azure_pipelines import wheel
from tests.world.act import run_workflow
from tests.world.azure_pipelines.expansion import expand_pipeline
from tests.world.azure_pipelines.run import run_pipeline
from tests.world.hostile_workspace import ENVIRON, HostileWorkspace
from tests.world.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["wheel"]
TOP = Path(__file__).parents[2]
ACTIONS = TOP / "tests" / "world" / "actions"
BIN = Path(sys.executable).parent
IMAGE = "127.0.0.1:1/shop/web"
WORKFLOW = """\
on: push
env: { ENVIRON }
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: OWNER/pipeline-kit@v0
        with: { from: version, until: tag, image: IMAGE }
      - run: echo "the step after"
        shell: bash
"""


@pytest.fixture
def hostile(tmp_path: Path) -> HostileWorkspace:
    """A repository full of traps, with a release."""
    folder = tmp_path / "web"
    folder.mkdir()
    repository = Repository(folder)
    made = HostileWorkspace(folder, tmp_path / "sprung")
    (folder / "Dockerfile").write_text("FROM scratch\n")
    workflow = WORKFLOW.replace("ENVIRON", ", ".join(f"{key}: '{value}'" for key, value in ENVIRON.items()))
    for path, text in {
        ".github/workflows/image.yml": workflow.replace("IMAGE", IMAGE),
        "azure-pipelines.yml": "steps:\n  - checkout: self\n    fetchDepth: 0\n    fetchTags: true\n"
        f"  - template: azure-pipelines-steps.yml\n    parameters: {{ until: tag, from: version, image: '{IMAGE}' }}\n",
    }.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    shutil.copy(TOP / "azure-pipelines-steps.yml", folder)
    repository("add", ".")
    repository.commit("feat: serve")
    repository("tag", "v1.0.0")
    return made


def machine(hostile: HostileWorkspace) -> dict[str, str]:
    """A machine whose PATH begins in the checkout."""
    return {
        "PATH": os.pathsep.join(["tools", ".", "", str(BIN), "/usr/local/bin:/usr/bin:/bin"]),
        "PIP_CACHE_DIR": str(Path.home() / ".cache" / "pip"),
        **pip_sources(),
    }


def pip_sources() -> Mapping[str, str]:
    """Where this machine has its packages from."""
    return {key: os.environ[key] for key in ("PIP_FIND_LINKS", "PIP_CERT", "PIP_INDEX_URL") if key in os.environ}


def test_the_traps_are_real(hostile: HostileWorkspace) -> None:
    """Python and the shell go into them; if they didn't, the tests below would prove nothing."""
    for module in ("venv", "pip", "pipeline_kit"):
        subprocess.run([sys.executable, "-m", module], cwd=hostile.folder, capture_output=True)
    subprocess.run([sys.executable, "-c", "import ensurepip"], cwd=hostile.folder, capture_output=True)
    subprocess.run([sys.executable, "-c", ""], cwd=hostile.folder, env={**os.environ, **ENVIRON}, capture_output=True)
    environ = {**os.environ, "PATH": f"tools:{os.environ['PATH']}"}
    subprocess.run(["/bin/sh", "-c", "trivy; python3"], cwd=hostile.folder, env=environ, capture_output=True)
    expected = {"/ensurepip.py", "venv/__init__.py", "pip/__init__.py", "pipeline_kit/__init__.py"}
    assert expected | {"tools/trivy", "tools/python3"} <= set(hostile.sprung)
    assert "/sitecustomize.py" in hostile.sprung


def test_the_action_runs_nothing_of_it(hostile: HostileWorkspace, tmp_path: Path) -> None:
    run = run_workflow(
        hostile.folder,
        tmp_path / "home",
        payload={"ref": "refs/heads/main", "repository": {"default_branch": "main"}},
        repositories={
            "OWNER/pipeline-kit@v0": TOP,
            UPLOAD.partition(" ")[0]: ACTIONS / "upload-artifact",
            DOWNLOAD.partition(" ")[0]: ACTIONS / "download-artifact",
            SCANNER.partition(" ")[0]: ACTIONS / "no-scanner",
        },
        environ={**machine(hostile), "TEST_ARTIFACTS": str(tmp_path / "artifacts")},
    )
    assert hostile.sprung == [], run.text
    assert run.code == 0, run.text + run.stderr
    assert "the step after" in run.text
    assert "1.0.0" in run.text


def test_the_templates_run_nothing_of_it(hostile: HostileWorkspace, tmp_path: Path, wheel: Path) -> None:
    plan: Any = expand_pipeline(hostile.folder, "azure-pipelines.yml")
    for step in plan["steps"]:
        if "PIPELINE_KIT_PACKAGE" in step.get("env", {}):
            step["env"]["PIPELINE_KIT_PACKAGE"] = str(wheel)
    run = run_pipeline(
        plan,
        hostile.folder,
        tmp_path / "agent",
        variables={"Build.Reason": "IndividualCI", "Build.SourceBranch": "refs/heads/main"},
        environ={**machine(hostile), **ENVIRON},
    )
    assert hostile.sprung == [], run.text
    assert run.succeeded, run.text
    assert "1.0.0" in run.text


def test_a_replay_runs_nothing_of_the_tree_that_it_makes(hostile: HostileWorkspace, tmp_path: Path) -> None:
    environ = {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    argv = [str(BIN / "pipeline-kit"), "run", "--from", "version", "--until", "tag", "--image", IMAGE]
    subprocess.run(argv, cwd=hostile.folder, env=environ, check=True, capture_output=True)
    (hostile.folder / "elsewhere").mkdir()
    elsewhere = {**environ, **{key: value for key, value in ENVIRON.items() if key.startswith("PYTHON")}}
    argv = [str(BIN / "python"), "-I", "-m", "pipeline_kit", "replay", "../.pipeline-kit/run.json"]
    done = subprocess.run(argv, cwd=hostile.folder / "elsewhere", env=elsewhere, capture_output=True, text=True)
    assert hostile.sprung == [], done.stderr
    assert done.returncode == 0, done.stderr


def test_a_scanner_in_the_checkout_is_not_found(hostile: HostileWorkspace, tmp_path: Path) -> None:
    output = tmp_path / "output"
    for path, found in (("tools:/usr/bin:/bin", "false"), (f"tools:{hostile.folder / 'tools'}:/usr/bin:/bin", "true")):
        output.unlink(missing_ok=True)
        environ = {"PATH": path, "GITHUB_OUTPUT": str(output)}
        subprocess.run([TOP / "scripts" / "find-scanner"], cwd=hostile.folder, env=environ, check=True)
        assert output.read_text() == f"found={found}\n"


# A Python whose virtual environment has one that writes down how pip was started.
PYTHON = """\
#!/bin/sh
case "$*" in *'-m venv'*) ;; *) exit 0 ;; esac
for folder; do :; done
mkdir -p "$folder/bin" "$folder/lib/python3.11/site-packages"
printf '%s\\n' '#!/bin/sh' 'echo "$@" >"{told}"' 'env >>"{told}"' >"$folder/bin/python"
chmod +x "$folder/bin/python"
"""


@pytest.mark.parametrize("way", ["the action", "the templates"])
def test_pip_is_told_of_its_feed_and_of_no_other_setting(tmp_path: Path, way: str) -> None:
    """An address may hold a token: an argument is there for everybody on the machine to read."""
    told, program = tmp_path / "told", tmp_path / "python3"
    program.write_text(PYTHON.format(told=told))
    program.chmod(0o755)
    feed = "https://build:hunter2-hunter2@feed.example.test/simple/"
    environ = {
        "PATH": f"{tmp_path}:/usr/bin:/bin", "AGENT_TEMPDIRECTORY": str(tmp_path), "PIPELINE_KIT_PACKAGE": "kit==1",
        "PIP_INDEX_URL": feed, "PIP_EXTRA_INDEX_URL": "https://a.example.test https://b.example.test",
        "PIP_REQUIREMENT": "more.txt", "PIP_target": "target", "PYTHONPATH": "src",
    }  # fmt: skip
    template = yaml.safe_load((TOP / "azure-pipelines-steps.yml").read_text())
    install = {
        "the action": [str(TOP / "scripts" / "install"), str(tmp_path / "pipeline-kit-program")],
        "the templates": ["bash", "-c", template["steps"][0]["bash"]],
    }
    subprocess.run(install[way], env=environ, check=True, capture_output=True)
    arguments, *variables = told.read_text().splitlines()
    assert "-m pip install" in arguments
    assert "hunter2" not in arguments
    settings = {line for line in variables if line.startswith(("PIP_", "PYTHON"))}
    assert settings == {f"{name}={environ[name]}" for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL")}
