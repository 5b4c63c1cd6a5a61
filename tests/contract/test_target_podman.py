"""Podman's socket in the place of Docker's."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest

from tests.contract.target_images import answering, crashing
from tests.contract.test_target_docker import Lab, answer, notes
from tests.world.commands import output_of
from tests.world.daemon import kept_argv, serving
from tests.world.debian_packages import this_debian, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world.base_image import BaseImage
    from tests.world.docker_registry import DockerRegistry


@dataclass(frozen=True)
class Podman:
    environ: dict[str, str]


@pytest.fixture
def lab(tmp_path: Path, small_base: BaseImage, docker_registry: DockerRegistry) -> Iterator[Lab]:
    """Podman as root, with storage and settings of its own, and Docker's runtime: crun wants one version of cgroups."""
    podman = shutil.which("podman")
    if podman is None or os.geteuid() != 0:
        pytest.skip("podman is not installed")
    runc = unpacked(this_debian().codename, "runc") / "root" / "usr" / "sbin" / "runc"
    settings = tmp_path / "containers.conf"
    settings.write_text(
        '[engine]\ncgroup_manager="cgroupfs"\nevents_logger="file"\nruntime="runc"\n'
        f'[engine.runtimes]\nrunc=[{json.dumps(str(runc))}]\n[containers]\ndefault_ulimits=["nofile=1024:1024","nproc=1024:1024"]\n'
    )
    registries = tmp_path / "registries.conf"
    registries.write_text('[[registry]]\nprefix="127.0.0.1"\nlocation="127.0.0.1"\ninsecure=true\n')
    environ = {**os.environ, "CONTAINERS_CONF": str(settings), "CONTAINERS_REGISTRIES_CONF": str(registries)}
    with TemporaryDirectory(prefix="pk") as short:  # a socket's path has at most 107 bytes
        socket = Path(short, "podman.sock")
        store = (podman, "--root", str(tmp_path / "podman"), "--runroot", f"{short}/run", "--storage-driver", "vfs")
        argv = kept_argv((*store, "system", "service", "--time=0", f"unix://{socket}"))
        with serving(argv, environ=environ, log=tmp_path / "podman.log", ready=socket.exists):
            engine = Podman({"DOCKER_HOST": f"unix://{socket}", "PATH": os.environ["PATH"]})
            yield Lab(tmp_path, engine, small_base, docker_registry)  # type: ignore[arg-type] # as far as a lab needs one
            output_of(*store, "rm", "--all", "--force", environ=environ)


def test_a_service_is_deployed_replaced_and_rolled_back(lab: Lab) -> None:
    first = lab.deploy(answering("one"))
    assert answer(first.url) == "one"
    second = lab.deploy(answering("two"))
    assert (second.url, answer(second.url)) == (first.url, "two")
    failure = lab.failure(crashing())
    assert failure.kind == "deploy.unhealthy"
    assert notes(failure)["now"] == f"{second.digest[7:19]} serves as before: it was not touched"
    assert answer(second.url) == "two"
    assert lab.names() == [""]
