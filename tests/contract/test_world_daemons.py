"""What the world starts ends with the run, however that ends."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.process import Command, Runner
from tests.world.daemon import kept_argv, mark, serving
from tests.world.engine import running_private_engine

if TYPE_CHECKING:
    from pathlib import Path


def test_a_daemon_ends_with_the_run_that_was_killed(tmp_path: Path) -> None:
    """Only the keeper can stop it then: the run had no time to."""
    started = tmp_path / "pid"
    daemon = ("sh", "-c", f"echo $$ > {started}.new && mv {started}.new {started} && exec sleep 600")
    run = f"""
import os, pathlib, signal
from tests.world.daemon import kept_argv, serving
log = pathlib.Path({str(tmp_path / "log")!r})
with serving(kept_argv({daemon!r}), environ=os.environ, log=log, ready=pathlib.Path({str(started)!r}).exists):
    os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = Runner({}).run(Command(argv=(sys.executable, "-c", run)))
    assert killed.code == -9
    _wait_until_gone(int(started.read_text()))


def _wait_until_gone(pid: int) -> None:
    end = time.monotonic() + 10
    while mark(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not mark(pid)


def test_a_daemon_that_does_not_start_says_why(tmp_path: Path) -> None:
    argv = kept_argv(("sh", "-c", "echo no such disk; exit 3"))
    with (
        pytest.raises(RuntimeError, match="no such disk"),
        serving(argv, environ={"PATH": "/usr/bin:/bin"}, log=tmp_path / "disk.log", ready=lambda: False),
    ):
        pass


_NAME = '{{index .Options "com.docker.network.bridge.name"}}'
_ENGINE = """
import os, signal, sys
from tests.world.engine import running_private_engine
with running_private_engine("containerd") as engine:
    engine.docker("volume", "create", "left-behind")
    print(engine.host, engine.docker("network", "inspect", "bridge", "--format", NAME))
    sys.stdout.flush()
    if END:
        os.kill(os.getpid(), END)
"""


def _run_with_engine(end: int, **environ: str) -> list[str]:
    """Address and bridge of an engine that another run had up, and left by signal ``end`` or, with 0, as it should."""
    program = (sys.executable, "-c", _ENGINE.replace("END", str(end)).replace("NAME", repr(_NAME)))
    ended = Runner({**os.environ, **environ}).run(Command(argv=program, extra={**os.environ, **environ}))
    assert ended.code == -end
    return ended.text.split()


def _interfaces() -> set[str]:
    return {name for _, name in socket.if_nameindex()}


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start one")
def test_what_a_killed_run_left_is_cleaned_up_by_the_next() -> None:
    host, bridge = _run_with_engine(signal.SIGKILL)
    assert bridge in _interfaces()
    with running_private_engine("containerd") as engine:
        assert engine.host == host
        assert engine.docker("volume", "ls", "--quiet") == ""
    assert bridge not in _interfaces()


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can start one")
def test_an_engine_that_is_kept_is_taken_over() -> None:
    host, bridge = _run_with_engine(0, PIPELINE_KIT_KEEP_WORLD="1")
    with running_private_engine("containerd") as engine:
        assert engine.host == host
        assert engine.docker("volume", "ls", "--quiet") == "left-behind"
    assert bridge not in _interfaces()
