"""A run that was cut, and is run again: what an earlier one published is gone on with, never made a second time."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.docker_registry import DockerRegistry
    from tests.world.kit import Kit


@pytest.fixture
def unlike(kit: Kit) -> Kit:
    """The project with a build that is another one each time, released as 1.2.0."""
    project = Repository(kit.folder, new=False)
    dockerfile = kit.folder / "Dockerfile"
    dockerfile.write_text(
        dockerfile.read_text().replace("RUN echo", "RUN cat /proc/sys/kernel/random/uuid >/www/id && echo")
    )
    project("add", ".")
    project.commit("feat: an id for each build")
    project("tag", "--annotate", "v1.2.0", "--message", "third")
    return kit


def publish(kit: Kit, registry: DockerRegistry) -> tuple[str, str]:
    """The digest that was published, and the line of the build."""
    run = kit("run", "--until", "push", "--image", f"{registry.address}/web", "--set", "build.no-cache=true")
    assert run.code == 0, run.stderr
    return kit.value("push")["digest"], run.line("build")


def tags(registry: DockerRegistry) -> Path:
    return registry.storage / "docker/registry/v2/repositories/web/_manifests/tags"


def test_a_rerun_completes_a_release_with_the_image_that_is_published(
    unlike: Kit, docker_registry: DockerRegistry
) -> None:
    first, _ = publish(unlike, docker_registry)
    # Cut between the version's tag and those that move, on a runner that is gone since.
    for name in ("1.2", "1", "latest"):
        shutil.rmtree(tags(docker_registry) / name)
    shutil.rmtree(unlike.folder / ".pipeline-kit")
    shutil.rmtree(unlike.folder.parent / "cache")
    again, line = publish(unlike, docker_registry)
    assert again == first
    assert "published as 1.2.0 from this commit already" in line
    assert {path.name for path in tags(docker_registry).iterdir()} >= {"1.2.0", "1.2", "1", "latest"}
    assert unlike.value("build")["adopted"] is True
    assert unlike.value("scan")["digest"] == first


def test_a_version_of_another_commit_is_refused_before_it_is_built(
    unlike: Kit, docker_registry: DockerRegistry
) -> None:
    first, _ = publish(unlike, docker_registry)
    project = Repository(unlike.folder, new=False)
    project.commit("fix: too late")
    project("tag", "--force", "--annotate", "v1.2.0", "--message", "moved")
    run = unlike("run", "--until", "push", "--image", f"{docker_registry.address}/web")
    assert (run.code, "1.2.0 is published already" in run.stderr) == (2, True)
    assert first.removeprefix("sha256:")[:12] in run.stderr


def test_only_a_run_that_publishes_asks_for_an_earlier_one(unlike: Kit, docker_registry: DockerRegistry) -> None:
    first, _ = publish(unlike, docker_registry)
    until = ("--until", "build", "--set", "build.no-cache=true")
    run = unlike("run", *until, "--image", f"{docker_registry.address}/web")
    assert run.code == 0, run.stderr
    assert unlike.value("build")["digest"] != first
