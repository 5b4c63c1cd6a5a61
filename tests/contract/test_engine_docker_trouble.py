"""Engines that are absent, down, set up wrongly or gone half-way, and a build that is stopped: on real ones."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from pipeline_kit.engines import choose, docker
from pipeline_kit.errors import Exit, Failure
from pipeline_kit.process import Runner
from tests.contract.engine_project import Project, running, stopped_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.world.base_image import BaseImage
    from tests.world.engine import Engine


@pytest.fixture
def project(engine: Engine, small_base: BaseImage, tmp_path: Path) -> Project:
    (tmp_path / "shop").mkdir()
    return Project(tmp_path / "shop", docker, engine.environ, {"base": f"oci-layout://{small_base.layout}"})


def _not_chosen(project: Project, name: str = "docker", **environ: str) -> Failure:
    environ = {**project.environ, **environ}
    context = msgspec.structs.replace(project.context, environ=environ, run=Runner(environ))
    with pytest.raises(Failure) as caught:
        choose(name, context)
    return caught.value


def test_without_any_engine_both_are_named(project: Project, tmp_path: Path) -> None:
    failure = _not_chosen(project, "auto", PATH=str(tmp_path))
    assert (failure.kind, failure.exit) == ("build.no-engine", Exit.USAGE)
    assert "Docker:" in failure.notes[0].text
    assert "Buildah:" in failure.notes[0].text


@pytest.mark.parametrize("host", ["unix:///nowhere/docker.sock", "tcp://127.0.0.1:1"])
def test_an_engine_that_is_down_is_a_matter_of_time(project: Project, host: str) -> None:
    failure = _not_chosen(project, DOCKER_HOST=host)
    assert (failure.kind, failure.exit) == ("build.engine-down", Exit.TRY_LATER)
    assert host in failure.evidence[0]


def test_an_engine_that_is_down_is_not_silently_replaced_by_another(project: Project) -> None:
    failure = _not_chosen(project, "auto", DOCKER_HOST="unix:///nowhere/docker.sock")
    assert failure.kind == "build.engine-down"
    has_buildah = bool(shutil.which("buildah", path=project.environ["PATH"]))
    assert ("pipeline-kit build --engine buildah" in [note.text for note in failure.notes]) == has_buildah


def test_a_client_that_is_set_up_wrongly_is_told(project: Project) -> None:
    assert _not_chosen(project, DOCKER_HOST="nonsense://x").kind == "build.engine-settings"
    environ = {name: value for name, value in project.environ.items() if name != "DOCKER_HOST"}
    wrong = replace(project, environ={**environ, "DOCKER_CONTEXT": "nowhere"})
    failure = _not_chosen(wrong)
    assert failure.kind == "build.engine-settings"
    assert "nowhere" in failure.evidence[0]


def test_another_program_of_that_name_is_no_engine(project: Project, tmp_path: Path) -> None:
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho \'{"host": {}, "version": {}}\'\n')
    program.chmod(0o755)
    assert _not_chosen(project, PATH=f"{program.parent}:/usr/bin:/bin").kind == "build.no-engine"


def test_a_builder_that_does_not_exist_is_named(project: Project) -> None:
    project.write("FROM base\n")
    project.environ = {**project.environ, "BUILDX_BUILDER": "nobody"}
    failure = project.fails()
    assert (failure.kind, failure.headline) == ("build.builder", "there is no buildx builder nobody")


def test_an_engine_that_goes_away_half_way_is_told(project: Project, engine: Engine, tmp_path: Path) -> None:
    with _proxy(engine.host, tmp_path / "proxy.sock") as cut:
        project.environ = {**project.environ, "DOCKER_HOST": f"unix://{tmp_path}/proxy.sock"}
        project.heard.listener = lambda line: cut() if "now waiting" in line else None
        project.write("FROM base\nRUN echo now waiting; sleep 30\n")
        failure = project.fails(no_cache=True)
    assert (failure.kind, failure.exit) == ("build.engine-died", Exit.TRY_LATER)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
def test_a_full_disk_is_told(project: Project) -> None:
    layout = project.root.with_name("shop-layout")
    layout.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=500k", "none", layout], check=True)
    try:
        failure = project.write("FROM base\n").fails()
    finally:
        subprocess.run(["umount", layout], check=True)
    assert (failure.kind, failure.exit) == ("build.disk", Exit.TRY_LATER)


def test_a_build_that_is_stopped_leaves_no_image_and_no_process(project: Project) -> None:
    seconds = str(40_000 + os.getpid())
    project.write(f"FROM base\nRUN echo now waiting; sleep {seconds}\n")
    with stopped_at(project, "now waiting"):
        project.build(no_cache=True)
    assert not project.is_built
    assert not running(str(project.root))
    _wait_until_gone(f"sleep {seconds}")
    assert not list(project.context.state.glob("build-*"))


def _wait_until_gone(words: str) -> None:
    """The engine stops the command on its own, soon after the client has gone."""
    patience = threading.Event()
    for _ in range(100):
        if not running(words):
            return
        patience.wait(0.1)
    assert not running(words)


@contextmanager
def _proxy(host: str, path: Path) -> Iterator[threading.Event]:
    """A way to the engine's socket at ``path``, which the block can cut."""
    pairs: list[socket.socket] = []

    def cut() -> None:
        for end in pairs:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def copy(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while block := source.recv(1 << 16):
                target.sendall(block)
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(host.removeprefix("unix://"))
                pairs.extend((client, engine))
                for source, target in ((client, engine), (engine, client)):
                    thread = threading.Thread(target=copy, args=(source, target))
                    thread.start()
                    threads.append(thread)

    threads = [threading.Thread(target=serve)]
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        threads[0].start()
        try:
            yield cut
        finally:
            cut()
            listener.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()
            for end in pairs:
                end.close()
