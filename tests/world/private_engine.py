"""A Docker Engine of our own: packages, daemon, data, socket and bridge that nobody else uses."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure
from pipeline_kit.process import Command, Runner
from tests.world import bridge
from tests.world.cache import key_of, locked, root
from tests.world.daemon import alive, kept_argv, kill, mark, serving
from tests.world.debian_packages import SYSTEM, this_debian, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

# Debian 12's own engine has neither buildx nor the containerd store; these packages run on its libraries too.
_RELEASE = "trixie"
_PACKAGES = ("docker.io", "docker-cli", "docker-buildx", "containerd", "tini")
_RUN = Path("/run/pipeline-kit")


@dataclass(frozen=True, slots=True)
class _Slot:
    """One of the engines that a machine may have at once: a run holds its lock for as long as it uses it.

    ``run`` has socket and configuration: a short path, since that of a socket has at most 107 bytes.
    """

    data: Path
    run: Path
    environ: dict[str, str]

    @property
    def process(self) -> str:
        """What marks the daemon's process, '' if none was started."""
        return self._noted("process")

    @property
    def bridge(self) -> str:
        """The name of the daemon's bridge, '' if none was added."""
        return self._noted("bridge")

    def _noted(self, what: str) -> str:
        with suppress(FileNotFoundError):
            return (self.run / what).read_text()
        return ""

    def answers(self) -> bool:
        """Whether the daemon is ready."""
        command = Command(argv=("docker", "version"), extra=self.environ, timeout=10)
        try:
            return Runner(self.environ).run(command).code == 0
        except Failure:  # it took too long
            return False


@contextmanager
def running(*, containerd_store: bool) -> Iterator[dict[str, str]]:
    """DOCKER_HOST, DOCKER_CONFIG and PATH of a private engine, while the block lasts; it starts empty.

    With PIPELINE_KIT_KEEP_WORLD=1 it stays up after the block, and the next run takes it over as it is.
    """
    stays = os.environ.get("PIPELINE_KIT_KEEP_WORLD") == "1"
    programs = _programs()
    with ExitStack() as stack:
        slot = _take_slot(stack, programs, "containerd" if containerd_store else "classic")
        if not stays:
            stack.callback(_clear, slot)
        if not (alive(slot.process) and slot.answers()):
            _clear(slot)
            _prepare(slot, programs, containerd_store=containerd_store)
            argv = _in_own_namespaces(kept_argv(("dockerd", "--config-file", f"{slot.run}/daemon.json"), stay=stays))
            log = slot.data.with_suffix(".log")
            pid = stack.enter_context(serving(argv, environ=slot.environ, log=log, ready=slot.answers, stay=stays))
            (slot.run / "process").write_text(mark(pid))
        yield slot.environ


def restart(host: str, *, crash: bool = False) -> None:
    """Have the private engine at ``host`` end and start again, by itself or as after a crash. It does not wait."""
    outside = int((Path(host.removeprefix("unix://")).parent / "process").read_text().split()[0])
    keeper = int(Path(f"/proc/{outside}/task/{outside}/children").read_text().split()[0])
    os.kill(keeper, signal.SIGUSR1 if crash else signal.SIGHUP)


def _programs() -> tuple[Path, ...]:
    """The folders of programs: Debian 13's engine, and the running release's runc: a newer one needs a newer libc."""
    engine = unpacked(_RELEASE, *_PACKAGES) / "root" / "usr"
    runc = unpacked(this_debian().codename, "runc") / "root" / "usr"
    return engine / "bin", engine / "sbin", runc / "sbin", engine / "libexec" / "docker" / "cli-plugins"


def _take_slot(stack: ExitStack, programs: tuple[Path, ...], store: str) -> _Slot:
    """The first slot whose lock is free; the lock is held until ``stack`` ends."""
    number = 0
    while True:
        data = root() / f"engine-{store}-{number}"
        try:
            stack.enter_context(locked(data.with_suffix(".lock"), wait=False))
        except BlockingIOError:
            number += 1
            continue
        run = _RUN / key_of(data)
        path = os.pathsep.join([*map(str, programs), SYSTEM["PATH"]])
        environ = {"DOCKER_HOST": f"unix://{run}/docker.sock", "DOCKER_CONFIG": f"{run}/config", "PATH": path}
        return _Slot(data, run, environ)


def _prepare(slot: _Slot, programs: tuple[Path, ...], *, containerd_store: bool) -> None:
    plugins = slot.run / "config" / "cli-plugins"
    plugins.mkdir(parents=True)
    buildx = programs[-1] / "docker-buildx"
    buildx.chmod(0o755)  # Debian's package leaves the run bit out
    (plugins / "docker-buildx").symlink_to(buildx)
    (slot.run / "config" / "config.json").write_text("{}\n")
    name = f"pk{secrets.token_hex(4)}"  # an interface's name has at most 15 characters
    (slot.run / "bridge").write_text(name)
    with locked(_RUN / "bridge.lock"):
        bridge.add(name)
    settings = {
        "features": {"containerd-snapshotter": containerd_store},
        "hosts": [slot.environ["DOCKER_HOST"]],
        "data-root": str(slot.data),
        "exec-root": str(slot.run / "exec"),
        "pidfile": str(slot.run / "docker.pid"),
        "bridge": name,
        "shutdown-timeout": 2,
        **dict.fromkeys(("iptables", "ip6tables", "ip-forward", "ip-masq"), False),
    }
    (slot.run / "daemon.json").write_text(json.dumps(settings))


def _in_own_namespaces(argv: tuple[str, ...]) -> tuple[str, ...]:
    """``argv`` as the first process of a PID namespace: with it end every container and every mount."""
    return ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", *argv)


def _clear(slot: _Slot) -> None:
    """Remove what a run left behind, whether it ended or was killed."""
    kill(slot.process)
    bridge.remove(slot.bridge)
    shutil.rmtree(slot.run, ignore_errors=True)
    shutil.rmtree(slot.data, ignore_errors=True)
