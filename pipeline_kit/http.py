"""The one place that builds HTTP sessions.

Proxies and CA bundles of the environment are honoured; ``.netrc`` and credentials in it are not, so that a password
goes only where somebody sent it on purpose. Redirects are never followed here: whoever follows one decides which
headers go along.
"""

from __future__ import annotations

import ssl
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from requests.utils import should_bypass_proxies

from pipeline_kit import __version__
from pipeline_kit.connections import POOLS
from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.proxies import proxies, refuse_unusable

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_TIMEOUT = 10.0
READ_TIMEOUT = 60.0
# Answers that another try may change. 404 and 401 are answers; 501 is one too.
RETRIABLE = frozenset({408, 425, 429, 500, 502, 503, 504})
_LONGEST_WAIT = 60.0
# Where OpenSSL and requests look for certificate authorities, in this order; the last names a folder.
_AUTHORITIES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


class _Adapter(HTTPAdapter):
    """Gives every request a timeout (requests has none of its own) and the proxies that are meant for its host."""

    def __init__(self, proxies: Mapping[str, str], no_proxy: str, connections: int) -> None:
        super().__init__(pool_maxsize=connections, max_retries=0)
        self._proxies = dict(proxies)
        # A registry on this machine is never behind a proxy.
        self._no_proxy = ",".join(filter(None, ("localhost,127.0.0.1,::1", no_proxy)))

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Connections of our own kind."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """The same through a proxy."""
        manager = super().proxy_manager_for(proxy, **options)
        manager.pool_classes_by_scheme = POOLS
        return manager

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: object = None,
        verify: bool | str = True,
        cert: object = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send ``request``; proxies of the session do not count, those of the environment do."""
        url = request.url or ""
        scheme = url.partition(":")[0]
        used = scheme in self._proxies and not should_bypass_proxies(url, no_proxy=self._no_proxy)
        if used:
            refuse_unusable(scheme, self._proxies[scheme])
        return super().send(
            request,
            stream=stream,
            timeout=timeout or (CONNECT_TIMEOUT, READ_TIMEOUT),  # type: ignore[arg-type] # the stubs are narrower than requests
            verify=verify,
            cert=cert,  # type: ignore[arg-type] # the stubs are narrower than requests
            proxies=self._proxies if used else {},
        )


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """None: requests would read an answer and its Location even where no redirect is to be followed."""


def session(environ: Mapping[str, str], *, connections: int = 8) -> requests.Session:
    """A session for up to ``connections`` requests at once to one host. Failure ``config.authorities`` where the
    certificate authorities that the environment names can't be read.
    """
    made = _Session()
    made.trust_env = False
    if variable := next((name for name in _AUTHORITIES if environ.get(name)), ""):
        made.verify = _authorities(variable, environ[variable])
    made.headers["User-Agent"] = f"pipeline-kit/{__version__}"
    no_proxy = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    adapter = _Adapter(proxies(environ), no_proxy, connections)
    made.mount("http://", adapter)
    made.mount("https://", adapter)
    return made


def wait_before_retry(attempt: int, retry_after: str | None, now: float) -> float:
    """Seconds to wait before try number ``attempt`` + 1 (the first is 1): what the server asks for, at most a minute,
    else 0.5, 1, 2, 4 seconds. ``now`` is in seconds since 1970. Any text is accepted as ``retry_after``: some servers
    send durations such as ``35.852us``.
    """
    backoff = min(0.5 * 2.0 ** (attempt - 1), _LONGEST_WAIT)
    if not retry_after:
        return backoff
    try:
        asked = float(retry_after)
    except ValueError:
        try:
            asked = parsedate_to_datetime(retry_after).timestamp() - now
        except (ValueError, OverflowError):
            return backoff
    return min(max(asked, 0.0), _LONGEST_WAIT) if asked == asked else backoff


def _authorities(variable: str, path: str) -> str:
    """``path``, which can be read."""
    where = {"capath" if variable == "SSL_CERT_DIR" else "cafile": path}
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(**where)
        if "capath" in where:
            list(Path(path).iterdir())  # OpenSSL looks only when it needs one
    except OSError as error:
        kind = "folder of certificates" if "capath" in where else "file of certificates (PEM)"
        raise Failure(
            "config.authorities",
            f"{variable} names no {kind}",
            why(f"{path}: {error.strerror or error}."),
            alternative(f"Correct {variable}, or take it away: then the usual certificate authorities are trusted."),
        ) from None
    return path
