"""The world's parts are real, and work together."""

from __future__ import annotations

import json
import urllib.request
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.process import Command, Runner
from tests.world.database_server import serving_database
from tests.world.trivy_database import Advisory, write_database

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.process import Completed
    from tests.world.base_image import BaseImage
    from tests.world.database_server import Fault
    from tests.world.docker_registry import DockerRegistry
    from tests.world.engine import Engine
    from tests.world.trivy_database import TrivyDatabase


def _findings(trivy: Path, base: BaseImage, database: TrivyDatabase) -> set[str]:
    options = ("--cache-dir", str(database.cache), "--skip-db-update", "--offline-scan", "--format", "json")
    command = Command(argv=(str(trivy), "image", "--input", str(base.layout), *options, "--scanners", "vuln"))
    report = json.loads(Runner({}).run(command).checked().stdout)
    assert report["Metadata"]["OS"]["Family"] == "debian"
    return {finding["VulnerabilityID"] for each in report["Results"] for finding in each.get("Vulnerabilities", [])}


def _dockerfile(folder: Path) -> str:
    (folder / "Dockerfile").write_text('FROM base:1\nRUN echo built > /said\nCMD ["cat", "/said"]\n')
    return str(folder)


def test_the_engine_builds_on_the_base_and_runs_it(engine: Engine, small_base: BaseImage, tmp_path: Path) -> None:
    context = ("--build-context", small_base.build_context("base:1"))
    engine.docker("buildx", "build", *context, "--load", "--tag", "world:1", _dockerfile(tmp_path))
    assert engine.docker("run", "--rm", "--init", "world:1") == "built"


def test_the_classic_engine_builds_but_writes_no_layout(
    classic_engine: Engine, small_base: BaseImage, tmp_path: Path
) -> None:
    classic_engine.docker("load", stdin=small_base.archive("base:1"))
    classic_engine.docker("buildx", "build", "--load", "--tag", "world:1", _dockerfile(tmp_path))
    assert classic_engine.docker("run", "--rm", "world:1") == "built"
    with pytest.raises(RuntimeError, match="OCI exporter is not supported"):
        classic_engine.docker("buildx", "build", f"--output=type=oci,dest={tmp_path}/out.tar", str(tmp_path))


def test_the_python_base_has_python(engine: Engine, python_base: BaseImage) -> None:
    engine.docker("load", stdin=python_base.archive("python-base:1"))
    assert engine.docker("run", "--rm", "python-base:1", "python", "-c", "import http.server; print('here')") == "here"


def test_the_engine_pushes_to_the_registry(
    engine: Engine, small_base: BaseImage, docker_registry: DockerRegistry
) -> None:
    name = f"{docker_registry.address}/team/base:1"
    engine.docker("load", stdin=small_base.archive(name))
    engine.docker("push", name)
    with urllib.request.urlopen(f"{docker_registry.url}/v2/team/base/tags/list") as answer:
        assert json.load(answer) == {"name": "team/base", "tags": ["1"]}


def test_trivy_finds_nothing_to_stop_on_in_the_clean_database(
    trivy: Path, trivy_database: TrivyDatabase, small_base: BaseImage
) -> None:
    assert _findings(trivy, small_base, trivy_database) == set()


def test_trivy_finds_what_the_database_says(
    trivy: Path, stopping_trivy_database: TrivyDatabase, small_base: BaseImage
) -> None:
    assert _findings(trivy, small_base, stopping_trivy_database) == {"CVE-2099-0004"}


def test_trivy_reads_a_database_of_many_pages(trivy: Path, small_base: BaseImage, tmp_path: Path) -> None:
    many = [Advisory(f"CVE-2098-{number:05}", f"package{number % 400}", "LOW") for number in range(4000)]
    here = Advisory("CVE-2099-0009", "busybox", "HIGH")
    database = write_database(tmp_path, (*many, here), age=timedelta(days=61))
    assert _findings(trivy, small_base, database) == {"CVE-2099-0009"}


def _download(trivy: Path, folder: Path, repository: str) -> Completed:
    options = ("--cache-dir", str(folder), "--download-db-only", "--db-repository", repository)
    return Runner({}).run(Command(argv=(str(trivy), "image", *options)))


def test_trivy_downloads_the_database(trivy: Path, trivy_database: TrivyDatabase, tmp_path: Path) -> None:
    with serving_database(trivy_database) as repository:
        assert _download(trivy, tmp_path, repository).code == 0
    assert (tmp_path / "db/trivy.db").read_bytes() == (trivy_database.folder / "trivy.db").read_bytes()


@pytest.mark.parametrize("fault", ["throttled", "cut"])
def test_trivy_can_not_download_the_database(
    trivy: Path, trivy_database: TrivyDatabase, tmp_path: Path, fault: Fault
) -> None:
    with serving_database(trivy_database, fault) as repository:
        assert _download(trivy, tmp_path, repository).code == 1
