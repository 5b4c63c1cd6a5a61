"""Tokens of Entra ID for Azure's registries, by Azure's own library on our own HTTP session."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import ClientAuthenticationError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import (
    CertificateCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    CredentialUnavailableError,
    ManagedIdentityCredential,
)

from pipeline_kit.azure.asking import unreachable
from pipeline_kit.azure.hosts import SCOPE
from pipeline_kit.azure.identity import Assertion, Certificate, Identity, Managed, Secret
from pipeline_kit.azure.refusal import no_managed_identity, refused, unreadable_certificate, untrusted
from pipeline_kit.http import RETRIABLE, session

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.credentials import AccessToken, TokenCredential
    from azure.core.exceptions import AzureError

    from pipeline_kit.azure.hosts import National
    from pipeline_kit.context import Context

# The machine's own service for managed identities: no proxy can reach it.
_LINK_LOCAL = "169.254.169.254"
# The libraries log each failure by themselves; it is told once, by us.
for _library in ("azure", "msal"):
    logging.getLogger(_library).addHandler(logging.NullHandler())


def access_token(identity: Identity, cloud: National, context: Context) -> str:
    """A token for the registries of ``cloud``, hidden by the CI from now on. Failures ``login.*`` in the words of Entra
    ID where it refuses.
    """
    authority = context.environ.get("AZURE_AUTHORITY_HOST") or cloud.authority
    if isinstance(identity.proof, Secret):
        context.mask(identity.proof.value)
    statuses = [0]
    try:
        token = _asked(identity, authority, statuses.append, context).token
    except CredentialUnavailableError as error:
        raise no_managed_identity(identity, error) from None
    except ClientAuthenticationError as error:
        # The error itself does not always have the answer that it is about.
        if statuses[-1] in RETRIABLE:
            raise unreachable(authority.removeprefix("https://"), error.message) from None
        raise refused(identity, error.message) from None
    except (ServiceRequestError, ServiceResponseError) as error:
        raise _no_answer(authority, error) from None
    context.mask(token)
    return token


def _asked(identity: Identity, authority: str, tell: Callable[[int], None], context: Context) -> AccessToken:
    """The answer of the library; ``tell`` gets the status of each answer that it gets."""
    no_proxy = context.environ.get("no_proxy") or context.environ.get("NO_PROXY") or ""
    environ = {**context.environ, "no_proxy": ",".join(filter(None, (no_proxy, _LINK_LOCAL)))}
    with session(environ, connections=1) as http:
        # A request's own setting wins over the session's, and the library always makes one.
        transport = RequestsTransport(
            session=http, session_owner=False, connection_verify=http.verify, connection_timeout=10, read_timeout=30
        )
        settings = {
            "transport": transport,
            "raw_response_hook": lambda response: tell(response.http_response.status_code),
        }
        return _credential(identity, authority, settings).get_token(SCOPE)


def _credential(identity: Identity, authority: str, settings: dict[str, Any]) -> TokenCredential:
    tenant, client = identity.ids.tenant.value, identity.ids.client.value
    directed = {"authority": authority, **settings}
    # Whether the authority is one of Azure's is no question that another host should be asked.
    alone = {"disable_instance_discovery": True, **directed}
    match identity.proof:
        case Assertion():
            return ClientAssertionCredential(tenant, client, identity.proof, **directed)
        case Secret(secret):
            return ClientSecretCredential(tenant, client, secret, **alone)
        case Certificate(path, password):
            try:
                return CertificateCredential(tenant, client, path, password=password or None, **alone)
            except (OSError, ValueError) as error:
                raise unreadable_certificate(path, error) from None
        case Managed():
            return ManagedIdentityCredential(client_id=client or None, **settings)


def _no_answer(authority: str, error: AzureError) -> Exception:
    words = str(error.inner_exception or error)
    host = authority.removeprefix("https://")
    return untrusted(host, words) if "CERTIFICATE_VERIFY_FAILED" in words else unreachable(host, words)
