"""A proxy on loopback in front of a registry that does one thing wrong, once, at a chosen request.

Count the requests of a clean run first, then repeat the run with each fault at each of them.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# A hop's own headers; http.server sets the answer's Date and Server itself.
_NOT_FORWARDED = frozenset({"connection", "date", "server", "transfer-encoding", "content-length"})
_ERROR = b'{"errors":[{"code":"UNAVAILABLE","message":"injected"}]}'
_PIECE = 64 << 10
_HALF_OF_UNKNOWN = 1 << 20


class Fault(Enum):
    """What goes wrong."""

    UNAVAILABLE = "503 without asking the registry"
    THROTTLED = "429 with Retry-After"
    BROKEN = "500 without asking the registry"
    BROKEN_AFTER = "500 although the registry did it"
    RESET_BEFORE = "reset before the registry sees the request"
    RESET_DURING = "reset in the middle of the request's body"
    RESET_AFTER = "reset after the registry did it"
    CUT_HEAD = "the answer ends in its first line"
    CUT_BODY = "the answer ends in the middle of its body"
    CUT_HEADERS = "the answer ends within its headers"
    EARLY_HINTS = "103 before the answer"
    # From here on an answer that is none, which another try would not change.
    FORBIDDEN = "403 without asking the registry"
    FORBIDDEN_AFTER = "403 although the registry did it"
    CONFLICT_AFTER = "409 although the registry did it"
    UNSUPPORTED_AFTER = "501 although the registry did it"
    EMPTY = "200 with nothing in it, although the registry did it"
    FOREIGN = "200 with a web page, although the registry did it"
    DOUBLED = "each header twice"


_STATUS = {
    Fault.UNAVAILABLE: 503,
    Fault.THROTTLED: 429,
    Fault.BROKEN: 500,
    Fault.BROKEN_AFTER: 500,
    Fault.FORBIDDEN: 403,
    Fault.FORBIDDEN_AFTER: 403,
    Fault.CONFLICT_AFTER: 409,
    Fault.UNSUPPORTED_AFTER: 501,
}
_PAGES = {Fault.EMPTY: b"", Fault.FOREIGN: b"<html>sign in</html>"}
_HEADS = {
    Fault.CUT_HEAD: b"HTTP/1.1 20",
    Fault.CUT_HEADERS: b"HTTP/1.1 200 OK\r\nDocker-Distribution-Api-Version: registry/2.0\r\nDocker-Conte",
    Fault.EARLY_HINTS: b"HTTP/1.1 103 Early Hints\r\nLink: </x>; rel=preload\r\n\r\n",
}
BAD_ANSWERS = tuple(Fault)[tuple(Fault).index(Fault.FORBIDDEN) :]
TRANSIENT = tuple(fault for fault in Fault if fault not in BAD_ANSWERS)


@dataclass(slots=True)
class FaultProxy:
    """A running proxy. ``requests`` are those since the last ``arm``; ``struck`` says whether the fault had an effect:
    it has none on a body that isn't there.
    """

    address: str
    upstream: str
    requests: list[str] = field(default_factory=list)
    struck: bool = False
    _fault: Fault | None = None
    _at: int = -1
    _persistent: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def arm(self, fault: Fault | None = None, at: int = -1, *, persistent: bool = False) -> None:
        """Count from 0 again, and do ``fault`` to request number ``at``; ``persistent``: and to all that follow."""
        with self._lock:
            self._persistent = persistent
            self._fault, self._at, self.struck = fault, at, False
            self.requests.clear()

    def arrived(self, request: str) -> Fault | None:
        """Count a request, and say what to do to it."""
        with self._lock:
            self.requests.append(request)
            number = len(self.requests) - 1
            return self._fault if number == self._at or (self._persistent and number > self._at) else None


@contextmanager
def running_fault_proxy(upstream: str) -> Iterator[FaultProxy]:
    """A proxy for the registry at ``upstream`` ("host:port"), while the block lasts."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.proxy = FaultProxy(f"127.0.0.1:{server.server_address[1]}", upstream)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.proxy
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: FaultProxy

    def handle_error(self, *_: object) -> None:
        """A client that goes away is part of the game."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, *_: object) -> None:
        """Nothing is said."""

    def handle_any(self) -> None:
        """Forward the request, or don't."""
        proxy = self.server.proxy
        fault = proxy.arrived(f"{self.command} {self.path.partition('?')[0]}")
        proxy.struck |= fault not in (None, Fault.RESET_DURING, Fault.CUT_BODY)
        if fault in (Fault.UNAVAILABLE, Fault.THROTTLED, Fault.BROKEN, Fault.FORBIDDEN):
            for _ in self._body():
                pass
            self._answer_error(_STATUS[fault])
        elif fault is Fault.RESET_BEFORE:
            self._reset()
        elif fault is Fault.RESET_DURING and self._has_body:
            proxy.struck = True
            with contextlib.closing(self._forward(whole=False)):
                self._reset()
        else:
            with contextlib.closing(self._forward(whole=True)) as upstream:
                response = upstream.getresponse()
                self._finish(fault, response.status, response.getheaders(), response.read())

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = handle_any  # noqa: N815 - http.server's names

    @property
    def _is_chunked(self) -> bool:
        return self.headers.get("Transfer-Encoding", "") == "chunked"

    @property
    def _length(self) -> int:
        return int(self.headers.get("Content-Length") or 0)

    @property
    def _has_body(self) -> bool:
        return self._is_chunked or self._length > 0

    def _body(self) -> Iterator[bytes]:
        left = self._length
        while left and (piece := self.rfile.read(min(left, _PIECE))):
            left -= len(piece)
            yield piece
        while self._is_chunked and (size := int(self.rfile.readline().split(b";")[0] or b"0", 16)):
            yield self.rfile.read(size)
            self.rfile.readline()
        if self._is_chunked:
            self.rfile.readline()

    def _forward(self, *, whole: bool) -> http.client.HTTPConnection:
        """A connection on which the registry has got the request, or about half of its body."""
        upstream = http.client.HTTPConnection(self.server.proxy.upstream, timeout=20)
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in _NOT_FORWARDED:
                upstream.putheader(name, value)
        framing = ("Transfer-Encoding", "chunked") if self._is_chunked else ("Content-Length", str(self._length))
        upstream.putheader(*framing)
        upstream.endheaders()
        left = (self._length or _HALF_OF_UNKNOWN) // 2
        for piece in self._body():
            upstream.send(
                b"%x\r\n%s\r\n" % (len(piece), piece) if self._is_chunked else piece[: None if whole else left]
            )
            left -= len(piece)
            if not whole and left <= 0:
                return upstream
        if self._is_chunked:
            upstream.send(b"0\r\n\r\n")
        return upstream

    def _finish(self, fault: Fault | None, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        if fault is not None and self._spoil(fault):
            return
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _NOT_FORWARDED:
                self.send_header(name, value)
                if fault is Fault.DOUBLED:
                    self.send_header(name, value)
        told = [value for name, value in headers if name.lower() == "content-length"]  # HEAD tells it without a body
        if status != 204:
            self.send_header("Content-Length", told[0] if told else str(len(body)))
        self.end_headers()
        if fault is Fault.CUT_BODY and body:
            self.server.proxy.struck = True
            self.wfile.write(body[: len(body) // 2])
            self._reset(gently=True)
            return
        self.wfile.write(body)

    def _spoil(self, fault: Fault) -> bool:
        """Whether something else was sent instead of the registry's answer."""
        if fault in _STATUS:
            self._answer_error(_STATUS[fault])
        elif fault in _PAGES:
            self.send_response(200)
            self.send_header("Content-Length", str(len(_PAGES[fault])))
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else _PAGES[fault])
        elif fault is Fault.RESET_AFTER:
            self._reset()
        elif fault in _HEADS:
            self.wfile.write(_HEADS[fault])
            if fault is Fault.EARLY_HINTS:
                return False
            self._reset(gently=True)
        else:
            return False
        return True

    def _answer_error(self, status: int) -> None:
        self.send_response(status)
        if status == 429:
            self.send_header("Retry-After", "1")
        self.send_header("Content-Length", str(len(_ERROR)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(_ERROR)

    def _reset(self, *, gently: bool = False) -> None:
        """End the connection: with RST, or (``gently``) with FIN after what was written."""
        self.close_connection = True
        if not gently:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with contextlib.suppress(OSError):
            self.connection.shutdown(socket.SHUT_WR) if gently else self.connection.close()
