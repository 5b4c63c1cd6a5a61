"""The HTTP side: ``/`` says who answers, ``/notes`` reads and takes notes, ``/healthz`` says that it is well."""

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from web.book import LONGEST, Book


class Server(ThreadingHTTPServer):
    """Serves one book. ``version`` is what ``/`` answers with."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], version: str) -> None:
        super().__init__(address, Handler)
        self.book = Book()
        self.version = version


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 10

    def do_GET(self) -> None:
        """Answer a read."""
        if self.path == "/":
            self._answer(HTTPStatus.OK, {"service": "web", "version": self.server.version})
        elif self.path == "/healthz":
            self._answer(HTTPStatus.OK, {"status": "ok"})
        elif self.path == "/notes":
            self._answer(HTTPStatus.OK, {"notes": self.server.book.notes()})
        else:
            self._answer(HTTPStatus.NOT_FOUND, {"error": "no such page"})

    def do_POST(self) -> None:
        """Take a note."""
        length = self.headers.get("Content-Length", "")
        if self.path != "/notes":
            self._answer(HTTPStatus.NOT_FOUND, {"error": "no such page"})
        elif not length.isdigit() or int(length) > 4 * LONGEST:
            self.close_connection = True
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, {"error": f"at most {LONGEST} characters"})
        else:
            self._take(self.rfile.read(int(length)))

    def _take(self, body: bytes) -> None:
        try:
            self.server.book.add(body.decode("utf-8"))
        except ValueError as error:
            self._answer(HTTPStatus.BAD_REQUEST, {"error": str(error)})
        else:
            self._answer(HTTPStatus.CREATED, {"notes": self.server.book.notes()})

    def _answer(self, status: HTTPStatus, value: object) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
