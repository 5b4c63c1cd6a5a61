"""Docker's classic image store: an image that is saved and converted."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.engines import docker
from pipeline_kit.model.platform import Platform
from tests.contract.engine_project import Project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.base_image import BaseImage
    from tests.world.engine import Engine

DOCKERFILE = """\
FROM engine-base:1 AS build
COPY src.txt /src.txt
RUN cat /src.txt > /built
FROM engine-base:1 AS runtime
COPY --from=build /built /built
HEALTHCHECK CMD true
CMD ["cat", "/built"]
"""


@pytest.fixture
def project(classic_engine: Engine, small_base: BaseImage, tmp_path: Path) -> Project:
    classic_engine.docker("load", stdin=small_base.archive("engine-base:1"))
    (tmp_path / "shop").mkdir()
    return Project(tmp_path / "shop", docker, classic_engine.environ)


def test_the_store_is_known(project: Project) -> None:
    facts = docker.find(project.context)
    assert facts
    assert (facts.store, facts.tool.name) == ("classic", "buildx")


def test_a_build_from_the_cache_has_the_same_digest_and_the_image_id_is_its_config(
    project: Project, classic_engine: Engine
) -> None:
    project.write(DOCKERFILE, src__txt=f"{os.getpid()} {time.time_ns()}")
    digest = project.build(labels={"name": "a,b\nc"})
    assert project.build(labels={"name": "a,b\nc"}) == digest
    config = project.layout.platforms[0].config
    assert classic_engine.docker("image", "inspect", config, "--format", "{{.Id}}") == config
    assert project.config["config"]["Labels"] == {"name": "a,b\nc"}
    assert project.config["config"]["Healthcheck"] == {"Test": ["CMD-SHELL", "true"]}
    assert not list(project.context.state.glob("build-*"))


def test_a_command_that_fails_shows_its_line_and_its_last_words(project: Project) -> None:
    failure = project.write("FROM engine-base:1\nRUN echo why; exit 5\n").fails()
    assert (failure.kind, failure.headline) == ("build.run", "Dockerfile:2, RUN ended with exit code 5")
    assert failure.evidence[-1] == "│ why"


def test_what_it_would_ignore_or_fail_at_is_refused_before_it_starts(project: Project) -> None:
    project.write("FROM engine-base:1\n")
    both = (Platform("linux", "amd64"), Platform("linux", "arm64"))
    assert project.fails(platforms=both).kind == "build.unsupported"
    assert project.fails(reproducible=True).kind == "build.unsupported"
    assert project.fails(contexts={"engine-base:1": "oci-layout:///nowhere"}).kind == "build.unsupported"
    assert project.heard.lines == []
