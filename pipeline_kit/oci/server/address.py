"""Where a registry listens, and who is meant to reach it: this machine, unless somebody says otherwise on purpose."""

from __future__ import annotations

import errno
import ipaddress
import re
from dataclasses import dataclass

from pipeline_kit.errors import Failure, alternative, fix, why

_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:.]+\]|[^:\[\]]+):(?P<port>[0-9]{1,5})\Z")
_LOCALHOST = "127.0.0.1"
_LAST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Address:
    """An IP address without brackets, and a port; 0 is any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine reaches it."""
        return ipaddress.ip_address(self.host).is_loopback


def parse(text: str, *, allow_remote: bool) -> Address:
    """The address in ``text``. Failure ``registry.address`` if it is none, or if who reaches it is not who
    ``allow_remote`` says.
    """
    address = _parse(text)
    if not address.loopback and not allow_remote:
        raise Failure(
            "registry.address",
            f"{text} can be reached from other machines",
            why("This registry asks nobody for a password: whoever reaches it can read, change and delete all."),
            fix(f"--address {_LOCALHOST}:{address.port}"),
            alternative(f"--address {text} --allow-remote, in a network where everyone may do all that"),
        )
    if address.loopback and allow_remote:
        raise Failure(
            "registry.address",
            f"{text} can't be reached from other machines",
            why("--allow-remote is given, but this address is the machine's own."),
            alternative(f"--address 0.0.0.0:{address.port} --allow-remote, or leave out --allow-remote"),
        )
    return address


def names_this_machine(host: str) -> bool:
    """Whether a Host header names this machine as itself: with or without a port, '' counts."""
    name = re.sub(r":[0-9]*\Z", "", host.strip()).strip("[]").lower()
    if name in ("", "localhost") or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def cannot_listen(address: Address, error: OSError) -> Failure:
    """The failure of listening at ``address``."""
    if error.errno == errno.EADDRINUSE:
        return Failure(
            "registry.busy-port",
            f"another program listens at {address}",
            fix(f"--address {Address(address.host, 0)}   # any free port; it is printed"),
        )
    return Failure(
        "registry.address",
        f"can't listen at {address}",
        why(error.strerror or str(error)),
        alternative("Take an address of this machine, and a port above 1023."),
    )


def _parse(text: str) -> Address:
    found = _ADDRESS.match(text)
    if not found or int(found["port"]) > _LAST_PORT:
        raise _not_an_address(text)
    host = found["host"].strip("[]")
    try:
        return Address(str(ipaddress.ip_address(_LOCALHOST if host == "localhost" else host)), int(found["port"]))
    except ValueError:
        raise _not_an_address(text) from None


def _not_an_address(text: str) -> Failure:
    return Failure(
        "registry.address",
        f"{text!r} is not an address to listen at",
        why("It takes an IP address or localhost, and a port: 127.0.0.1:5000, [::1]:5000, 127.0.0.1:0 for any port."),
    )
