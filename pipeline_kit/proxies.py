"""The proxies that the environment names, judged where one is used: an address that is none may have a password in it,
so it is told by the name of its variable alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from pipeline_kit.errors import Failure, alternative, why

if TYPE_CHECKING:
    from collections.abc import Mapping


def proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """The proxy for each scheme that has one, as it stands in the environment."""
    found = {}
    for scheme in ("http", "https"):
        if proxy := environ.get(f"{scheme}_proxy") or environ.get(f"{scheme.upper()}_PROXY"):
            found[scheme] = proxy
    return found


def refuse_unusable(scheme: str, proxy: str) -> None:
    """Failure ``config.proxy`` if the proxy for ``scheme`` can't be one."""
    if not _is_usable(proxy):
        raise Failure(
            "config.proxy",
            f"{scheme.upper()}_PROXY names no proxy that can be used",
            why("It is the address of an HTTP proxy; / ? # [ ] in a user or password are written %2F %3F %23 %5B %5D."),
            alternative(f"{scheme.upper()}_PROXY=http://USER:PASSWORD@HOST:PORT, or the host in NO_PROXY"),
        )


def _is_usable(proxy: str) -> bool:
    url = proxy if "://" in proxy else f"http://{proxy}"
    try:
        parsed = parse_url(url)  # reads the host for requests, which reads user and password itself
        urlsplit(url)
    except (LocationParseError, ValueError):
        return False
    named = parsed.scheme in ("http", "https") and parsed.host
    return bool(named) and parsed.path in (None, "/") and parsed.query is None and parsed.fragment is None
