"""A server on loopback whose every byte the test decides: for what no honest server does."""

from __future__ import annotations

import contextlib
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(slots=True)
class ScriptedServer:
    """``requests`` are the heads that came, in their order."""

    address: str
    requests: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def trickle(self, connection: socket.socket, text: bytes, seconds: float) -> None:
        """Send ``text`` byte by byte, with so many seconds between two."""
        for number in range(len(text)):
            connection.sendall(text[number : number + 1])
            if self.over.wait(seconds):
                return


def answer(body: bytes = b"", status: str = "200 OK", **headers: str) -> bytes:
    """A whole answer; ``headers`` are written with _ for -."""
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n{head}\r\n".encode() + body


@contextmanager
def running_scripted_server(script: Callable[[ScriptedServer, socket.socket, str], None]) -> Iterator[ScriptedServer]:
    """A server that gives each request's connection and head to ``script``, then closes, while the block lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = ScriptedServer(f"127.0.0.1:{listener.getsockname()[1]}")

        def serve(connection: socket.socket) -> None:
            with connection, contextlib.suppress(OSError):
                head = b""
                while b"\r\n\r\n" not in head and (piece := connection.recv(1)):
                    head += piece
                if head:
                    server.requests.append(head.decode("latin-1"))
                    script(server, connection, head.decode("latin-1"))

        def accept() -> None:
            with contextlib.suppress(OSError):
                while not server.over.is_set():
                    connection, _ = listener.accept()
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
