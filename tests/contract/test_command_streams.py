"""The command as a process whose streams are closed before it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.world.bumping import Project, project
from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_a_closed_stream_breaks_nothing(tmp_path: Path, closed: tuple[int, ...]) -> None:
    folder = tmp_path / "web"
    folder.mkdir()
    repository = Repository(folder)
    repository.commit("feat: a")
    done = subprocess.run(
        [sys.executable, "-m", "pipeline_kit", "version"],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)},
        preexec_fn=lambda: [os.close(number) for number in closed],
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout == (b"" if 1 in closed else b"0.1.0-main.1\n")
    assert (done.stderr == b"") == (2 in closed)
    assert repository("status", "--porcelain") == ""


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    return project(tmp_path)


def to_a_full_disk(shop: Project, stream: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        return subprocess.run(
            shop.kit.argv(*arguments),
            cwd=shop.kit.folder,
            env=shop.kit.environment(),
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
            **(streams | {stream: full}),
        )


@pytest.mark.parametrize("output", ["text", "json"])
def test_a_release_is_made_although_its_answer_is_lost(shop: Project, output: str) -> None:
    done = to_a_full_disk(shop, "stdout", "bump", "--format", output)
    assert done.returncode == 1
    assert "pushed v1.1.0 to origin" in done.stderr
    assert "the answer can't be written to standard output: No space left on device" in done.stderr
    assert "othing was" not in done.stderr
    assert shop.remote("tag", "--list").split() == ["v1.0.0", "v1.1.0"]
    assert shop.kit("bump").result == "v1.1.0"


@pytest.mark.parametrize(("command", "answer"), [("version", "1.1.0-main."), ("bump", "v1.1.0")])
def test_an_answer_is_given_although_nobody_can_be_told_of_it(shop: Project, command: str, answer: str) -> None:
    done = to_a_full_disk(shop, "stderr", command)
    assert done.returncode == 0
    assert done.stdout.startswith(answer)
