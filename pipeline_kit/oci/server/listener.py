"""The socket of a registry and its connections, each in a thread of its own, all ended together."""

from __future__ import annotations

import socket
import sys
import threading
from contextlib import suppress
from http.server import ThreadingHTTPServer
from socketserver import TCPServer
from typing import TYPE_CHECKING, Any

from pipeline_kit.oci.server.address import Address, cannot_listen
from pipeline_kit.oci.server.handler import Handler

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline_kit.oci.server.store import Store

_POLL = 0.05
MOST_CONNECTIONS = 256
_COME_BACK = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Listener(ThreadingHTTPServer):
    """Listens as soon as it is made; Failure ``registry.*`` if it can't. ``log`` gets one line a request."""

    daemon_threads = False  # server_close waits for the connections' threads
    request_queue_size = 128

    def __init__(self, address: Address, store: Store, log: Callable[[str], None]) -> None:
        self.address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        self.store = store
        self.log = log
        self._connections: set[socket.socket] = set()
        self._lock = threading.Lock()
        try:
            super().__init__((address.host, address.port), Handler)
        except OSError as error:
            raise cannot_listen(address, error) from error
        self.address = Address(address.host, self.server_address[1])
        self._thread = threading.Thread(
            target=self.serve_forever, kwargs={"poll_interval": _POLL}, name="registry", daemon=True
        )

    def server_bind(self) -> None:
        """Bind, without http.server's question to the name service who we are."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment] # always host and port

    def start(self) -> None:
        """Serve in the background."""
        self._thread.start()

    def stop(self) -> None:
        """Take no more connections, cut those that there are, and wait for their threads."""
        self.shutdown()
        self._thread.join()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        self.server_close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin a connection, or tell the client to come back: each holds a thread and a few files."""
        with self._lock:
            full = len(self._connections) >= MOST_CONNECTIONS
            if not full:
                self._connections.add(request)
        if full:
            with suppress(OSError):
                request.settimeout(1.0)
                request.sendall(_COME_BACK)
            super().shutdown_request(request)
            return
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that ended with an exception: a client that went away, or a mistake of ours."""
        error = sys.exc_info()[1]
        self.log(f"a connection broke: {type(error).__name__}: {error}")
