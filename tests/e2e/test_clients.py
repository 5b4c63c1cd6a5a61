"""Other people's clients find in the registry the digest that the record names."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.world.debian_packages import installed, unpacked
from tests.world.unavailable import Unavailable

if TYPE_CHECKING:
    from tests.world.docker_registry import DockerRegistry
    from tests.world.engine import Engine
    from tests.world.kit import Kit


def said(*argv: str | Path) -> str:
    return subprocess.run([*map(str, argv)], check=True, capture_output=True, text=True).stdout


def oras() -> Path:
    found = shutil.which("oras")
    return Path(found) if found else unpacked("trixie", "oras") / "root" / "usr" / "bin" / "oras"


def test_docker_skopeo_and_oras_find_the_digest_of_the_record(
    kit: Kit, engine: Engine, docker_registry: DockerRegistry
) -> None:
    repository = f"{docker_registry.address}/web"
    run = kit("run", "--until", "push", "--image", repository)
    assert run.code == 0, run.stderr
    digest = kit.value("push")["digest"]
    assert digest in engine.docker("pull", f"{repository}:1.1.0")
    assert f"@{digest}" in engine.docker("image", "inspect", "--format", "{{.RepoDigests}}", f"{repository}:1.1.0")
    engine.docker("image", "rm", f"{repository}:1.1.0")
    try:
        skopeo = installed("skopeo", "skopeo")
        resolve = oras()
    except Unavailable as unavailable:
        pytest.skip(unavailable.reason)
    inspected = json.loads(said(skopeo, "inspect", "--tls-verify=false", f"docker://{repository}:latest"))
    assert inspected["Digest"] == digest
    assert inspected["Labels"]["org.opencontainers.image.version"] == "1.1.0"
    assert said(resolve, "resolve", "--plain-http", f"{repository}:1").strip() == digest


def test_a_moving_tag_never_goes_back(kit: Kit, docker_registry: DockerRegistry) -> None:
    from tests.world.repository import Repository

    repository = f"{docker_registry.address}/web"
    newer = kit("run", "--until", "push", "--image", repository)
    assert newer.code == 0, newer.stderr
    project = Repository(kit.folder, new=False)
    project("checkout", "--quiet", "-b", "old", "v1.0.0")
    project.commit("fix: for those who stay")
    project("tag", "v1.0.1")
    older = kit("run", "--until", "push", "--image", repository)
    assert older.code == 0, older.stderr
    kept = {tag["name"]: tag.get("kept", "") for tag in kit.value("push")["tags"]}
    assert kept == {
        "1.0.1": "",
        "1.0": "",
        f"sha-{kit.record()['commit'][:7]}": "",
        "1": "1.1.0 is newer",
        "latest": "1.1.0 is newer",
    }
    assert "latest stays: 1.1.0 is newer" in older.line("push")


def test_a_published_version_is_never_replaced(kit: Kit, docker_registry: DockerRegistry) -> None:
    from tests.world.repository import Repository

    repository = f"{docker_registry.address}/web"
    assert kit("run", "--until", "push", "--image", repository).code == 0
    project = Repository(kit.folder, new=False)
    (kit.folder / "www" / "index.html").write_text("something else\n")
    project("add", ".")
    project.commit("fix: the same version again")
    project("tag", "--force", "v1.1.0")
    again = kit("run", "--until", "push", "--image", repository)
    assert again.code == 2
    assert "1.1.0 is published already" in again.line("build")
    assert again.stdout == ""
