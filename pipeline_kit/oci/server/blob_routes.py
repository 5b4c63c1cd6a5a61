"""Blobs: whether they are there, their bytes or a part of them, and their removal."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from pipeline_kit.oci.server.conditions import Condition, etag
from pipeline_kit.oci.server.messages import ApiError, FilePart, Request, Response
from pipeline_kit.oci.server.names import blob_path, digest_name
from pipeline_kit.oci.server.ranges import wanted

if TYPE_CHECKING:
    from pipeline_kit.oci.server.store import Store


def get(store: Store, request: Request, name: str, digest: str) -> Response:
    """200 with the blob, 206 with a part of it, 304 if the client has it; GET and HEAD."""
    repository = store.find(name)
    size = repository.size(digest_name(digest)) if repository else None
    if repository is None or size is None:
        raise _unknown(digest)
    headers = {
        "Content-Type": "application/octet-stream",
        "Docker-Content-Digest": digest,
        "ETag": etag(digest),
        "Accept-Ranges": "bytes",
    }
    if Condition.of(request).has(digest):
        return Response(HTTPStatus.NOT_MODIFIED, headers)
    part = wanted(_range(request, digest), size)
    try:
        file = blob_path(repository.path, digest).open("rb")
    except FileNotFoundError:
        raise _unknown(digest) from None
    if part is None:
        return Response(HTTPStatus.OK, headers, FilePart(file, 0, size))
    headers["Content-Range"] = f"bytes {part.start}-{part.stop - 1}/{size}"
    return Response(HTTPStatus.PARTIAL_CONTENT, headers, FilePart(file, part.start, len(part)))


def delete(store: Store, _: Request, name: str, digest: str) -> Response:
    """202; the other repositories that have the blob keep it."""
    repository = store.find(name)
    if repository is None or not repository.delete_blob(digest_name(digest)):
        raise _unknown(digest)
    return Response(HTTPStatus.ACCEPTED)


def created(name: str, digest: str) -> Response:
    """201: the blob is in the repository now."""
    return Response(HTTPStatus.CREATED, {"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest})


def _range(request: Request, digest: str) -> str:
    """The Range header, '' if it counts only for another state of the blob, or for none."""
    only_if = request.header("If-Range")
    counts = request.method == "GET" and only_if in ("", etag(digest))
    return request.header("Range") if counts else ""


def _unknown(digest: str) -> ApiError:
    return ApiError(HTTPStatus.NOT_FOUND, "BLOB_UNKNOWN", f"{digest} is not in this repository")
