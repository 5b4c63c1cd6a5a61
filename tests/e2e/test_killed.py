"""What a SIGKILL leaves: nothing that runs on, and nothing that the next run does not remove."""

from __future__ import annotations

import fcntl
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit import state_folder
from pipeline_kit.scratch import scratch, sweep
from tests.contract.test_engine_buildah import base, storage

if TYPE_CHECKING:
    from tests.world.docker_registry import DockerRegistry
    from tests.world.kit import Kit

__all__ = ["base", "storage"]
_KILLS = 100


def _eventually(is_so: object, seconds: float = 60.0) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if is_so():  # type: ignore[operator] # a function
            return True
        time.sleep(0.05)
    return False


def _running(mark: str) -> list[str]:
    """The command lines of the processes that have ``mark`` in theirs."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if mark in line and str(os.getpid()) != path.parent.name:
            found.append(line)
    return found


def test_a_command_ends_with_the_program_that_was_killed(tmp_path: Path) -> None:
    mark = str(tmp_path / "mark")
    sleep = "import time; time.sleep(600)"
    child = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {sleep!r}, {mark!r}]); {sleep}"
    program = f"""
import os, sys
from pathlib import Path
from pipeline_kit.process import Command, Runner
Runner(dict(os.environ)).run(Command(argv=(sys.executable, "-c", {child!r}, {mark!r}), log=Path({mark!r} + ".log")))
"""
    started = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path)
    assert _eventually(lambda: len(_running(mark)) == 3), _running(mark)  # the program, its child, and that one's child
    started.kill()
    started.wait()
    assert _eventually(lambda: not _running(mark)), _running(mark)


def test_a_run_of_buildah_ends_with_the_program_that_was_killed(kit: Kit, storage: dict[str, str], base: Path) -> None:
    """No daemon notices that the client is gone: what a Dockerfile runs is a process of this machine."""
    length = str(10_000_000 + random.SystemRandom().randrange(1_000_000))
    (kit.folder / "Dockerfile").write_text(f"FROM small\nRUN sleep {length}\n")
    started = kit.start(
        *("build", "--engine", "buildah"),
        PATH=os.pathsep.join((kit.environ["PATH"], storage["PATH"])),
        CONTAINERS_STORAGE_CONF=storage["CONTAINERS_STORAGE_CONF"],
        PIPELINE_KIT_BUILD_CONTEXTS=f"small=oci-layout://{base}",
    )
    assert _eventually(lambda: any(line.startswith("sleep ") for line in _running(length))), _running("buildah")
    started.kill()
    started.communicate()
    assert _eventually(lambda: not _running(length)), _running(length)


def test_scratch_is_removed_when_its_owner_is_dead(tmp_path: Path) -> None:
    program = f"""
import time
from pathlib import Path
from pipeline_kit.scratch import scratch
with scratch(Path({str(tmp_path)!r})):
    print("made", flush=True)
    time.sleep(600)
"""
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert owner.stdout
    assert owner.stdout.readline() == b"made\n"
    with scratch(tmp_path) as own:
        (old,) = set(tmp_path.iterdir()) - {own}
        owner.kill()
        owner.wait()
        sweep(tmp_path)
        assert (own.is_dir(), old.exists()) == (True, False)
    assert not list(tmp_path.iterdir())
    owner.stdout.close()


def test_folders_of_trees_that_are_gone_or_unused_go(tmp_path: Path) -> None:
    now = time.time()
    days = {"gone": 3, "just-gone": 1, "there": 3, "unused": 31, "held": 31, "own": 0, "elsewhere": 3}
    for name, age in days.items():
        root = (tmp_path / "not-mounted" if name == "elsewhere" else tmp_path) / f"tree-{name}"
        with state_folder.held(tmp_path / "runs" / name, root):
            (tmp_path / "runs" / name / "layouts" / ".x.old").mkdir(parents=True)
            (tmp_path / "runs" / name / "proofs").mkdir()
            (tmp_path / "runs" / name / "proofs" / ".pipeline-kit-new-1").touch()
        os.utime(tmp_path / "runs" / name / "run.lock", (now - age * 86_400, now - age * 86_400))
        if name not in ("gone", "just-gone", "elsewhere"):
            root.mkdir()
    (tmp_path / "runs" / "memory").mkdir()
    own = tmp_path / "runs" / "own"
    with state_folder.held(own, tmp_path / "tree-own"):
        lock = os.open(tmp_path / "runs" / "held" / "run.lock", os.O_RDWR)
        fcntl.flock(lock, fcntl.LOCK_EX)
        state_folder.tidy(own, now)
        os.close(lock)
    left = {path.name for path in (tmp_path / "runs").iterdir()}
    assert left == {"just-gone", "there", "held", "own", "elsewhere", "memory"}
    for half in ("*/layouts/*", "*/proofs/*"):
        assert {path.parents[1].name for path in (tmp_path / "runs").glob(half)} == {"held"}


def _ownerless(kit: Kit) -> list[Path]:
    """What a block of ours made, and nobody has any more, in the state folders and in the tree."""
    places = (Path(kit.environ["XDG_CACHE_HOME"]), kit.folder / ".pipeline-kit")
    return [
        path
        for place in places
        for path in place.rglob("*")
        if path.name.startswith((".pipeline-kit-scratch-", ".pipeline-kit-new-")) or path.suffix in (".old", ".partial")
    ]


def test_a_hundred_kills(kit: Kit, docker_registry: DockerRegistry) -> None:
    dice = random.Random(27)
    arguments = ("run", "--until", "push", "--image", f"{docker_registry.address}/web")
    whole = kit(*arguments)
    assert whole.code == 0, whole.stderr
    started = time.monotonic()
    assert kit(*arguments).result == whole.result
    longest = time.monotonic() - started
    found = {"killed": 0, "ended before": 0, "left something": 0}
    for _ in range(_KILLS):
        run = kit.start(*arguments)
        time.sleep(dice.uniform(0.05, longest))
        found["ended before" if run.poll() is not None else "killed"] += 1
        run.send_signal(signal.SIGKILL)
        run.communicate()
        found["left something"] += bool(_ownerless(kit))
        again = kit(*arguments)
        assert (again.code, again.result) == (0, whole.result), again.stderr
        assert not _ownerless(kit)
        assert _eventually(lambda: not _running(str(kit.folder))), _running(str(kit.folder))
    print(
        f"\n{_KILLS} kills of run: {found}; each completed by the next run with the same digest, nothing left after it"
    )
    assert found["killed"] > _KILLS // 2
