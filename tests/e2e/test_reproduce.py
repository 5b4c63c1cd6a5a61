"""The line under a failure of a real engine, scanner or target repeats it in a fresh clone."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.docker_registry import DockerRegistry
    from tests.world.kit import Kit
    from tests.world.trivy_database import TrivyDatabase


@pytest.mark.parametrize("way", ["scan alone", "a run by variables", "a stage by a flag", "a deploy by --set"])
def test_the_line_repeats_the_failure_in_a_fresh_clone(
    kit: Kit, docker_registry: DockerRegistry, stopping_trivy_database: TrivyDatabase, tmp_path: Path, way: str
) -> None:
    image, cache = f"{docker_registry.address}/web", str(stopping_trivy_database.cache)
    match way:
        case "scan alone":
            assert kit("build").code == 0
            kind, failed = "scan.refused", kit("scan", "--cache", cache, PIPELINE_KIT_SCAN_FAIL_ON="CRITICAL")
        case "a run by variables":
            kind, failed = "scan.refused", kit("run", PIPELINE_KIT_SCAN_CACHE=cache, PIPELINE_KIT_IMAGE=image)
        case "a stage by a flag":
            kind, failed = "build.target", kit("build", "--target", "nowhere")
        case _:
            options = ("--set", "deploy.target=docker", "--set", "deploy.health=/missing", "--set", "deploy.timeout=5")
            kind, failed = "deploy.unhealthy", kit("run", "--image", image, *options)
    assert f"explain {kind}" in failed.stderr, failed.stderr
    (line,) = re.findall(r"^ +Reproduce locally: (.+)$", failed.stderr, re.MULTILINE)
    clone = Repository(kit.folder, new=False).clone(tmp_path / "fresh")
    again = subprocess.run(
        ["sh", "-c", line], cwd=clone.folder, env=kit.environment(), capture_output=True, text=True, timeout=300
    )
    assert f"explain {kind}" in again.stderr, f"{line}\n{again.stderr}"
    assert again.returncode == failed.code
