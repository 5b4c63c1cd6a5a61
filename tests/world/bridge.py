"""A network bridge for a private engine: made with the kernel's own calls, on a subnet that nothing else uses."""

from __future__ import annotations

import fcntl
import ipaddress
import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from ipaddress import IPv4Network

# linux/sockios.h and linux/if.h
_SIOCGIFFLAGS, _SIOCSIFFLAGS = 0x8913, 0x8914
_SIOCSIFADDR, _SIOCSIFNETMASK = 0x8916, 0x891C
_SIOCBRADDBR, _SIOCBRDELBR = 0x89A0, 0x89A1
_IFF_UP = 0x1
_NAME_BYTES = 16


def add(name: str) -> IPv4Network:
    """Add the bridge ``name`` and set it up; its subnet. To be called under a lock, since the choice of one is no
    reservation.
    """
    subnet = next(candidate for candidate in _candidates() if not any(map(candidate.overlaps, _routed())))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, _SIOCBRADDBR, _padded(name))
        fcntl.ioctl(control, _SIOCSIFADDR, _with_address(name, subnet[1]))
        fcntl.ioctl(control, _SIOCSIFNETMASK, _with_address(name, subnet.netmask))
        _set_up(control, name, up=True)
    return subnet


def remove(name: str) -> None:
    """Remove the bridge ``name``, if there is one."""
    if name not in (interface for _, interface in socket.if_nameindex()):
        return
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        _set_up(control, name, up=False)
        fcntl.ioctl(control, _SIOCBRDELBR, _padded(name))


def _candidates() -> Iterator[IPv4Network]:
    """Subnets of the private range that Docker itself takes last."""
    yield from ipaddress.ip_network("172.31.0.0/16").subnets(new_prefix=24)  # type: ignore[misc]  # it is IPv4
    yield from ipaddress.ip_network("10.213.0.0/16").subnets(new_prefix=24)  # type: ignore[misc]  # likewise


def _routed() -> list[IPv4Network]:
    """The subnets that the machine has routes to, without the default route."""
    rows = [line.split() for line in Path("/proc/net/route").read_text().splitlines()[1:]]
    subnets = [ipaddress.IPv4Network((_address(row[1]), str(ipaddress.IPv4Address(_address(row[7]))))) for row in rows]
    return [subnet for subnet in subnets if subnet.prefixlen]


def _address(hexadecimal: str) -> int:
    return int.from_bytes(bytes.fromhex(hexadecimal), "little")


def _padded(name: str) -> bytes:
    return name.encode().ljust(_NAME_BYTES, b"\0")


def _with_address(name: str, address: ipaddress.IPv4Address) -> bytes:
    return _padded(name) + struct.pack("=HH4s8x", socket.AF_INET, 0, address.packed) + bytes(8)


def _set_up(control: socket.socket, name: str, *, up: bool) -> None:
    answer = fcntl.ioctl(control, _SIOCGIFFLAGS, _padded(name) + bytes(24))
    (flags,) = struct.unpack_from("=H", answer, _NAME_BYTES)
    flags = flags | _IFF_UP if up else flags & ~_IFF_UP
    fcntl.ioctl(control, _SIOCSIFFLAGS, _padded(name) + struct.pack("=H22x", flags))
