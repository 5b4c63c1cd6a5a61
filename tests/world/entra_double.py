"""Entra ID as far as an identity needs it that signs in to a registry: discovery and the token endpoint of a tenant.

It looks at what Entra ID looks at and refuses in its words; Azure's own libraries can't tell the difference.
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import jwt
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from tests.world.signing_key import SigningKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cryptography import x509

    from tests.world.certificate_authority import CertificateAuthority

HOST = "login.microsoftonline.com"
TENANT = "72000000-0000-4000-8000-0000000000aa"
RESOURCE = "https://containerregistry.azure.net"
_DOMAIN = "contoso.onmicrosoft.com"
_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_CHECK = (
    "Check your federated identity credential Subject, Audience and Issuer against the presented assertion."
    " https://learn.microsoft.com/entra/workload-id/workload-identity-federation"
)


@dataclass(frozen=True, slots=True)
class Federated:
    """A federated credential: whose token is taken for the application's own."""

    issuer: str
    subject: str
    audience: str = "api://AzureADTokenExchange"


@dataclass(frozen=True, slots=True)
class Application:
    """Who can sign in. ``secrets`` say of each whether it has expired."""

    client: str
    object_id: str
    federated: tuple[Federated, ...] = ()
    secrets: Mapping[str, bool] = field(default_factory=dict)
    certificate: x509.Certificate | None = None


class Refused(Exception):  # noqa: N818 - it is an answer
    """Entra ID says no, with a code and in words."""

    def __init__(self, code: int, words: str, error: str = "invalid_client", status: int = 401) -> None:
        super().__init__(words)
        self.code = code
        self.error = error
        self.status = status


@dataclass(slots=True)
class Entra:
    """A running double. ``issuers`` are the keys of those whose tokens it verifies, ``asked`` the requests that it has
    answered, ``shown`` the forms of those for a token; ``busy`` is how many of these it will answer with 503.
    """

    port: int
    applications: Sequence[Application]
    issuers: Mapping[str, SigningKey]
    key: SigningKey = field(default_factory=SigningKey.made)
    asked: list[str] = field(default_factory=list)
    shown: list[dict[str, str]] = field(default_factory=list)
    busy: int = 0

    def token(self, application: Application, lifetime: timedelta = timedelta(hours=1)) -> str:
        """An access token for Azure's registries, with the claims of a token of version 1.0."""
        claims: dict[str, object] = {
            "aud": RESOURCE,
            "iss": f"https://sts.windows.net/{TENANT}/",
            "appid": application.client,
            "oid": application.object_id,
            "sub": application.object_id,
            "tid": TENANT,
            "idtyp": "app",
            "ver": "1.0",
        }
        return self.key.token(claims, lifetime)

    def answer(self, request: Request) -> Response:
        """What it says to ``request``."""
        tenant, _, path = request.path.lstrip("/").partition("/")
        try:
            answer = self._answer(request, tenant, path)
        except Refused as refused:
            answer = _error(refused, request.headers.get("client-request-id") or str(uuid4()))
        self.asked.append(f"{request.method} {request.path} {answer.status_code}")
        return answer

    def _answer(self, request: Request, tenant: str, path: str) -> Response:
        if request.path == "/common/discovery/instance":
            names = {"preferred_network": HOST, "preferred_cache": HOST, "aliases": [HOST]}
            document = f"https://{HOST}/{TENANT}/v2.0/.well-known/openid-configuration"
            return _json({"tenant_discovery_endpoint": document, "api-version": "1.1", "metadata": [names]})
        if path == "v2.0/.well-known/openid-configuration":
            _known_tenant(tenant, "invalid_tenant")
            return _json(_configuration(tenant))
        if path == "oauth2/v2.0/token" and request.method == "POST":
            if self.busy:
                self.busy -= 1
                return Response("busy", 503)
            self.shown.append(request.form.to_dict())
            return self._token(request.form.to_dict(), tenant)
        return _json({"error": "not_found"}, 404)

    def _token(self, form: Mapping[str, str], tenant: str) -> Response:
        _known_tenant(tenant, "invalid_request")
        application = self._application(form.get("client_id", ""), tenant)
        if form.get("grant_type") != "client_credentials" or form.get("scope") != f"{RESOURCE}/.default":
            raise Refused(500011, f"The resource principal named {form.get('scope')} was not found in the tenant.")
        if form.get("client_assertion_type") == _BEARER:
            self._check_assertion(application, form["client_assertion"])
        else:
            _check_secret(application, form.get("client_secret", ""))
        token = {"token_type": "Bearer", "expires_in": 3599, "ext_expires_in": 3599}
        return _json({**token, "access_token": self.token(application)})

    def _application(self, client: str, tenant: str) -> Application:
        for application in self.applications:
            if application.client == client:
                return application
        words = f"Application with identifier '{client}' was not found in the directory '{tenant}'."
        raise Refused(700016, words, "unauthorized_client", 400)

    def _check_assertion(self, application: Application, assertion: str) -> None:
        claims = jwt.decode(assertion, options={"verify_signature": False})
        if claims["iss"] == application.client and application.certificate is not None:
            _check_certificate(application.certificate, assertion)
            return
        federated = _matching(application, claims)
        try:
            self.issuers[federated.issuer].claims(assertion, federated.audience)
        except jwt.ExpiredSignatureError:
            raise Refused(700024, "Client assertion is not within its valid time range.") from None
        except jwt.InvalidTokenError:
            raise Refused(50012, "Signature verification failed for the client assertion.") from None


