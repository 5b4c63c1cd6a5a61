"""Manifests: read, written and deleted, by tag or by digest."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING

from pipeline_kit.model.digest import digest_of
from pipeline_kit.model.reference import is_tag
from pipeline_kit.oci.documents import LARGEST_MANIFEST
from pipeline_kit.oci.server.conditions import Condition, etag
from pipeline_kit.oci.server.messages import ApiError, Request, Response
from pipeline_kit.oci.server.names import algorithm_of, blob_path, is_digest
from pipeline_kit.oci.server.repository import unknown_manifest

if TYPE_CHECKING:
    from pipeline_kit.oci.server.store import Store


def get(store: Store, request: Request, name: str, reference: str) -> Response:
    """200 with the manifest as it was sent, whatever Accept says; 304 if the client has it; GET and HEAD."""
    _check_reference(reference)
    repository = store.find(name)
    if repository is None or (found := repository.find(reference)) is None:
        raise unknown_manifest(reference)
    digest = found.descriptor.digest
    headers = {"Content-Type": found.descriptor.media_type, "Docker-Content-Digest": digest, "ETag": etag(digest)}
    if Condition.of(request).has(digest):
        return Response(HTTPStatus.NOT_MODIFIED, headers)
    try:
        return Response(HTTPStatus.OK, headers, blob_path(repository.path, digest).read_bytes())
    except FileNotFoundError:
        raise unknown_manifest(reference) from None


def put(store: Store, request: Request, name: str, reference: str) -> Response:
    """201: the manifest is there, and the tag points to it. 412 if the client's condition does not hold."""
    _check_reference(reference)
    tags = [reference] if is_tag(reference) else request.query.get("tag", [])
    for tag in tags:
        _check_reference(tag)
    content = request.body.read(LARGEST_MANIFEST)
    digest = _verified(content, reference)
    media_type = request.header("Content-Type").partition(";")[0].strip().lower()
    condition = Condition.of(request)
    manifest = store.open(name).put(content, media_type, digest, tags, condition, reference)
    headers = {
        "Location": f"/v2/{name}/manifests/{digest}",
        "Docker-Content-Digest": digest,
        "ETag": etag(digest),
    }
    if manifest.subject:
        headers["OCI-Subject"] = manifest.subject
    if "tag" in request.query and tags:
        headers["OCI-Tag"] = ", ".join(tags)
    return Response(HTTPStatus.CREATED, headers)


def delete(store: Store, request: Request, name: str, reference: str) -> Response:
    """202: the tag is gone; or the manifest, with the tags that pointed to it."""
    _check_reference(reference)
    repository = store.find(name)
    if repository is None:
        raise unknown_manifest(reference)
    repository.delete(reference, Condition.of(request))
    return Response(HTTPStatus.ACCEPTED)


def _check_reference(reference: str) -> None:
    if not is_tag(reference) and not is_digest(reference):
        code = "DIGEST_INVALID" if ":" in reference else "TAG_INVALID"
        raise ApiError(HTTPStatus.BAD_REQUEST, code, f"{reference!r} is neither a tag nor a digest")


def _verified(content: bytes, reference: str) -> str:
    """The digest to keep ``content`` by: the one in the request, if it is right, else sha256."""
    if is_tag(reference):
        return digest_of(content)
    algorithm = algorithm_of(reference)
    found = f"{algorithm}:{hashlib.new(algorithm, content).hexdigest()}"
    if found != reference:
        raise ApiError(HTTPStatus.BAD_REQUEST, "DIGEST_INVALID", f"the manifest has the digest {found}")
    return found
