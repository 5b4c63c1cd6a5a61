"""Whether a service is healthy: asked over HTTP from here, and by looking at what runs it.

HTTP decides, since it is what a client would see; two answers in a row count, for a service that dies on its first
request answers once. And it has to stay healthy for a while: one that ends a second later has answered too.
The image's own HEALTHCHECK can say no at any time, and is waited for only where no path is asked for: its first answer
comes after a whole interval, 30 s by default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import requests

    from pipeline_kit.context import Context

_TIMEOUTS = (1.0, 2.0)  # seconds to connect, to answer: a request that arrives while the service starts may hang
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 0.5
_STEADY = 3.0  # seconds of running that are enough where there is nothing to ask
_ENOUGH = 2


@dataclass(frozen=True, slots=True)
class Patience:
    """How many seconds it may take to become healthy, and for how many it then has to stay so without a break."""

    timeout: float
    settle: float = 0.0


@dataclass(frozen=True, slots=True)
class Observation:
    """What runs the service, as seen now. ``death`` says why it can't become healthy any more, '' while it can;
    ``check`` is the state of the image's own HEALTHCHECK, '' where it has none.
    """

    death: str = ""
    check: str = ""


class Unhealthy(Exception):  # noqa: N818 - an answer, which the caller makes a failure of
    """The service is not healthy; the reason is a sentence without its subject ("exited with code 1")."""


def until_healthy(
    observe: Callable[[], Observation], url: str, path: str, patience: Patience, context: Context
) -> tuple[str, ...]:
    """Wait until the service is healthy and stays so; what was seen then, in words. ``url`` is its root; with '' as
    ``path`` it is not asked. Raises ``Unhealthy`` as soon as it can't become healthy, at the latest when ``patience``
    has ended.
    """
    from pipeline_kit.http import session

    clock, started, pause = context.clock, context.clock.monotonic(), _FIRST_PAUSE
    good, answer, since = 0, "", None
    with session(context.environ, connections=1) as http:
        while True:
            seen = observe()
            if seen.death or seen.check == "unhealthy":
                raise Unhealthy(seen.death or "fails its own HEALTHCHECK")
            elapsed = clock.monotonic() - started
            is_healthy = good >= _ENOUGH if path else seen.check in ("", "healthy")
            since = (elapsed if since is None else since) if is_healthy else None
            settle = patience.settle if path or seen.check else max(patience.settle, _STEADY)
            if since is not None and elapsed - since >= settle:
                return _evidence(path, answer, seen, since, elapsed)
            if since is None and elapsed > patience.timeout:
                raise Unhealthy(_too_late(path, answer, seen, patience.timeout))
            if path:
                answer = _ask(http, url + path)
                good = good + 1 if _is_good(answer) else 0
            clock.sleep(_FIRST_PAUSE if 0 < good < _ENOUGH else pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)


def _ask(http: requests.Session, url: str) -> str:  # noqa: TID251 - named as a type, not built
    """The status of the answer, or why there is none."""
    from requests import RequestException

    try:
        with http.get(url, timeout=_TIMEOUTS, allow_redirects=False, stream=True) as response:
            return str(response.status_code)
    except RequestException as error:
        return type(error).__name__


def _is_good(answer: str) -> bool:
    return answer.isdigit() and int(answer) < 400


def _evidence(path: str, answer: str, seen: Observation, since: float, elapsed: float) -> tuple[str, ...]:
    kept = f"for {elapsed - since:.0f} s" if elapsed - since >= 1 else f"after {since:.1f} s"
    asked = f"{path} {answer} {kept}" if path else f"running for {elapsed:.0f} s"
    return (asked, "HEALTHCHECK ok") if seen.check == "healthy" else (asked,)


def _too_late(path: str, answer: str, seen: Observation, timeout: float) -> str:
    if not path:
        return f"did not pass its own HEALTHCHECK within {timeout:.0f} s ({seen.check})"
    if _is_good(answer):
        return f"answered {answer} on {path}, and did not keep it up within {timeout:.0f} s"
    if answer.isdigit():
        return f"answered {answer} on {path} for {timeout:.0f} s"
    return f"did not answer on {path} within {timeout:.0f} s"
