"""Images of a few hundred bytes that real Trivy takes for a distribution, and a registry that serves its databases."""

from __future__ import annotations

import io
import json
import sqlite3
import tarfile
import zipfile
from typing import TYPE_CHECKING

from pipeline_kit.model.digest import digest_of
from pipeline_kit.oci.layout import read
from tests.world.oci_layout import write_layout

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_httpserver import HTTPServer

    from pipeline_kit.model.image import PlatformImage

Files = dict[str, bytes]


def os_release(name: str, version: str) -> Files:
    """What a distribution is recognised by."""
    text = f'ID={name}\nNAME="{name}"\nVERSION_ID="{version}"\n'
    return {"etc/os-release": text.encode(), f"etc/{name}_version": f"{version}\n".encode()}


def dpkg(*packages: tuple[str, str]) -> Files:
    """The package database of Debian with these names and versions."""
    entries = (
        f"Package: {name}\nStatus: install ok installed\nArchitecture: amd64\nVersion: {version}\nDescription: x\n"
        for name, version in packages
    )
    return {"var/lib/dpkg/status": "\n".join(entries).encode()}


def python_package(name: str, version: str) -> Files:
    """What pip leaves of a package."""
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    return {f"usr/lib/python3/dist-packages/{name}-{version}.dist-info/METADATA": metadata.encode()}


def jar() -> bytes:
    """A jar that says nothing of itself: only an index knows it, by its hash."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("META-INF/MANIFEST.MF"), "Manifest-Version: 1.0\n")
    return content.getvalue()


DEBIAN = os_release("debian", "12.5") | dpkg(("zlib1g", "1:1.2.13"), ("busybox", "1.35"))


def image(folder: Path, *layers: Mapping[str, bytes], level: int = 1) -> tuple[Path, PlatformImage]:
    """An image of these files as a layout of one platform, and that platform; ``level`` is gzip's."""
    write_layout(folder, [_tar(files) for files in layers], {}, level=level)
    return folder, read(folder).platforms[0]


def serve_artifact(server: HTTPServer, repository: str, kind: str, files: Mapping[str, bytes]) -> str:
    """Serve ``files`` as the OCI artifact that Trivy downloads as its ``db`` or ``javadb``; the reference."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    layer, config = content.getvalue(), b"{}"
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": _descriptor("application/vnd.aquasec.trivy.config.v1+json", config),
            "layers": [
                {
                    **_descriptor(f"application/vnd.aquasec.trivy.{kind}.layer.v1.tar+gzip", layer),
                    "annotations": {"org.opencontainers.image.title": f"{kind}.tar.gz"},
                }
            ],
        }
    ).encode()
    server.expect_request("/v2/").respond_with_json({})
    for name in ("1", digest_of(manifest)):
        server.expect_request(f"/v2/{repository}/manifests/{name}").respond_with_data(
            manifest, content_type="application/vnd.oci.image.manifest.v1+json"
        )
    for blob in (layer, config):
        server.expect_request(f"/v2/{repository}/blobs/{digest_of(blob)}").respond_with_data(blob)
    return f"{server.host}:{server.port}/{repository}:1"


def java_index(folder: Path, jars: Mapping[str, str]) -> Files:
    """Trivy's index of jars: SHA-1 to ``group:artifact:version``."""
    file = folder / "trivy-java.db"
    database = sqlite3.connect(file)
    database.executescript(
        """
        CREATE TABLE artifacts(id INTEGER PRIMARY KEY, group_id TEXT, artifact_id TEXT);
        CREATE TABLE indices(artifact_id INTEGER, version TEXT, sha1 BLOB, archive_type TEXT);
        """
    )
    for number, (sha1, coordinates) in enumerate(jars.items()):
        group, artifact, version = coordinates.split(":")
        database.execute("INSERT INTO artifacts VALUES (?, ?, ?)", (number, group, artifact))
        database.execute("INSERT INTO indices VALUES (?, ?, ?, 'jar')", (number, version, bytes.fromhex(sha1)))
    database.commit()
    database.close()
    return {file.name: file.read_bytes()}


def _descriptor(media_type: str, content: bytes) -> dict[str, object]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def _tar(files: Mapping[str, bytes]) -> io.BytesIO:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    content.seek(0)
    return content
