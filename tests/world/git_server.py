"""A git server over HTTP that asks for a header, and can break the connection once it has taken a push."""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class GitServer:
    """Serves the repositories below ``folder``. ``header`` is what Authorization must be, '' for anything; with
    ``breaks`` the next push is taken and not answered, and nothing is answered after it.
    """

    def __init__(self, folder: Path, header: str = "") -> None:
        self.folder = folder
        self.header = header
        self.breaks = False
        self.broken = False
        self.seen: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"owner": self}))

    @property
    def url(self) -> str:
        """Where it is, with a slash at the end."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    @contextmanager
    def running(self) -> Iterator[GitServer]:
        """It serves for as long as the block lasts."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join(5)

    def backend(self, request: BaseHTTPRequestHandler, body: bytes) -> bytes:
        """What git answers."""
        where = urlsplit(request.path)
        environ = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "2",
            "GIT_CONFIG_KEY_0": "http.receivepack",
            "GIT_CONFIG_VALUE_0": "true",
            "GIT_CONFIG_KEY_1": "safe.directory",
            "GIT_CONFIG_VALUE_1": "*",
            "PATH_INFO": where.path,
            "QUERY_STRING": where.query,
            "REQUEST_METHOD": request.command,
            "CONTENT_TYPE": request.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": request.headers.get("Content-Encoding", ""),
            "HTTP_GIT_PROTOCOL": request.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], env=environ, input=body, capture_output=True, check=True)
        return done.stdout


class _Handler(BaseHTTPRequestHandler):
    owner: GitServer

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self._body())

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", "0")))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _serve(self, body: bytes) -> None:
        owner, given = self.owner, self.headers.get("Authorization", "")
        owner.seen.append(given)
        if owner.broken:
            self.close_connection = True
        elif owner.header and given != owner.header:
            self._answer(401, {"WWW-Authenticate": "Basic"}, b"")
        else:
            head, _, content = owner.backend(self, body).partition(b"\r\n\r\n")
            if owner.breaks and self.command == "POST" and self.path.endswith("/git-receive-pack"):
                owner.broken = self.close_connection = True
                return
            headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self._answer(200, headers, content)

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
