"""The world's parts as fixtures, and two rules: no skip without a listed reason, and nothing outside for unit tests."""

from __future__ import annotations

import os
import re
import shutil
import signal
import sys
import tomllib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest

from tests.world import base_image
from tests.world import docker_registry as registries
from tests.world import engine as engines
from tests.world import trivy_database as databases
from tests.world.guard import GUARD
from tests.world.progress import NARRATOR
from tests.world.skips import Skips
from tests.world.unavailable import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world.base_image import BaseImage
    from tests.world.docker_registry import DockerRegistry
    from tests.world.engine import Engine
    from tests.world.trivy_database import TrivyDatabase

_HERE = Path(__file__).parent
_SKIPS = pytest.StashKey[Skips]()
_NARRATED = "PIPELINE_KIT_WORLD_NARRATED"


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """A Docker Engine with buildx: the user's own, else a private one."""
    with _skipping(), engines.running_engine() as running:
        yield running


@pytest.fixture(scope="session")
def classic_engine() -> Iterator[Engine]:
    """A private engine with the classic image store, which can't write OCI layouts."""
    with _skipping(), engines.running_private_engine("classic") as running:
        yield running


@pytest.fixture(scope="session")
def small_base() -> BaseImage:
    """A base image of 1 MB with a shell: for every test that needs no Python inside."""
    with _skipping():
        return base_image.small_base()


@pytest.fixture(scope="session")
def python_base() -> BaseImage:
    """A base image with Python."""
    with _skipping():
        return base_image.python_base()


@pytest.fixture(scope="session")
def trivy() -> Path:
    """Trivy's program."""
    found = shutil.which("trivy", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert found, "Trivy is one of requirements/tests.txt"
    return Path(found)


@pytest.fixture(scope="session")
def trivy_database(tmp_path_factory: pytest.TempPathFactory) -> TrivyDatabase:
    """A database that stops neither base image."""
    return databases.write_database(tmp_path_factory.mktemp("trivy-clean"))


@pytest.fixture(scope="session")
def stopping_trivy_database(tmp_path_factory: pytest.TempPathFactory) -> TrivyDatabase:
    """A database with a fixable critical vulnerability in both base images."""
    return databases.write_database(tmp_path_factory.mktemp("trivy-stopping"), databases.STOPPING)


@pytest.fixture
def docker_registry(tmp_path: Path) -> Iterator[DockerRegistry]:
    """An empty registry without authentication."""
    with _skipping(), registries.running_registry(tmp_path / "registry") as running:
        yield running


@contextmanager
def _skipping() -> Iterator[None]:
    """Skip the test if the part can't be had on this machine."""
    try:
        yield
    except Unavailable as unavailable:
        pytest.skip(unavailable.reason)


def pytest_configure(config: pytest.Config) -> None:
    """Narrate past pytest's capture, which is off at this moment; load the listed skips."""
    # A run in the background is deaf to SIGINT, and so would be every program that a test interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    terminal = _terminal()
    config.add_cleanup(terminal.close)
    NARRATOR.say = lambda line: print(f"\n{line}", end="", file=terminal, flush=True)
    config.stash[_SKIPS] = Skips.load(_HERE / "skips.toml")
    config.pluginmanager.register(config.stash[_SKIPS])


def _terminal() -> IO[str]:
    """Where a person reads; a worker of several has the first process's."""
    if shared := os.environ.get(_NARRATED):
        with suppress(OSError):  # it may be a file that only another user may open
            return Path(shared).open("a", encoding="utf-8")
    terminal = os.fdopen(os.dup(2), "w")
    os.environ[_NARRATED] = f"/proc/{os.getpid()}/fd/{terminal.fileno()}"
    return terminal


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that slow.toml lists."""
    listed = tomllib.loads((_HERE / "slow.toml").read_text(encoding="utf-8"))["slow"]
    for item in items:
        if any(re.search(entry["tests"], item.nodeid) for entry in listed):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Unit tests start no process and reach nothing but this machine's loopback."""
    with GUARD.on(when=item.path.is_relative_to(_HERE / "unit")):
        return (yield)
