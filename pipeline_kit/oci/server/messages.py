"""What a client asks and what it is answered, without a socket."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message

    from pipeline_kit.oci.server.body import Body


@dataclass(frozen=True, slots=True)
class Request:
    """One request. ``path`` is decoded and without the query; ``query`` has all values of each name."""

    method: str
    path: str
    query: Mapping[str, list[str]]
    headers: Message
    body: Body

    def parameter(self, name: str) -> str:
        """The first value of ``name`` in the query, '' if there is none."""
        return self.query.get(name, [""])[0]

    def header(self, name: str) -> str:
        """The value of a header, '' if there is none; several are joined as HTTP allows."""
        return ", ".join(value.strip() for value in self.headers.get_all(name, ()))


@dataclass(frozen=True, slots=True)
class FilePart:
    """``length`` bytes of an open file from ``start`` on; whoever sends it closes it."""

    file: BinaryIO
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Response:
    """One answer. To a HEAD the body is counted and not sent."""

    status: HTTPStatus
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | FilePart = b""

    @property
    def length(self) -> int:
        """Bytes of the body."""
        return self.body.length if isinstance(self.body, FilePart) else len(self.body)


class ApiError(Exception):
    """A request that is answered with an error; ``code`` is the specification's word for it, or one of ours."""

    def __init__(
        self, status: HTTPStatus, code: str, message: str, *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})

    @property
    def response(self) -> Response:
        """The error as the specification writes it."""
        return json_response(
            {"errors": [{"code": self.code, "message": str(self), "detail": None}]},
            status=self.status,
            headers=self.headers,
        )


def json_response(
    value: object,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    media_type: str = "application/json",
) -> Response:
    """An answer whose body is ``value`` as JSON."""
    return Response(status, {"Content-Type": media_type, **(headers or {})}, json.dumps(value).encode())
