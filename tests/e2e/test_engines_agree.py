"""Docker and Buildah compress a layer in their own ways: a scanner that has read the one knows the other."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.contract.test_engine_buildah import base, storage
from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.kit import Kit

__all__ = ["base", "storage"]
DOCKERFILE = "FROM small\nCOPY www/ /www/\nEXPOSE 8080\n"


@pytest.mark.parametrize("first", ["docker", "buildah"])
def test_one_memory_of_layers_serves_both(kit: Kit, storage: dict[str, str], base: Path, first: str) -> None:
    repository = Repository(kit.folder)
    repository.write("Dockerfile", DOCKERFILE, "fix: no health check, which Buildah's images don't have")
    environ = {
        "PATH": os.pathsep.join((kit.environ["PATH"], storage["PATH"])),
        "CONTAINERS_STORAGE_CONF": storage["CONTAINERS_STORAGE_CONF"],
        "PIPELINE_KIT_BUILD_CONTEXTS": f"small=oci-layout://{base}",
    }
    engines = [first, *({"docker", "buildah"} - {first})]
    built = {}
    for engine in engines:
        run = kit("run", "--until", "scan", "--set", f"build.engine={engine}", **environ)
        assert run.code == 0, run.stderr
        (built[engine],) = kit.value("build")["platforms"]
    # The base is the same one, and is stored in two ways.
    assert built["docker"]["layers"][0] != built["buildah"]["layers"][0]
