"""Requests to one repository: authorised, tried again where that is safe, redirected only where that is meant."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, Note, why
from pipeline_kit.http import RETRIABLE
from pipeline_kit.oci.origin import joined, origin
from pipeline_kit.oci.patience import LONG, Deadline, Patience
from pipeline_kit.oci.refusal import refused
from pipeline_kit.oci.wire import LARGEST_ANSWER, Answer, Lost, pieces, send, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import requests

    from pipeline_kit.context import Clock
    from pipeline_kit.model.reference import Repository
    from pipeline_kit.oci.auth import Authorizer
    from pipeline_kit.oci.parallel import Stop

_HUB, _HUB_API = "docker.io", "registry-1.docker.io"
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5
# A registry may hash what it got before it answers, and a slow line may take long for a piece.
_TIMEOUT = (15.0, 60.0)
UPLOAD_TIMEOUT = (30.0, 300.0)


class Transport:
    """Any thread may use it. ``seconds`` is how long an operation that fails is tried again."""

    def __init__(
        self,
        repository: Repository,
        session: requests.Session,  # noqa: TID251 - named as a type, not built
        auth: Authorizer,
        clock: Clock,
        seconds: float = LONG,
    ) -> None:
        self.repository = repository
        self.auth = auth
        # What is waited for is told here.
        self.tell: Callable[[str], None] = _nobody
        self._session = session
        self._clock = clock
        self._seconds = seconds
        host = _HUB_API if repository.registry == _HUB else repository.registry
        self.base = f"{'http' if repository.loopback else 'https'}://{host}/v2/"

    def url(self, path: str) -> str:
        """The address of something in the repository."""
        return f"{self.base}{self.repository.path}/{path}"

    def patience(self, stop: Stop | None = None, contact: float = 0.0) -> Patience:
        """The time for one operation, within that of the step; ``contact`` is all that a first contact has."""
        deadline = Deadline(self._clock, contact) if contact else self.auth.deadline
        return Patience(self.repository, self._clock, self._seconds, stop, deadline)

    def once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        data: bytes | Iterable[bytes] | None = None,
        timeout: tuple[float, float] = _TIMEOUT,
        patience: Patience | None = None,
    ) -> Answer:
        """One try, without redirects. Raises ``Lost``."""
        return whole(*self._send(method, url, headers or {}, data, timeout, patience, redirects=False))

    def ask(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        data: bytes | None = None,
        *,
        patience: Patience | None = None,
        unless: Callable[[], Answer | None] | None = None,
        redirects: bool = False,
        limit: int = LARGEST_ANSWER,
    ) -> Answer:
        """The answer to a request that does no harm when it is made twice, after as many tries as it takes.

        ``unless`` is asked before another try whether the last one, whose answer is lost, was carried out after all: if
        it gives an answer that one counts. ``redirects`` are for reading blobs. An answer above 400 is the caller's.
        """
        waiting = patience or self.patience()

        def attempt() -> Answer:
            response, used = self._send(method, url, headers or {}, data, _TIMEOUT, waiting, redirects=redirects)
            return whole(response, used, limit)

        return self._insist(attempt, waiting, unless)

    @contextmanager
    def stream(
        self, url: str, headers: Mapping[str, str], patience: Patience
    ) -> Iterator[tuple[Answer, Iterator[bytes]]]:
        """A blob, piece by piece; the answer that comes with it has no body. The pieces raise ``Lost``. Where there is
        an answer other than 200 or 206 it is whole, and there are no pieces.
        """
        opened: list[requests.Response] = []

        def attempt() -> Answer:
            response, used = self._send("GET", url, headers, None, _TIMEOUT, patience, redirects=True)
            if response.status_code not in (200, 206):
                return whole(response, used)
            opened.append(response)
            return Answer(response.status_code, response.headers, b"", response.url, used)

        answer = self._insist(attempt, patience, None)
        if not opened:
            yield answer, iter(())
            return
        with opened[0] as response:
            yield answer, pieces(response)

    def refused(self, answer: Answer, doing: str) -> Failure:
        """The failure of ``doing``, as in "give blob 4f1c9a0b77de", which the registry refused with ``answer``."""
        failure = refused(answer, self.repository, doing)
        if answer.status in (401, 403):
            failure.extended(Note("as", self.auth.credential.description))
        return failure

    def resolve(self, base: str, location: str) -> str:
        """The address that an answer's Location or Link names. Failure if it is none, or leaves TLS."""
        url = joined(base, location)
        if url.startswith("https:" if base.startswith("https:") else "http"):
            return url
        raise Failure(
            "registry.unexpected",
            f"{self.repository.registry} sends us to an address that is not safe",
            why(f"It is not followed: {location.partition('?')[0][:200]!r}"),
        )

    def is_own(self, url: str) -> bool:
        """Whether ``url`` is at the registry itself, and may get the credentials."""
        return origin(url) == origin(self.base)

    def _insist(
        self, attempt: Callable[[], Answer], patience: Patience, unless: Callable[[], Answer | None] | None
    ) -> Answer:
        renewed = False
        while True:
            cause: Answer | Lost
            try:
                answer = cause = attempt()
            except Lost as lost:
                cause = lost
            else:
                began = self._clock.monotonic()
                if answer.status == 401 and not renewed and self.auth.renew(answer):
                    renewed = True
                    if patience.deadline is not self.auth.deadline:
                        patience.deadline.excuse(self._clock.monotonic() - began)
                    continue
                if answer.status not in RETRIABLE:
                    return answer
            self.tell(f"waits for {self.repository.registry}: {_words(cause)}")
            patience.wait(cause)
            if unless and (found := unless()):
                return found

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        data: bytes | Iterable[bytes] | None,
        timeout: tuple[float, float],
        patience: Patience | None,
        *,
        redirects: bool,
    ) -> tuple[requests.Response, str]:
        for _ in range(_MOST_REDIRECTS):
            used = self.auth.header() if self.is_own(url) else ""
            authorised = {**headers, "Authorization": used} if used else headers
            limits = patience.within(timeout, self._named(method, url)) if patience else timeout
            response = send(self._session, method, url, authorised, data, limits)
            location = response.headers.get("Location")
            if not redirects or response.status_code not in _REDIRECTS or not location:
                return response, used
            response.close()
            url = self.resolve(url, location)
        raise Failure("registry.unexpected", f"{self.repository.registry} redirects without end")

    def _named(self, method: str, url: str) -> str:
        """A request in a few words, without its query."""
        path = url.partition("?")[0].removeprefix(self.base).removeprefix(f"{self.repository.path}/")
        named = f"{method} {path or '/v2/'}"
        if not path.startswith("blobs/"):
            self.tell(f"waits for {self.repository.registry}: {named}")
        return named


def _words(cause: Answer | Lost) -> str:
    return str(cause) if isinstance(cause, Lost) else f"it answered {cause.status}"


def _nobody(_: str) -> None:
    return None
