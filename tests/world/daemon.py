"""Programs that serve in the background, stopped by the process id that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_KEEPER = Path(__file__).with_name("keeper.py")
_START_TIME = 18  # starttime (22) counted from ppid (4): fields of /proc/PID/stat, proc(5)
_PATIENCE = 30.0


def kept_argv(command: tuple[str, ...], *, stay: bool = False) -> tuple[str, ...]:
    """``command`` under its keeper, which stops it when standard input ends."""
    return (sys.executable, "-I", "-S", str(_KEEPER), *(("--stay",) if stay else ()), *command)


@contextmanager
def serving(
    argv: tuple[str, ...],
    *,
    environ: Mapping[str, str],
    log: Path,
    ready: Callable[[], bool],
    stay: bool = False,
    patience: float = _PATIENCE,
) -> Iterator[int]:
    """Run ``argv`` (see ``kept_argv``) in the background while the block lasts; the block gets its process id.

    The block starts when ``ready`` says so; RuntimeError with the end of ``log`` if it ends before, or takes longer
    than ``patience`` seconds. With ``stay`` it is left running.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv, env=dict(environ), stdin=subprocess.PIPE, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait_until(ready, process, log, patience)
        yield process.pid
    finally:
        if process.stdin:
            process.stdin.close()
        if not stay:
            process.wait()


def mark(pid: int) -> str:
    """What tells the process ``pid`` from a later one that got the same id; '' if there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return ""
    state, *later = stat.rpartition(")")[2].split()  # before it: the id, and the program's name in brackets
    return "" if state == "Z" else f"{pid} {later[_START_TIME]}"


def alive(marked: str) -> bool:
    """Whether the process that ``marked`` came from still runs."""
    return bool(marked) and mark(int(marked.split()[0])) == marked


def kill(marked: str) -> None:
    """End the process that ``marked`` came from at once, and wait until it is gone."""
    if not alive(marked):
        return
    os.kill(int(marked.split()[0]), signal.SIGKILL)
    while alive(marked):
        time.sleep(0.05)


def _wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, patience: float) -> None:
    end = time.monotonic() + patience
    while not ready():
        if process.poll() is not None or time.monotonic() > end:
            last = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
            raise RuntimeError(f"{log.stem} did not start within {patience:.0f} s; the end of {log}:\n{last}")
        time.sleep(0.05)
