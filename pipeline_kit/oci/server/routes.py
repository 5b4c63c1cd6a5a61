"""The API: which function answers which request."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from pipeline_kit.oci.server import blob_routes, listing_routes, manifest_routes, upload_routes
from pipeline_kit.oci.server.messages import ApiError, Request, Response, json_response
from pipeline_kit.oci.server.names import repository_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline_kit.oci.server.store import Store

    Route = Callable[[Store, Request, str, str], Response]

_BLOB = {"GET": blob_routes.get, "HEAD": blob_routes.get, "DELETE": blob_routes.delete}
_UPLOAD = {
    "GET": upload_routes.status,
    "PATCH": upload_routes.append,
    "PUT": upload_routes.finish,
    "DELETE": upload_routes.cancel,
}
_MANIFEST = {
    "GET": manifest_routes.get,
    "HEAD": manifest_routes.get,
    "PUT": manifest_routes.put,
    "DELETE": manifest_routes.delete,
}
# A repository's name may hold any of these words, so the last one in the path counts.
_ROUTES: tuple[tuple[re.Pattern[str], Mapping[str, Route]], ...] = (
    (re.compile(r"/v2/(.+)/blobs/uploads/?()"), {"POST": upload_routes.start}),
    (re.compile(r"/v2/(.+)/blobs/uploads/([^/]+)"), _UPLOAD),
    (re.compile(r"/v2/(.+)/blobs/([^/]+)"), _BLOB),
    (re.compile(r"/v2/(.+)/manifests/([^/]+)"), _MANIFEST),
    (re.compile(r"/v2/(.+)/tags/list()"), {"GET": listing_routes.tags}),
    (re.compile(r"/v2/(.+)/referrers/([^/]+)"), {"GET": listing_routes.referrers}),
)


def answer(store: Store, request: Request) -> Response:
    """The answer to ``request``. ApiError for those that can't be met, OSError if the disk fails."""
    if request.path in ("/v2", "/v2/"):
        return _route({"GET": _version, "HEAD": _version}, request)(store, request, "", "")
    if request.path == "/v2/_catalog":
        return _route({"GET": listing_routes.repositories}, request)(store, request, "", "")
    for pattern, methods in _ROUTES:
        if found := pattern.fullmatch(request.path):
            return _route(methods, request)(store, request, repository_name(found[1]), found[2])
    raise ApiError(HTTPStatus.NOT_FOUND, "UNSUPPORTED", "there is nothing at this path")


def _route(methods: Mapping[str, Route], request: Request) -> Route:
    if request.method not in methods:
        raise ApiError(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "UNSUPPORTED",
            f"{request.method} can't be done here",
            headers={"Allow": ", ".join(methods)},
        )
    return methods[request.method]


def _version(_: Store, __: Request, ___: str, ____: str) -> Response:
    return json_response({})
