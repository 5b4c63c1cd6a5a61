"""Uploads: begun, gone on with, asked about, ended with a digest, given up; or spared, where a blob can be mounted."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from pipeline_kit.oci.server.blob_routes import created
from pipeline_kit.oci.server.messages import ApiError, Request, Response
from pipeline_kit.oci.server.names import digest_name, repository_name
from pipeline_kit.oci.server.ranges import sent

if TYPE_CHECKING:
    from pipeline_kit.oci.server.store import Store
    from pipeline_kit.oci.server.uploads import Upload


def start(store: Store, request: Request, name: str, _: str) -> Response:
    """201 if the blob came with the request or could be mounted, else 202 with the place to send it to."""
    if (mount := request.parameter("mount")) and _mounted(store, request, name, digest_name(mount)):
        return created(name, mount)
    digest = request.parameter("digest")
    if digest:
        digest_name(digest)
    upload = store.uploads.start(name)
    if not digest:
        return Response(HTTPStatus.ACCEPTED, _place(name, upload))
    try:
        with upload.lock:
            upload.append(request.body)
            return _finished(store, upload, name, digest)
    finally:
        store.uploads.end(upload)  # nobody knows where to go on with it


def status(store: Store, _: Request, name: str, reference: str) -> Response:
    """204 with the bytes that arrived."""
    return Response(HTTPStatus.NO_CONTENT, _place(name, store.uploads.find(name, reference)))


def append(store: Store, request: Request, name: str, reference: str) -> Response:
    """202: the next bytes are there. 416 if they are not the next ones."""
    upload = store.uploads.find(name, reference)
    with upload.lock:
        _take(request, name, upload)
        return Response(HTTPStatus.ACCEPTED, _place(name, upload))


def finish(store: Store, request: Request, name: str, reference: str) -> Response:
    """201: the last bytes, if any, are there, and all have the digest that the client says."""
    digest = digest_name(request.parameter("digest"))
    upload = store.uploads.find(name, reference)
    with upload.lock:
        _take(request, name, upload)
        return _finished(store, upload, name, digest)


def cancel(store: Store, _: Request, name: str, reference: str) -> Response:
    """204: what arrived is forgotten."""
    upload = store.uploads.find(name, reference)
    with upload.lock:
        store.uploads.end(upload)
    return Response(HTTPStatus.NO_CONTENT)


def _mounted(store: Store, request: Request, name: str, digest: str) -> bool:
    """Without ``from`` any repository will do: whoever can ask here can read them all."""
    if origin := request.parameter("from"):
        source = store.find(repository_name(origin))
        if source is None or source.size(digest) is None:
            return False
    return store.open(name).mount(digest)


def _take(request: Request, name: str, upload: Upload) -> None:
    size = upload.size
    announced = sent(request.header("Content-Range"))
    if announced is not None:
        if announced.start != size:
            raise ApiError(
                HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
                "BLOB_UPLOAD_INVALID",
                f"{size} bytes arrived so far",
                headers=_place(name, upload),
            )
        if request.body.length not in (None, len(announced)):
            raise ApiError(HTTPStatus.BAD_REQUEST, "SIZE_INVALID", "Content-Range and Content-Length differ")
    upload.append(request.body)


def _finished(store: Store, upload: Upload, name: str, digest: str) -> Response:
    store.uploads.verify(upload, digest)
    store.open(name).adopt(upload.path, digest)
    store.uploads.end(upload)
    return created(name, digest)


def _place(name: str, upload: Upload) -> dict[str, str]:
    """Where to go on, and from which byte. The specification can't say "none yet": 0-0 stands for that too."""
    return {
        "Location": f"/v2/{name}/blobs/uploads/{upload.id}",
        "Range": f"0-{max(upload.size - 1, 0)}",
        "Docker-Upload-UUID": upload.id,
    }
