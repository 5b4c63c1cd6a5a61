"""Requests to a registry as they go over the wire, and the smallest content to send with them."""

from __future__ import annotations

import http.client
import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline_kit.model.digest import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from email.message import Message

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
EMPTY = b"{}"
_EMPTY_TYPE = "application/vnd.oci.empty.v1+json"


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        return str(self.json["errors"][0]["code"])


@dataclass(frozen=True, slots=True)
class Connection:
    """One connection, kept for all requests, as a client keeps it. Paths are below /v2/."""

    http: http.client.HTTPConnection

    def __call__(
        self, method: str, path: str, body: bytes | Iterable[bytes] = b"", headers: Mapping[str, str] | None = None
    ) -> Answer:
        self.http.request(method, path if path.startswith("/") else f"/v2/{path}", body, dict(headers or {}))
        response = self.http.getresponse()
        return Answer(response.status, response.headers, response.read())

    def push_blob(self, repository: str, content: bytes) -> str:
        digest = digest_of(content)
        assert self("POST", f"{repository}/blobs/uploads/?digest={digest}", content).status == 201
        return digest

    def push(self, repository: str, reference: str, content: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        kind = json.loads(content).get("mediaType", MANIFEST)
        return self("PUT", f"{repository}/manifests/{reference}", content, {"Content-Type": kind, **(headers or {})})


@contextmanager
def connected(address: str) -> Iterator[Connection]:
    host, _, port = address.rpartition(":")
    connection = http.client.HTTPConnection(host.strip("[]"), int(port), timeout=20)
    try:
        yield Connection(connection)
    finally:
        connection.close()


def descriptor(content: bytes, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def manifest(**fields: Any) -> bytes:
    """A manifest of the empty config; its blob has to be there."""
    shape = {"schemaVersion": 2, "mediaType": MANIFEST, "config": descriptor(EMPTY, _EMPTY_TYPE), "layers": []}
    return json.dumps({**shape, **fields}).encode()


def index(*manifests: bytes, **fields: Any) -> bytes:
    entries = [descriptor(content, MANIFEST) for content in manifests]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries, **fields}).encode()
