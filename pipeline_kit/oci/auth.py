"""Who we are, as a registry wants to hear it: nothing, Basic, or a token of its token service.

One token for all that is to be done in a repository, shared by all threads: the number of exchanges does not depend on
the number of blobs.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from pipeline_kit.errors import Failure, Note, alternative, quote, why
from pipeline_kit.http import RETRIABLE
from pipeline_kit.oci.challenge import parse_challenges, realm_is_near
from pipeline_kit.oci.origin import origin
from pipeline_kit.oci.patience import Deadline, Patience
from pipeline_kit.oci.refusal import refused
from pipeline_kit.oci.token import Token, read_token
from pipeline_kit.oci.wire import Answer, Lost, send, whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

    from pipeline_kit.context import Clock
    from pipeline_kit.model.reference import Repository
    from pipeline_kit.oci.challenge import Challenge
    from pipeline_kit.oci.credential import Credential

_TOKEN_TIMEOUT = (10.0, 30.0)
# Seconds in which a token that was just made is not made again.
_FRESH = 5.0


class Authorizer:
    """Authorises requests to one repository. Any thread may use it.

    ``scopes`` are what tokens are asked for, such as ``repository:shop/web:pull,push``.
    """

    def __init__(
        self,
        repository: Repository,
        credential: Credential,
        session: requests.Session,  # noqa: TID251 - named as a type, not built
        clock: Clock,
        scopes: tuple[str, ...],
    ) -> None:
        self.credential = credential
        # All that is done with this credential has one time.
        self.deadline = Deadline(clock)
        self.exchanges = 0
        self._repository = repository
        self._session = session
        self._clock = clock
        self._scopes = scopes
        self._lock = threading.Lock()
        self._challenge: Challenge | None = None
        self._token: Token | None = None
        self._renew_at = 0.0
        self._fresh_until = 0.0

    def header(self) -> str:
        """What to send as Authorization, '' if nothing; a token that is about to expire is replaced first."""
        with self._lock:
            if self._token and self._challenge and self._clock.monotonic() >= self._renew_at:
                self._mint(self._challenge)
            return self._current()

    def renew(self, refused_answer: Answer) -> bool:
        """After an answer with status 401: whether there is now something else to send than the request carried."""
        with self._lock:
            if refused_answer.authorization != self._current():
                return True  # another thread was quicker
            challenges = {
                each.scheme: each for each in parse_challenges(refused_answer.headers.get("WWW-Authenticate", ""))
            }
            if bearer := challenges.get("bearer"):
                if bearer == self._challenge and self._clock.monotonic() < self._fresh_until:
                    return False  # it was made for such an answer a moment ago: another one would be refused as well
                self._challenge = bearer
                self._mint(bearer)
                self._fresh_until = self._clock.monotonic() + min(
                    _FRESH, self._token.lifetime / 2 if self._token else 0
                )
                return True
            is_new = self._challenge is None or self._challenge.scheme != "basic"
            self._challenge = challenges.get("basic", self._challenge)
            return bool(is_new and "basic" in challenges and self.credential.secret)

    def granted(self) -> frozenset[str] | None:
        """The actions that the registry's token lists for the repository, None where it can't be read."""
        with self._lock:
            return self._token.granted(self._repository.path) if self._token else None

    def _current(self) -> str:
        if self._challenge is None:
            return ""
        if self._challenge.scheme == "basic":
            return self.credential.basic
        return f"Bearer {self._token.text}" if self._token else ""

    def _mint(self, challenge: Challenge) -> None:
        realm = challenge.parameters.get("realm", "")
        if not realm_is_near(realm, self._repository):
            raise self._strange_realm(realm)
        began = self._clock.monotonic()
        answer = self._exchange(realm, challenge.parameters.get("service", ""))
        token = read_token(answer.body, self._clock.now()) if answer.status == 200 else None
        if answer.status in (401, 403):
            raise self._not_accepted(answer)
        if token is None:
            raise refused(answer, self._repository, "give a token")
        self._token = token
        self._renew_at = began + token.lifetime - min(60.0, token.lifetime / 4)

    def _exchange(self, realm: str, service: str) -> Answer:
        """The token service's answer, after as many tries as it takes."""
        patience = Patience(self._repository, self._clock, deadline=self.deadline)
        while True:
            self.exchanges += 1
            try:
                answer = self._ask(realm, service, patience.within(_TOKEN_TIMEOUT, "a token"))
            except Lost as lost:
                patience.wait(lost)
                continue
            if answer.status not in RETRIABLE:
                return answer
            patience.wait(answer)

    def _ask(self, realm: str, service: str, timeout: tuple[float, float]) -> Answer:
        credential = self.credential
        if credential.is_identity_token:
            form: Mapping[str, str] = {
                "grant_type": "refresh_token",
                "client_id": "pipeline-kit",
                "service": service,
                "scope": " ".join(self._scopes),
                "refresh_token": credential.secret,
            }
            kind = {"Content-Type": "application/x-www-form-urlencoded"}
            return whole(send(self._session, "POST", realm, kind, urlencode(form).encode(), timeout))
        query = urlencode([("service", service), *(("scope", scope) for scope in self._scopes)])
        headers = {"Authorization": credential.basic} if credential.basic else {}
        url = f"{realm}{'&' if '?' in realm else '?'}{query}"
        return whole(send(self._session, "GET", url, headers, timeout=timeout))

    def _not_accepted(self, answer: Answer) -> Failure:
        return Failure(
            "registry.unauthorized",
            f"{self._repository.registry} gives no token to who we are",
            Note("as", self.credential.description),
            evidence=quote(answer.message),
        )

    def _strange_realm(self, realm: str) -> Failure:
        service = origin(realm)
        host = realm.split("/")[2].partition("?")[0] if service else "no plain address"
        return Failure(
            "login.realm",
            f"{self._repository.registry} sends us to {host} to sign in",
            why("That is neither its own host nor one of its domain, so it does not get to see the credentials.")
            if service
            else why(f"{realm[:200]!r} can be read in more than one way, so nobody gets to see the credentials."),
            alternative("Give the registry by the name of the host that its token service belongs to."),
        )
