"""The process runner's two ways to take output, and its patience."""

import os
import time
from pathlib import Path

import pytest

from pipeline_kit.errors import Failure
from pipeline_kit.process import Command, Runner

RUNNER = Runner({"PATH": os.environ["PATH"]})


def shell(script: str, timeout: float | None = None) -> Command:
    return Command(argv=("sh", "-c", script), timeout=timeout)


def test_output_that_is_taken_is_not_kept() -> None:
    pieces: list[bytes] = []
    done = RUNNER.run(shell("head -c 300000 /dev/zero; echo end; echo said >&2"), on_output=pieces.append)
    assert b"".join(pieces) == b"\0" * 300_000 + b"end\n"
    assert max(map(len, pieces)) <= 65536
    assert (done.code, done.stdout, done.stderr) == (0, b"", "said")


def test_a_command_that_takes_too_long_is_stopped() -> None:
    started = time.monotonic()
    with pytest.raises(Failure) as stopped:
        RUNNER.run(shell("exec sleep 60", timeout=0.2))
    assert stopped.value.kind == "tool.timeout"
    assert 0.2 <= time.monotonic() - started < 10


def test_a_command_within_its_time_gives_its_exit_code() -> None:
    assert RUNNER.run(shell("exit 3", timeout=60.0)).code == 3


@pytest.mark.parametrize("path", ["", "bin", "./bin:../here/bin", ":bin"])
def test_a_folder_of_path_that_is_not_absolute_has_no_program(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder in (tmp_path, tmp_path / "bin"):
        folder.mkdir(exist_ok=True)
        (folder / "of-the-repository").write_text("#!/bin/sh\nexit 0\n")
        (folder / "of-the-repository").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    assert Runner({"PATH": path}).find("of-the-repository") is None
    assert Runner({"PATH": f"{path}:{tmp_path}"}).find("of-the-repository") == tmp_path / "of-the-repository"
    assert Runner({"PATH": path}).find("./of-the-repository") == Path("of-the-repository")


def test_what_can_not_be_run_is_no_program(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("text")
    (tmp_path / "folder").mkdir()
    runner = Runner({"PATH": str(tmp_path)})
    assert runner.find("data") is None
    assert runner.find("folder") is None
