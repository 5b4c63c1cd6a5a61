"""What there is: repositories, tags, and what refers to a manifest."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from pipeline_kit.oci.media_types import INDEX
from pipeline_kit.oci.server.messages import ApiError, Request, Response, json_response
from pipeline_kit.oci.server.names import digest_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline_kit.oci.server.store import Store

_MOST_DIGITS = 9


def repositories(store: Store, request: Request, _: str, __: str) -> Response:
    """The repositories' names, page by page."""
    page, link = _page(request, store.names())
    return json_response({"repositories": page}, headers=link)


def tags(store: Store, request: Request, name: str, _: str) -> Response:
    """The tags of a repository, page by page."""
    repository = store.find(name)
    if repository is None:
        raise ApiError(HTTPStatus.NOT_FOUND, "NAME_UNKNOWN", f"there is no repository {name}")
    page, link = _page(request, repository.listing.tags)
    return json_response({"name": name, "tags": page}, headers=link)


def referrers(store: Store, request: Request, name: str, digest: str) -> Response:
    """An index of what names ``digest`` as its subject; empty also where there is nothing of that name at all."""
    digest_name(digest)
    repository = store.find(name)
    found = repository.listing.referrers(digest) if repository else []
    headers = {}
    if wanted := request.parameter("artifactType"):
        found = [descriptor for descriptor in found if descriptor.artifact_type == wanted]
        headers["OCI-Filters-Applied"] = "artifactType"
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": msgspec.to_builtins(found)}
    return json_response(index, headers=headers, media_type=INDEX)


def _page(request: Request, names: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """The names after ``last``, at most ``n``, and the link to the next ones. The order is the specification's:
    alphanumeric without regard to case.
    """
    ordered = sorted(names, key=_order)
    if last := request.parameter("last"):
        ordered = [name for name in ordered if _order(name) > _order(last)]
    if not (wanted := request.parameter("n")):
        return ordered, {}
    if not (wanted.isascii() and wanted.isdigit() and len(wanted) <= _MOST_DIGITS):
        raise ApiError(HTTPStatus.BAD_REQUEST, "PAGINATION_NUMBER_INVALID", "n is not a number")
    page = ordered[: int(wanted)]
    if not page or len(page) == len(ordered):
        return page, {}
    query = urlencode({"n": wanted, "last": page[-1]})
    return page, {"Link": f'<{request.path}?{query}>; rel="next"'}


def _order(name: str) -> tuple[str, str]:
    return name.lower(), name