@contextmanager
def running_entra(
    authority: CertificateAuthority, applications: Sequence[Application], issuers: Mapping[str, SigningKey]
) -> Iterator[Entra]:
    """A double at a port of loopback that proves itself as Entra ID's own host, while the block lasts."""
    with HTTPServer(host="127.0.0.1", threaded=True, ssl_context=authority.server(HOST)) as server:
        entra = Entra(server.port, applications, issuers)
        server.expect_request(re.compile("")).respond_with_handler(entra.answer)
        yield entra


def _matching(application: Application, claims: Mapping[str, str]) -> Federated:
    """The federated credential that the claims fit; else the refusal that names what does not."""
    found = "No matching federated identity record found for presented assertion"
    held = [one for one in application.federated if one.issuer == claims["iss"]]
    if not held:
        raise Refused(700211, f"{found} issuer '{claims['iss']}'. {_CHECK}")
    if not any(one.audience == claims["aud"] for one in held):
        raise Refused(700212, f"{found} audience '{claims['aud']}'. {_CHECK}")
    if not any(one.subject.lower() == claims["sub"].lower() for one in held):
        raise Refused(700213, f"{found} subject '{claims['sub']}'. {_CHECK}")
    exact = [one for one in held if one.subject == claims["sub"]]
    if not exact:
        case = "The subject matches with case-insensitive comparison, but not with case-sensitive comparison."
        raise Refused(7002138, f"{found} subject '{claims['sub']}'. {case} {_CHECK}")
    return exact[0]


def _check_secret(application: Application, secret: str) -> None:
    if secret not in application.secrets:
        words = "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value"
        raise Refused(7000215, f"{words}, not the client secret ID, for a secret added to app '{application.client}'.")
    if application.secrets[secret]:
        raise Refused(7000222, f"The provided client secret keys for app '{application.client}' are expired.")


def _check_certificate(certificate: x509.Certificate, assertion: str) -> None:
    try:
        key = certificate.public_key()
        jwt.decode(assertion, key, ["PS256", "RS256"], options={"verify_aud": False})  # type: ignore[arg-type]  # RSA
    except jwt.InvalidTokenError:
        raise Refused(700027, "The certificate used to sign the client assertion is not registered.") from None


def _known_tenant(tenant: str, error: str) -> None:
    if tenant not in (TENANT, _DOMAIN):
        words = f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into"
        raise Refused(90002, f"{words} the correct cloud.", error, 400)


def _configuration(tenant: str) -> dict[str, object]:
    base = f"https://{HOST}/{tenant}"
    return {
        "issuer": f"https://{HOST}/{TENANT}/v2.0",
        "token_endpoint": f"{base}/oauth2/v2.0/token",
        "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
    }


def _error(refused: Refused, correlation: str) -> Response:
    trace, time = str(uuid4()), datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    identified = f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}"
    body = {
        "error": refused.error,
        "error_description": f"AADSTS{refused.code}: {refused} {identified}",
        "error_codes": [refused.code],
        "timestamp": time,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://{HOST}/error?code={refused.code}",
    }
    return _json(body, refused.status)


def _json(value: object, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json; charset=utf-8")
