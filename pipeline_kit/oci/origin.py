"""The host that an address leads to.

Two parsers that read an address in two ways lead a password to a stranger: in ``https://evil.example\\.contoso.example/``
one sees the second host, and another one connects to the first. So an address is taken only if it is made of characters
that every parser reads alike.
"""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urljoin

# RFC 3986 without the fragment, which is never sent, and without a user, who has no place here.
_CHARACTERS = r"[A-Za-z0-9._~!$&'()*+,;=:@/?%-]*"
_REFERENCE = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:@/?%\[\]-]*")
_ADDRESS = re.compile(
    r"(https?)://([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?|\[[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*\])(?::([0-9]{1,5}))?"
    rf"(?:[/?]{_CHARACTERS})?"
)
_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """What a connection is made to; ``host`` is lower case."""

    scheme: str
    host: str
    port: int


def origin(url: str) -> Origin | None:
    """Where a request to ``url`` is sent. None for what is no plain address of HTTP."""
    found = _ADDRESS.fullmatch(url)
    if found is None:
        return None
    scheme, host, port = found.groups()
    number = int(port) if port else _PORTS[scheme]
    return Origin(scheme, host.lower(), number) if 0 < number < 1 << 16 else None


def joined(base: str, reference: str) -> str:
    """The address that ``reference`` (a Location, a Link) names, seen from ``base``; '' if it is none."""
    if not _REFERENCE.fullmatch(reference):
        return ""
    try:
        url = urljoin(base, reference)
    except ValueError:
        return ""
    return url if origin(url) else ""
