"""One request to a registry and its answer: no retry, no redirect, no secret in an error."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec
import requests
from requests import exceptions

from pipeline_kit.errors import Failure, alternative, quote, why
from pipeline_kit.oci.origin import origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

# Error pages and tokens are small; whoever sends more is no registry.
LARGEST_ANSWER = 1 << 20
_PIECE = 64 << 10
# Other TLS errors are connections that broke, which another try may mend.
_PERMANENT_TLS = (
    *("CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"),
    *("UNSUPPORTED_PROTOCOL", "HANDSHAKE_FAILURE"),
)
_NOT_THROUGH = re.compile(r"Tunnel connection failed: (4[0-9]{2})")
# urllib3 begins with the connection that it was.
_NAME_OF_OURS = re.compile(r"^\w+\(host=[^)]*\): ")
_BODILESS = frozenset({204, 304})


class Lost(Exception):  # noqa: N818 - said of an answer; whether it becomes an error depends on the next try
    """There is no answer, or only a part of one: nobody knows whether the request was carried out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that came whole. ``authorization`` is what the request carried, '' if nothing."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    authorization: str = field(default="", repr=False)

    @property
    def codes(self) -> tuple[str, ...]:
        """The registry's own error codes, such as MANIFEST_BLOB_UNKNOWN."""
        return tuple(error.code for error in self._errors())

    @property
    def message(self) -> str:
        """The registry's own words about an error; a page that is meant for people is left out."""
        words = [": ".join(filter(None, (error.code, error.message))) for error in self._errors()]
        return "\n".join(words) or f"HTTP status {self.status}"

    @property
    def details(self) -> str:
        """What the errors tell beyond that, as JSON."""
        return "\n".join(bytes(error.detail).decode("utf-8", "replace") for error in self._errors())

    def _errors(self) -> tuple[_Error, ...]:
        try:
            return msgspec.json.decode(self.body, type=_Errors).errors
        except (msgspec.MsgspecError, RecursionError):
            return ()


class _Error(msgspec.Struct, frozen=True):
    code: str = ""
    message: str = ""
    detail: msgspec.Raw = msgspec.Raw(b"")


class _Errors(msgspec.Struct, frozen=True):
    errors: tuple[_Error, ...]


def send(
    session: requests.Session,  # noqa: TID251 - named as a type, not built
    method: str,
    url: str,
    headers: Mapping[str, str],
    data: bytes | Iterable[bytes] | None = None,
    timeout: tuple[float, float] | None = None,
) -> requests.Response:
    """The start of the answer; the body is still to be read. Raises ``Lost``, or Failure ``registry.tls``."""
    if origin(url) is None:
        raise Failure("registry.unexpected", f"there is no way to ask {url.partition('?')[0][:200]!r}")
    try:
        return session.request(
            method,
            url,
            headers={"Accept-Encoding": "identity", **headers},
            data=data,
            allow_redirects=False,
            stream=True,
            timeout=timeout,
        )
    except exceptions.ProxyError as error:
        if refusal := _NOT_THROUGH.search(str(error)):
            raise proxy_refuses(refusal[1]) from None
        raise Lost(_reason(error)) from None
    except exceptions.SSLError as error:
        if any(sign in str(error) for sign in _PERMANENT_TLS):
            raise _tls(url, error) from None
        raise Lost(_reason(error)) from None
    except (exceptions.InvalidURL, exceptions.InvalidSchema, exceptions.InvalidHeader) as error:
        address = url.partition("?")[0]
        raise Failure("registry.unexpected", f"there is no way to ask {address}", why(str(error))) from None
    except exceptions.RequestException as error:
        raise Lost(_reason(error)) from None


def pieces(response: requests.Response) -> Iterator[bytes]:
    """The body of an answer piece by piece; ``Lost`` if it breaks off, which not every version of urllib3 notices."""
    came = 0
    try:
        for piece in response.iter_content(_PIECE):
            came += len(piece)
            yield piece
    except exceptions.RequestException as error:
        raise Lost(_reason(error)) from None
    declared = response.headers.get("Content-Length", "")
    has_body = response.request.method != "HEAD" and response.status_code not in _BODILESS
    if has_body and declared.isascii() and declared.isdigit() and came < int(declared):
        raise Lost(f"the answer broke off after {came} of {declared} bytes")


def whole(response: requests.Response, authorization: str = "", limit: int = LARGEST_ANSWER) -> Answer:
    """The whole answer, its body of at most ``limit`` bytes."""
    body = bytearray()
    with response:
        for piece in pieces(response):
            body += piece
            if len(body) > limit:
                raise Failure(
                    "registry.unexpected",
                    "the registry's answer is too long",
                    why(f"It has more than {limit} bytes: {response.url.partition('?')[0]}"),
                )
    return Answer(response.status_code, response.headers, bytes(body), response.url, authorization)


def proxy_refuses(status: str) -> Failure:
    """The failure of a proxy that answers instead of the registry."""
    return Failure(
        "registry.proxy",
        f"the proxy does not let us through ({status})",
        why("It wants a user and a password." if status == "407" else "It refuses to connect to this host."),
        alternative("HTTPS_PROXY=http://USER:PASSWORD@HOST:PORT, or the registry's host in NO_PROXY"),
    )


def _tls(url: str, error: Exception) -> Failure:
    host = url.split("/")[2]
    return Failure(
        "registry.tls",
        f"no trusted connection to {host}",
        why("Its certificate was not accepted, or it does not speak TLS. Plain HTTP is used on this machine only."),
        alternative("A certificate authority of your own: set REQUESTS_CA_BUNDLE to its file."),
        evidence=quote(_reason(error)),
    )


def _reason(error: Exception) -> str:
    """The innermost cause, without the names of the objects on the way."""
    inner: object = error
    while True:
        further = getattr(inner, "reason", None) or (getattr(inner, "args", None) or (None,))[-1]
        if not isinstance(further, Exception):
            break
        inner = further
    return _NAME_OF_OURS.sub("", str(inner)) or type(inner).__name__
