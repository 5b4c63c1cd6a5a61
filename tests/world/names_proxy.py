"""An HTTPS proxy on loopback that knows some hosts of the real world and leads to this machine's stand-ins for them.

So whatever is tested uses the names that a user has, and any other name is refused: a test reaches nothing else.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PIECE = 64 << 10


@dataclass(slots=True)
class NamesProxy:
    """A running proxy; ``asked`` are the hosts that somebody wanted, in order."""

    url: str
    asked: list[str] = field(default_factory=list)


@contextmanager
def running_names_proxy(ports: Mapping[str, int]) -> Iterator[NamesProxy]:
    """A proxy that leads each host of ``ports`` to that port of loopback, while the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_CONNECT(self) -> None:
            host = self.path.rpartition(":")[0]
            proxy.asked.append(host)
            if host not in ports:
                self.send_error(502, f"{host} is not one of this test")
                return
            with socket.create_connection(("127.0.0.1", ports[host]), timeout=30) as upstream:
                self.send_response(200)
                self.end_headers()
                _join(self.connection, upstream)
            self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Nothing: the test reads ``asked``."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        proxy = NamesProxy(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield proxy
        finally:
            server.shutdown()
            thread.join()


def _join(one: socket.socket, other: socket.socket) -> None:
    """Pass on what each of the two says until both have said all."""
    back = threading.Thread(target=_pass_on, args=(other, one), daemon=True)
    back.start()
    _pass_on(one, other)
    back.join()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while piece := source.recv(_PIECE):
            target.sendall(piece)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
