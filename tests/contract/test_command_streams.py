"""The command as a process whose streams are closed before it starts."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

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
