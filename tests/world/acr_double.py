"""A registry of Azure: Debian's docker-registry behind TLS and the token service of Azure's registries.

It takes tokens of the Entra double and nobody else's, and serves its own list of tags beside the standard one, which
Azure's library asks for.
"""

from __future__ import annotations

import json
import re
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import jwt
import requests
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.world.docker_registry import running_registry
from tests.world.entra_double import RESOURCE
from tests.world.signing_key import SigningKey
from tests.world.token_service import Account, TokenService

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.world.certificate_authority import CertificateAuthority
    from tests.world.docker_registry import DockerRegistry
    from tests.world.entra_double import Entra

HOST = "contosoreg.azurecr.io"
_TAGS = re.compile(r"/acr/v1/(.+)/_tags\Z")
_HOP = frozenset({"connection", "transfer-encoding", "content-encoding", "server", "date"})
_THREE_HOURS = timedelta(hours=3)


@dataclass(slots=True)
class AcrTokenService(TokenService):
    """The token service of a registry that trusts ``entra``. An account's name is a client id; without an account there
    is no role and no token. ``busy`` is how many exchanges it answers with 429; a ``blocked`` one lets nobody in.
    """

    entra: Entra | None = None
    busy: int = 0
    blocked: bool = False

    @property
    def service(self) -> str:
        """The registry's own host."""
        return HOST

    def _refresh_token(self, request: Request) -> Response:
        if self.busy:
            self.busy -= 1
            return Response("", 429, headers={"Retry-After": "1"})
        account = self._account_of(request.form.get("access_token", ""))
        if account is None or request.form.get("service") != HOST or request.form.get("grant_type") != "access_token":
            words = "authentication required, visit https://aka.ms/acr/authorization for more information."
            return _errors(401, "UNAUTHORIZED", words)
        claims: dict[str, object] = {"iss": "Azure Container Registry", "aud": HOST, "sub": account.name}
        return _json({"refresh_token": self.key.token({**claims, "grant_type": "refresh_token"}, _THREE_HOURS)})

    def _account_of(self, token: str) -> Account | None:
        assert self.entra is not None
        try:
            claims = self.entra.key.claims(token, RESOURCE)
        except jwt.InvalidTokenError:
            return None
        return next((one for one in self.accounts if one.name == claims["appid"]), None)


@dataclass(slots=True)
class Acr:
    """A running double. ``asked`` are the requests to its token service."""

    port: int
    tokens: AcrTokenService
    registry: DockerRegistry
    session: requests.Session = field(default_factory=requests.Session)

    @property
    def asked(self) -> list[str]:
        """The requests to its token service, as ``POST /oauth2/token 200``."""
        return self.tokens.asked

    def answer(self, request: Request) -> Response:
        """What it says to ``request``."""
        if self.tokens.blocked:
            words = (
                "client with IP '203.0.113.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
            )
            return _errors(403, "DENIED", words)
        if request.path.startswith("/oauth2/"):
            return self.tokens.answer(request)
        if found := _TAGS.match(request.path):
            return self._tags(request, found[1])
        return self._forwarded(request, request.full_path.rstrip("?"))

    def _tags(self, request: Request, repository: str) -> Response:
        """Azure's own list: it wants another right than the standard one."""
        if self._may(request, repository, "metadata_read"):
            listed = self._get(f"/v2/{repository}/tags/list", f"repository:{repository}:pull").json()
            tags = [_tag(name) for name in listed["tags"]]
            return _json({"registry": HOST, "imageName": repository, "tags": tags})
        challenge = f'Bearer realm="https://{HOST}/oauth2/token",service="{HOST}"'
        answer = _errors(401, "UNAUTHORIZED", "authentication required")
        answer.headers["WWW-Authenticate"] = f'{challenge},scope="repository:{repository}:metadata_read"'
        return answer

    def _may(self, request: Request, repository: str, action: str) -> bool:
        try:
            claims = self.tokens.key.claims(request.headers.get("Authorization", "").removeprefix("Bearer "), HOST)
        except jwt.InvalidTokenError:
            return False
        access = claims.get("access")
        granted = [one for one in access if one["name"] == repository] if isinstance(access, list) else []
        return any(action in one["actions"] for one in granted)

    def _get(self, path: str, scope: str) -> requests.Response:
        kind, name, action = scope.split(":")
        access = [{"type": kind, "name": name, "actions": [action]}]
        token = self.tokens.key.token({"iss": HOST, "aud": HOST, "sub": "the registry itself", "access": access})
        return self.session.get(f"{self.registry.url}{path}", headers={"Authorization": f"Bearer {token}"}, timeout=30)

    def _forwarded(self, request: Request, path: str) -> Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP}
        with self.session.request(
            request.method,
            f"{self.registry.url}{path}",
            headers=headers,
            data=request.get_data(),
            allow_redirects=False,
            timeout=60,
        ) as upstream:
            kept = {name: value for name, value in upstream.headers.items() if name.lower() not in _HOP}
            # Azure's registries give places without a host, and Azure's library takes no others.
            if place := kept.get("Location"):
                kept["Location"] = urlsplit(place)._replace(scheme="", netloc="").geturl()
            return Response(upstream.content, upstream.status_code, kept)


@contextmanager
def running_acr(
    folder: Path, authority: CertificateAuthority, entra: Entra, accounts: Sequence[Account]
) -> Iterator[Acr]:
    """A registry at a port of loopback that proves itself as ``HOST``, while the block lasts. ``accounts`` are named by
    client ids.
    """
    key = SigningKey.made()
    certificate = folder / "acr-token-service.pem"
    certificate.write_bytes(key.pem)
    tokens = AcrTokenService(f"https://{HOST}", accounts, key, certificate, entra=entra)
    with ExitStack() as stack:
        registry = stack.enter_context(running_registry(folder / "acr", auth=tokens.auth))
        server = stack.enter_context(HTTPServer(host="127.0.0.1", threaded=True, ssl_context=authority.server(HOST)))
        session = stack.enter_context(requests.Session())
        session.trust_env = False
        acr = Acr(server.port, tokens, registry, session)
        server.expect_request(re.compile("")).respond_with_handler(acr.answer)
        yield acr


def _tag(name: str) -> dict[str, object]:
    times = {"createdTime": "2026-01-01T00:00:00.0Z", "lastUpdateTime": "2026-01-01T00:00:00.0Z"}
    every = {"deleteEnabled": True, "writeEnabled": True, "readEnabled": True, "listEnabled": True}
    return {"name": name, "digest": "", **times, "signed": False, "changeableAttributes": every}


def _errors(status: int, code: str, message: str) -> Response:
    return _json({"errors": [{"code": code, "message": message}]}, status)


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json; charset=utf-8")
