"""Trivy's database served as what Trivy downloads: an OCI artifact; or a server that fails in one of the known ways."""

from __future__ import annotations

import io
import json
import re
import tarfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from pipeline_kit.model.digest import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world.trivy_database import TrivyDatabase

# What the server does instead: too many requests, an error of its own, a layer that ends early, no answer for a while.
Fault = Literal["", "throttled", "broken", "cut", "slow"]

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.aquasec.trivy.config.v1+json"
_LAYER = "application/vnd.aquasec.trivy.db.layer.v1.tar+gzip"
_SLOW = 30.0  # seconds


@dataclass(frozen=True, slots=True)
class _Artifact:
    manifest: bytes
    blobs: dict[str, bytes]


@contextmanager
def serving_database(database: TrivyDatabase, fault: Fault = "") -> Iterator[str]:
    """Serve ``database`` on loopback while the block lasts, which gets what Trivy takes as ``--db-repository``."""
    artifact = _packed(database)
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        server.expect_request(re.compile("")).respond_with_handler(lambda request: _answer(request, artifact, fault))
        yield f"{server.host}:{server.port}/trivy-db:2"


def _packed(database: TrivyDatabase) -> _Artifact:
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:gz") as archive:
        for name in ("trivy.db", "metadata.json"):
            archive.add(database.folder / name, name)
    layer, config = tar.getvalue(), b"{}"
    title = {"org.opencontainers.image.title": "db.tar.gz"}
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": {"mediaType": _CONFIG, "digest": digest_of(config), "size": len(config)},
        "layers": [{"mediaType": _LAYER, "digest": digest_of(layer), "size": len(layer), "annotations": title}],
    }
    return _Artifact(json.dumps(manifest).encode(), {digest_of(content): content for content in (config, layer)})


def _answer(request: Request, artifact: _Artifact, fault: Fault) -> Response:
    if request.path == "/v2/":
        return Response("{}")
    if fault == "slow":
        time.sleep(_SLOW)
    if fault == "throttled":
        return _error(429, "TOOMANYREQUESTS")
    if fault == "broken":
        return _error(500, "UNKNOWN")
    *_, kind, name = request.path.split("/")
    if kind == "manifests":
        headers = {"Docker-Content-Digest": digest_of(artifact.manifest)}
        return Response(artifact.manifest, content_type=_MANIFEST, headers=headers)
    content = artifact.blobs.get(name)
    if content is None:
        return _error(404, "BLOB_UNKNOWN")
    sent = content[: len(content) // 2] if fault == "cut" and len(content) > len(b"{}") else content
    return Response(sent, content_type="application/octet-stream", headers={"Content-Length": str(len(content))})


def _error(status: int, code: str) -> Response:
    return Response(json.dumps({"errors": [{"code": code}]}), status, content_type="application/json")
