"""A registry's token service, in the protocol of Azure's registry.

https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md: an access token of Entra ID is exchanged for a refresh token
of the registry; that one, or a password, or nothing, for an access token, which names the actions that it grants.
"""

from __future__ import annotations

import hmac
import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import jwt
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.world.signing_key import SigningKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

# The user whose password is a refresh token.
TOKEN_USER = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Account:
    """Who may do what: ``grants`` are patterns of repositories with the actions allowed there (pull, push, delete).

    ``entra_tokens`` are the access tokens of Entra ID that stand for this account. The account without name and
    password is everybody's.
    """

    name: str = ""
    password: str = ""
    grants: Mapping[str, frozenset[str]] = field(default_factory=dict)
    entra_tokens: frozenset[str] = frozenset()

    def granted(self, scope: str) -> dict[str, object]:
        """What a token says about ``scope`` (``repository:team/app:pull,push``): the part of it that is granted."""
        kind, _, rest = scope.partition(":")
        repository, _, wanted = rest.rpartition(":")
        allowed = frozenset().union(*(a for pattern, a in self.grants.items() if fnmatchcase(repository, pattern)))
        actions = [action for action in wanted.split(",") if action in allowed]
        return {"type": kind, "name": repository, "actions": actions}


@dataclass(slots=True)
class TokenService:
    """A running token service. ``asked`` are the requests that it answered, as ``GET /oauth2/token 200``."""

    url: str
    accounts: Sequence[Account]
    key: SigningKey
    certificate: Path
    asked: list[str] = field(default_factory=list)

    @property
    def service(self) -> str:
        """The name that a registry and its tokens share."""
        return self.url.removeprefix("http://")

    @property
    def auth(self) -> dict[str, object]:
        """The ``auth`` section of a registry that takes the tokens of this service."""
        names = {"realm": f"{self.url}/oauth2/token", "service": self.service, "issuer": self.service}
        return {"token": {**names, "rootcertbundle": str(self.certificate)}}

    def answer(self, request: Request) -> Response:
        """What the service says to ``request``."""
        answers = {"/oauth2/exchange": self._refresh_token, "/oauth2/token": self._access_token}
        answer = answers.get(request.path, _not_found)(request)
        self.asked.append(f"{request.method} {request.path} {answer.status_code}")
        return answer

    def _refresh_token(self, request: Request) -> Response:
        token = request.form.get("access_token")
        for account in self.accounts:
            if request.form.get("grant_type") == "access_token" and token in account.entra_tokens:
                return _json({"refresh_token": self._signed(account, grant_type="refresh_token")})
        return _refused("the access token is not one of Entra ID")

    def _access_token(self, request: Request) -> Response:
        account = self._who_asks(request)
        if account is None:
            return _refused("authentication required")
        scopes = " ".join(request.values.getlist("scope")).split()
        return _json({"access_token": self._signed(account, access=[account.granted(scope) for scope in scopes])})

    def _who_asks(self, request: Request) -> Account | None:
        if request.form.get("grant_type") == "refresh_token":
            return self._holder(request.form.get("refresh_token", ""))
        if request.form.get("grant_type") == "password":
            return self._known(request.form.get("username", ""), request.form.get("password", ""))
        if given := request.authorization:
            if given.username == TOKEN_USER:
                return self._holder(given.password or "")
            return self._known(given.username or "", given.password or "")
        return self._known("", "")

    def _known(self, name: str, password: str) -> Account | None:
        for account in self.accounts:
            if account.name == name and hmac.compare_digest(account.password.encode(), password.encode()):
                return account
        return None

    def _holder(self, refresh_token: str) -> Account | None:
        try:
            claims = self.key.claims(refresh_token, self.service)
        except jwt.InvalidTokenError:
            return None
        holders = [account for account in self.accounts if account.name == claims["sub"]]
        return holders[0] if claims.get("grant_type") == "refresh_token" else None

    def _signed(self, account: Account, **claims: object) -> str:
        return self.key.token({"iss": self.service, "aud": self.service, "sub": account.name, **claims})


@contextmanager
def running_token_service(folder: Path, accounts: Sequence[Account]) -> Iterator[TokenService]:
    """A token service that knows ``accounts``, on loopback, while the block lasts; ``folder`` gets its certificate."""
    key = SigningKey.made()
    certificate = folder / "token-service.pem"
    certificate.write_bytes(key.pem)
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        service = TokenService(server.url_for("").rstrip("/"), accounts, key, certificate)
        server.expect_request(re.compile("")).respond_with_handler(service.answer)
        yield service


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")


def _refused(why: str) -> Response:
    return _json({"errors": [{"code": "UNAUTHORIZED", "message": why}]}, 401)


def _not_found(_: Request) -> Response:
    return _json({"errors": [{"code": "NOT_FOUND", "message": "there is nothing here"}]}, 404)
