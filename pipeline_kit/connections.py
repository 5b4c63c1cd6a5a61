"""Connections that keep their time, and that take an answer only when it came whole.

``requests`` limits the time between two bytes, so that a server which sends one now and then holds a caller for ever;
it takes headers that break off for whole ones, and a 103 (Early Hints) for the answer.
"""

from __future__ import annotations

import io
import socket
import time
from http.client import HTTPResponse, RemoteDisconnected
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_SWITCHING = 101
_FINAL = 200
# So much of a body is progress: it has the whole time again.
_PROGRESS = 64 << 10
_SHORTEST = 0.001


class _Timed(io.RawIOBase):
    """The bytes of one answer, which has the socket's timeout in all, and again for each piece of a long body."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._seconds = sock.gettimeout()
        self._came = 0
        self._renew()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        if self._seconds is not None:
            left = self._until - time.monotonic()
            if left <= 0:
                raise TimeoutError("the answer comes too slowly")
            self._sock.settimeout(max(left, _SHORTEST))
        count = self._raw.readinto(buffer)
        self._came += count or 0
        if self._came >= _PROGRESS:
            self._renew()
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()

    def _renew(self) -> None:
        self._came = 0
        self._until = time.monotonic() + (self._seconds or 0)


class _Lines:
    """A stream while headers are read from it: its end is no end of headers."""

    def __init__(self, stream: io.BufferedReader) -> None:
        self.stream = stream

    def readline(self, limit: int = -1) -> bytes:
        line = self.stream.readline(limit)
        if not line.endswith(b"\n") and len(line) != limit:
            raise RemoteDisconnected("the connection was closed within the answer's headers" if line else _NO_ANSWER)
        return line

    def close(self) -> None:
        self.stream.close()


_NO_ANSWER = "the connection was closed before the answer was whole"


class _Response(HTTPResponse):
    """An answer whose headers came whole."""

    fp: Any

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = io.BufferedReader(_Timed(self.fp.detach(), sock))

    def begin(self) -> None:
        """Read the headers."""
        if self.headers is not None:
            return
        self.fp = lines = _Lines(self.fp)
        try:
            super().begin()
        finally:
            if self.fp is lines:
                self.fp = lines.stream

    def _read_status(self) -> tuple[str, int, str]:
        """The first line of the answer itself: those that announce it are passed over."""
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc] # not in the stubs
            if status == _SWITCHING or status >= _FINAL:
                return version, status, reason
            while self.fp.readline(1 << 16) not in (b"\r\n", b"\n", b""):
                pass


def _connect_within(connection: HTTPConnection, connect: Any) -> socket.socket:
    """A socket to one of the host's addresses, all of which share the connection's time: ``connect`` takes one."""
    timeout = connection.timeout
    if not isinstance(timeout, (int, float)):
        return connect()  # type: ignore[no-any-return] # the stubs leave out what it gives
    until = time.monotonic() + timeout
    name = connection._dns_host  # noqa: SLF001 - where urllib3 keeps what it looks up
    try:
        found = socket.getaddrinfo(name.strip("[]"), connection.port, 0, socket.SOCK_STREAM)
    except OSError:
        return connect()  # type: ignore[no-any-return] # it fails in the same way, and has the words for it
    addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
    try:
        for number, address in enumerate(addresses, 1):
            left = until - time.monotonic()
            connection._dns_host = address  # noqa: SLF001 - as above
            connection.timeout = max(left / (len(addresses) - number + 1), _SHORTEST)
            try:
                sock: socket.socket = connect()
            except (ConnectTimeoutError, NewConnectionError):
                if number == len(addresses):
                    raise
                continue
            sock.settimeout(max(until - time.monotonic(), _SHORTEST))
            return sock
    finally:
        connection._dns_host, connection.timeout = name, timeout  # noqa: SLF001 - as above
    return connect()  # type: ignore[no-any-return] # as above


class _Connection(HTTPConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        return _connect_within(self, super()._new_conn)

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self.timeout)


class _SecureConnection(HTTPSConnection):
    response_class = _Response

    def _new_conn(self) -> socket.socket:
        return _connect_within(self, super()._new_conn)

    def connect(self) -> None:
        super().connect()
        self.sock.settimeout(self.timeout)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


POOLS = {"http": _Pool, "https": _SecurePool}
