"""Who vouches for a job of a CI, as GitHub and Azure Pipelines do, on loopback.

The tokens are signed, and their claims are those of the real ones; only the key is a test's own.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.world.signing_key import SigningKey

if TYPE_CHECKING:
    from collections.abc import Iterator

GITHUB = "https://token.actions.githubusercontent.com"
AZURE_PIPELINES = "https://vstoken.dev.azure.com/00000000-0000-4000-8000-0000000000d0"
AUDIENCE = "api://AzureADTokenExchange"
BEARER = "the job's own token"
CONNECTION = "00000000-0000-4000-8000-0000000000d1"


@dataclass(slots=True)
class IdTokens:
    """``subject`` is what the next tokens say; ``given`` are those that were given."""

    url: str
    issuer: str
    subject: str
    key: SigningKey = field(default_factory=SigningKey.made)
    given: list[str] = field(default_factory=list)
    busy: int = 0

    @property
    def github_variables(self) -> dict[str, str]:
        """What a job with the permission to ask has in its environment."""
        url = f"{self.url}/token?api-version=2.0"
        return {"ACTIONS_ID_TOKEN_REQUEST_URL": url, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER}

    @property
    def azure_pipelines_variables(self) -> dict[str, str]:
        """What a task with a service connection and the job's token has in its environment."""
        return {
            "SYSTEM_OIDCREQUESTURI": f"{self.url}/oidctoken",
            "SYSTEM_ACCESSTOKEN": BEARER,
            "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": CONNECTION,
        }

    def token(self, audience: str = AUDIENCE) -> str:
        """A token of now."""
        token = self.key.token({"iss": self.issuer, "sub": self.subject, "aud": audience})
        self.given.append(token)
        return token

    def answer(self, request: Request) -> Response:
        """What the service says to ``request``."""
        if request.headers.get("Authorization") != f"Bearer {BEARER}":
            return _json({"message": "the job is not known"}, 401)
        if self.busy:
            self.busy -= 1
            return Response("busy", 503)
        if request.method == "GET" and request.path == "/token":
            return _json({"value": self.token(request.args["audience"]), "count": 1})
        asked = (request.args.get("api-version"), request.args.get("serviceConnectionId"))
        if request.method == "POST" and request.path == "/oidctoken" and asked == ("7.1", CONNECTION):
            return _json({"oidcToken": self.token()})
        return _json({"message": "there is nothing here"}, 404)


@contextmanager
def running_id_tokens(issuer: str, subject: str) -> Iterator[IdTokens]:
    """A service that vouches for ``subject`` while the block lasts."""
    with HTTPServer(host="127.0.0.1", threaded=True) as server:
        tokens = IdTokens(server.url_for("").rstrip("/"), issuer, subject)
        server.expect_request(re.compile("")).respond_with_handler(tokens.answer)
        yield tokens


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json")
