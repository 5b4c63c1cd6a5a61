"""HTTP/1.1 for the routes: reads a request from a connection, writes the answer, and keeps the connection in step."""

from __future__ import annotations

import errno
import time
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from pipeline_kit.errors import printable
from pipeline_kit.oci.server.address import names_this_machine
from pipeline_kit.oci.server.body import Body
from pipeline_kit.oci.server.messages import ApiError, FilePart, Request, Response
from pipeline_kit.oci.server.routes import answer

if TYPE_CHECKING:
    from pipeline_kit.oci.server.listener import Listener

_SLOWEST = 60.0
_DRAIN = 5.0
_MOST_PARAMETERS = 64


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: Listener
    protocol_version = "HTTP/1.1"
    server_version = "pipeline-kit"
    sys_version = ""
    timeout = _SLOWEST  # of each read and write: a client that stalls gives its thread back
    disable_nagle_algorithm = True  # the head and the body of an answer are two writes

    def serve(self) -> None:
        """Answer the request whose head has been read."""
        started = time.monotonic()
        response = self._answered()
        self._send(response)
        self.server.log(
            f"{self.command} {printable(self.path)} {response.status} {(time.monotonic() - started) * 1000:.0f} ms"
        )

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = serve  # noqa: N815 - http.server's names

    def _answered(self) -> Response:
        try:
            # What the parser took for the end of the head, such as a name with a blank before its colon.
            if self.headers.defects or self.headers.get_payload():
                raise ApiError(HTTPStatus.BAD_REQUEST, "UNSUPPORTED", "a line of the head is no header")
            body = Body.of(self.headers, self.rfile)
        except ApiError as error:
            self.close_connection = True
            return error.response
        try:
            self._check_sender()
            response = answer(self.server.store, self._request(body))
        except ApiError as error:
            response = error.response
        except (ConnectionError, TimeoutError):
            raise
        except Exception as error:  # noqa: BLE001 - a full disk, or a mistake of ours: an answer tells more than a cut
            self.server.log(f"{self.command} {printable(self.path)} {type(error).__name__}: {error}")
            reason = error.strerror if isinstance(error, OSError) else ""
            # Another try would not help on a full disk, and clients make several after a 500.
            is_full = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)
            status = HTTPStatus.INSUFFICIENT_STORAGE if is_full else HTTPStatus.INTERNAL_SERVER_ERROR
            response = ApiError(status, "UNKNOWN", reason or "the registry failed").response
        if not body.drain(_DRAIN):
            self.close_connection = True
        return response

    def _request(self, body: Body) -> Request:
        target = urlsplit(self.path)
        try:
            query = parse_qs(target.query, keep_blank_values=True, max_num_fields=_MOST_PARAMETERS)
        except ValueError:
            raise ApiError(HTTPStatus.BAD_REQUEST, "UNSUPPORTED", "the query has too many parts") from None
        return Request(self.command, unquote(target.path), query, self.headers, body)

    def _check_sender(self) -> None:
        """Refuse what a web page makes a browser on this machine send: no other client says where it comes from, or
        calls a loopback address by another name.
        """
        foreign_name = self.server.address.loopback and not names_this_machine(self.headers.get("Host", ""))
        if foreign_name or "Origin" in self.headers:
            raise ApiError(
                HTTPStatus.FORBIDDEN, "DENIED", "this registry serves programs on this machine, not web pages"
            )

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("Docker-Distribution-API-Version", "registry/2.0")
        for name, value in response.headers.items():
            self.send_header(name, value)
        if response.status not in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            self.send_header("Content-Length", str(response.length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self._send_body(response.body)

    def _send_body(self, body: bytes | FilePart) -> None:
        if isinstance(body, FilePart):
            with body.file:
                if self.command != "HEAD" and body.length:
                    self.connection.sendfile(body.file, body.start, body.length)
        elif self.command != "HEAD":
            self.wfile.write(body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """What http.server itself refuses: heads that are none, too long, or ask for an unknown method."""
        self.close_connection = True
        # Clients try TLS first, and fall back to plain HTTP only if the answer begins with HTTP.
        self.request_version = self.protocol_version
        status = HTTPStatus(code)
        self.server.log(f"not a request that is served here: {status} {printable(message or status.phrase)}")
        self._send(ApiError(status, "UNSUPPORTED", message or status.phrase).response)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        """What http.server says by itself, such as that a client was too slow."""
        self.server.log(printable(format % args))

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Each request has its line already."""
