"""The example of docs/python-api.md publishes what the command would, and leaves the tree as clean."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from examples.client import publish
from pipeline_kit.errors import Failure
from pipeline_kit.model.reference import Repository as ImageRepository
from pipeline_kit.scanners.settings import ScanSettings
from tests.world.repository import Repository

if TYPE_CHECKING:
    from tests.world.docker_registry import DockerRegistry
    from tests.world.engine import Engine
    from tests.world.trivy_database import TrivyDatabase


def test_the_client_publishes_and_leaves_no_trace_in_git(
    tmp_path: Path,
    engine: Engine,
    trivy_database: TrivyDatabase,
    docker_registry: DockerRegistry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = tmp_path / "web"
    folder.mkdir()
    project = Repository(folder)
    project.write("index.html", "hello", "feat: greet")
    project.write("Dockerfile", "FROM scratch\nARG VERSION\nCOPY index.html /\n", "build: an image")
    project("tag", "v1.0.0")
    for key, value in {
        **engine.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), engine.path]),
    }.items():
        monkeypatch.setenv(key, value)
    where = ImageRepository.parse(f"{docker_registry.address}/shop/web")
    rules = {"cache": trivy_database.cache, "database": "offline"}
    with pytest.raises(Failure) as refused:  # an image without an operating system can't be judged
        publish(folder, tmp_path / "state", where, ScanSettings(**rules))
    assert refused.value.kind == "push.unscanned"
    published = publish(folder, tmp_path / "state", where, ScanSettings(**rules, allow_no_os="one page"))
    assert [tag.name for tag in published.tags][:4] == [
        "1.0.0",
        "sha-" + project("rev-parse", "--short=7", "HEAD").strip(),
        "1.0",
        "1",
    ]
    assert str(published.reference).startswith(f"{where}@sha256:")
    assert (folder / ".pipeline-kit" / "logs").is_dir()
    assert project("status", "--porcelain") == ""
