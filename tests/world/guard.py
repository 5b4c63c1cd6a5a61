"""Keeps unit tests inside: an attempt to start a process or to reach another machine raises where it is made."""

from __future__ import annotations

import ipaddress
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# https://docs.python.org/3/library/audit_events.html
_STARTS = ("subprocess.Popen", "os.system", "os.posix_spawn", "os.fork", "os.forkpty", "os.exec")
_REACHES = ("socket.connect", "socket.sendto")


class Guard:
    """An audit hook, which Python can't take back, with a switch."""

    def __init__(self) -> None:
        self._is_on = False
        sys.addaudithook(self._hook)

    @contextmanager
    def on(self, *, when: bool) -> Iterator[None]:
        """Watch while the block lasts, if ``when``."""
        self._is_on = when
        try:
            yield
        finally:
            self._is_on = False

    def _hook(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._is_on:
            return
        if event in _STARTS:
            raise RuntimeError(f"a unit test starts a process ({event} {arguments[:2]}): move it to tests/contract")
        if event in _REACHES and not _is_loopback(arguments[1]):
            raise RuntimeError(f"a unit test reaches out ({event} {arguments[1]}): move it to tests/contract")
        if event == "socket.getaddrinfo" and not _is_loopback(arguments):
            raise RuntimeError(f"a unit test asks for an address ({arguments[0]}): move it to tests/contract")


def _is_loopback(address: object) -> bool:
    if not isinstance(address, tuple):
        return False  # a Unix socket: an engine's, say
    host = address[0].decode() if isinstance(address[0], bytes) else str(address[0])
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


GUARD = Guard()
