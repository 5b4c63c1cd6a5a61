"""Parts are made once, whole or not at all."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.world.cache import locked, made_once, root

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_two_runs_at_once_make_a_part_once() -> None:
    made: list[Path] = []

    def make(folder: Path) -> None:
        time.sleep(0.05)
        (folder / "part").write_text("whole")
        made.append(folder)

    with ThreadPoolExecutor(4) as runs:
        folders = set(runs.map(lambda _: made_once("part", "1", make), range(4)))
    assert len(made) == 1
    assert [(folder / "part").read_text() for folder in folders] == ["whole"]


def test_a_part_whose_making_failed_is_made_again() -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("no space left")

    with pytest.raises(OSError, match="no space"):
        made_once("part", "2", fail)
    folder = made_once("part", "2", lambda folder: (folder / "whole").touch())
    assert [path.name for path in folder.iterdir()] == ["whole"]


def test_a_lock_that_is_held_can_be_left_alone() -> None:
    lock = root() / "some.lock"
    with locked(lock), pytest.raises(BlockingIOError), locked(lock, wait=False):
        pass
