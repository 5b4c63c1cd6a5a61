"""One question to a service of the cloud or of the CI, asked again while the service is only busy or away."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pipeline_kit.errors import Failure, alternative, quote, why
from pipeline_kit.http import RETRIABLE, session, wait_before_retry
from pipeline_kit.oci.wire import Answer, Lost, send, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.context import Context

_TIMEOUT = (10.0, 30.0)
_TRIES = 5


def ask(method: str, url: str, headers: Mapping[str, str], context: Context, body: bytes = b"") -> Answer:
    """The answer, whatever it says. Failure ``login.unreachable`` if there is none after five tries."""
    with session(context.environ, connections=1) as http:
        for attempt in range(1, _TRIES + 1):
            cause: Answer | Lost
            try:
                cause = whole(send(http, method, url, headers, body, _TIMEOUT))
                if cause.status not in RETRIABLE:
                    return cause
            except Lost as lost:
                cause = lost
            if attempt < _TRIES:
                after = cause.headers.get("Retry-After") if isinstance(cause, Answer) else None
                context.clock.sleep(wait_before_retry(attempt, after, context.clock.now()))
    words = str(cause) if isinstance(cause, Lost) else cause.message
    raise unreachable(urlsplit(url).hostname or url, words)


def unreachable(host: str, words: str) -> Failure:
    """The failure where ``host`` gave no answer, or only that it can't: ``words`` say how it went."""
    return Failure(
        "login.unreachable",
        f"{host} gives no answer to build on",
        why(f"It was asked {_TRIES} times."),
        alternative("Try again later. Behind a proxy, set HTTPS_PROXY, and see that it lets this host through."),
        evidence=quote(words),
    )
