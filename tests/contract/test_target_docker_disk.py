"""An engine whose disk is full: what served serves, the failure is one to try again later, and then it goes through."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pipeline_kit.errors import Exit
from pipeline_kit.targets import docker
from pipeline_kit.targets.docker_replacement import Replacement
from tests.contract.target_images import answering
from tests.contract.test_target_docker import Lab, answer
from tests.world import engine as engines
from tests.world import private_engine
from tests.world.unavailable import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.world.base_image import BaseImage
    from tests.world.docker_registry import DockerRegistry
    from tests.world.engine import Engine

# Of an answer that breaks off the library leaves its socket to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(params=["containerd", "classic"])
def small_engine(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Engine, Path]]:
    """An engine with a small disk of its own, and the folder that is that disk."""
    if os.geteuid():
        pytest.skip("only root can start one")
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", disk], check=True)
    try:
        monkeypatch.setattr(private_engine, "root", lambda: disk)
        with engines.running_private_engine(request.param) as running:
            yield running, disk
    except Unavailable as unavailable:
        pytest.skip(unavailable.reason)
    finally:
        subprocess.run(["umount", "--lazy", disk], check=True)


def test_a_full_disk_of_the_engine_changes_nothing_and_can_be_tried_again(
    small_engine: tuple[Engine, Path],
    tmp_path: Path,
    small_base: BaseImage,
    docker_registry: DockerRegistry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine, disk = small_engine
    lab = Lab(tmp_path, engine, small_base, docker_registry)
    serving = lab.deploy(answering("one"))
    filler = disk / "filler"
    for moment in ("fetch", "_make_successor", "_stop_the_other", "_give_the_name"):
        wanted, _ = lab.publish(answering(moment * 50_000))
        with monkeypatch.context() as patch:
            owner = docker if moment == "fetch" else Replacement
            patch.setattr(owner, moment, _after(partial(_fill, filler), getattr(owner, moment)))
            failure = lab.failure(wanted)
        assert (failure.kind, failure.exit) == ("tool.disk", Exit.TRY_LATER), moment
        assert _answers(serving.url) == "one", moment
        assert lab.names() == [""]
        filler.unlink()
    assert answer(lab.deploy(wanted).url).startswith(moment)


def _after(first: Callable[[], None], then: Callable[..., Any]) -> Callable[..., Any]:
    def both(*arguments: Any) -> Any:
        first()
        return then(*arguments)

    return both


def _fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            with contextlib.suppress(OSError):
                while True:
                    file.write(bytes(size))


def _answers(url: str) -> str:
    """The first three letters of what a service says that may just have been started again."""
    for _ in range(100):
        if said := answer(url)[:3]:
            return said
        time.sleep(0.1)
    return ""
