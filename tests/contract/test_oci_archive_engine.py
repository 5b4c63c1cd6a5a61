"""What a real engine saves becomes a layout that a real scanner reads, with the image ID that the engine told."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.oci.docker_archive import convert
from pipeline_kit.oci.layout import read
from pipeline_kit.oci.verify import verify
from pipeline_kit.oci.view import view

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.engine import Engine
    from tests.world.trivy_database import TrivyDatabase

_DOCKERFILE = b"""\
FROM scratch
COPY one /one
COPY two /two
LABEL org.opencontainers.image.version=1.5.0
"""


@pytest.fixture(scope="module")
def build_context() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, data in (("Dockerfile", _DOCKERFILE), ("one", b"1" * 100_000), ("two", b"2" * 3_000_000)):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return content.getvalue()


def _saved(engine: Engine, build_context: bytes, folder: Path) -> tuple[str, Path]:
    """The id that the engine gives the image it built, and what it saves."""
    image = engine.docker("build", "-q", "-", stdin=build_context).strip()
    engine.docker("save", "-o", str(folder / "image.tar"), image)
    return image, folder / "image.tar"


@pytest.mark.parametrize("name", ["engine", "classic_engine"])
def test_an_image_keeps_the_id_that_its_engine_told(
    name: str, request: pytest.FixtureRequest, build_context: bytes, tmp_path: Path
) -> None:
    engine: Engine = request.getfixturevalue(name)
    image, archive = _saved(engine, build_context, tmp_path)
    digest = convert(archive, tmp_path / "layout")
    (platform,) = verify(tmp_path / "layout", digest).platforms
    assert image == (platform.config if engine.store == "classic" else digest)
    assert len(platform.layers) == 2
    assert convert(archive, tmp_path / "again") == digest


def test_trivy_reads_the_view_of_it(
    classic_engine: Engine, build_context: bytes, trivy: Path, trivy_database: TrivyDatabase, tmp_path: Path
) -> None:
    image, archive = _saved(classic_engine, build_context, tmp_path)
    convert(archive, tmp_path / "layout")
    (platform,) = read(tmp_path / "layout").platforms
    folder = view(tmp_path / "layout", platform, tmp_path / "view")
    options = ("--cache-dir", trivy_database.cache, "--skip-db-update", "--offline-scan", "--scanners", "vuln")
    scan = (trivy, "image", *options, "--format", "json", "--input", folder)
    report = json.loads(subprocess.run(scan, capture_output=True, check=True).stdout)
    assert report["Metadata"]["ImageID"] == image
