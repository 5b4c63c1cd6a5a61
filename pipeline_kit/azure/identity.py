"""Who we are to Entra ID: one identity, chosen by what is set, and never another one when that is refused.

The order is that of ``_WAYS``; docs/azure-sign-in.md tells it to people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pipeline_kit.azure.id_tokens import from_azure_pipelines, from_github
from pipeline_kit.azure.ids import Id, Ids
from pipeline_kit.errors import Failure, alternative, fix, why

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline_kit.azure.hosts import National
    from pipeline_kit.context import Context

MANAGED = "PIPELINE_KIT_AZURE_IDENTITY"
# What GitHub gives to a job with the permission id-token: write.
_URL, _BEARER = "ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"


class Assertion:
    """A token of somebody else's whom Entra ID was told to trust, got anew each time. ``sent`` is the last one."""

    def __init__(self, mint: Callable[[], str], context: Context) -> None:
        self.sent = ""
        self._mint = mint
        self._context = context

    def __call__(self) -> str:
        """A token that the CI hides from now on."""
        token = self._mint()
        self._context.mask(token)
        self.sent = token
        return token


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret of an application."""

    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A file with the certificate and the private key of an application."""

    path: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Managed:
    """Nothing: the machine that we run on vouches for us."""


Proof: TypeAlias = Assertion | Secret | Certificate | Managed


@dataclass(frozen=True, slots=True)
class Identity:
    """``origin`` says in words where it comes from, ``proof`` is what it shows Entra ID."""

    origin: str
    ids: Ids
    proof: Proof


def choose(configured: Ids, cloud: National, context: Context) -> Identity | None:
    """The identity that this run was given, None if it was given none."""
    return next((identity for way in _WAYS if (identity := way(configured, cloud, context))), None)


def _managed(configured: Ids, _: National, context: Context) -> Identity | None:
    asked = context.environ.get(MANAGED, "")
    if asked not in ("", "managed"):
        raise Failure("login.ids", f"{MANAGED} is {asked!r}", why("The only value that it can have is managed."))
    if not asked:
        return None
    client = configured.client or _of(context.environ, "AZURE_CLIENT_ID")
    return Identity("managed identity", Ids(client, configured.tenant), Managed())


def _github(configured: Ids, cloud: National, context: Context) -> Identity | None:
    """By the ids of the configuration. A pull request of a fork gets no token: there we are nobody."""
    if context.identity.ci != "github" or not (configured.client or configured.tenant):
        return None
    ids = configured.checked()
    if _URL not in context.environ:
        if context.event.fork:
            return None
        raise _no_permission(ids)
    return _by_github(ids, cloud, context)


def _azure_pipelines(_: Ids, __: National, context: Context) -> Identity | None:
    """By a service connection: its task sets the ids, and the means to get a token or one that lives ten minutes."""
    environ = context.environ
    if context.identity.ci != "azure_devops":
        return None
    client = _of(environ, "servicePrincipalId") or _of(environ, "AZURESUBSCRIPTION_CLIENT_ID")
    tenant = _of(environ, "tenantId") or _of(environ, "AZURESUBSCRIPTION_TENANT_ID")
    if proof := _proof_of_connection(context):
        return Identity("service connection", Ids(client, tenant).checked("servicePrincipalId", "tenantId"), proof)
    return None


def _proof_of_connection(context: Context) -> Proof | None:
    environ = context.environ
    names = ("SYSTEM_OIDCREQUESTURI", "SYSTEM_ACCESSTOKEN", "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID")
    url, bearer, connection = (environ.get(name, "") for name in names)
    if url and bearer and connection:
        return Assertion(lambda: from_azure_pipelines(url, bearer, connection, context), context)
    if token := environ.get("idToken"):
        return Assertion(lambda: token, context)
    secret = environ.get("servicePrincipalKey")
    return Secret(secret) if secret else None


def _variables(configured: Ids, _: National, context: Context) -> Identity | None:
    """By the variables of Azure's libraries."""
    environ = context.environ
    origin = next((name for name in _PROOFS if environ.get(name)), "")
    if not origin:
        return None
    client = _of(environ, "AZURE_CLIENT_ID") or configured.client
    tenant = _of(environ, "AZURE_TENANT_ID") or configured.tenant
    proof = _PROOFS[origin](environ[origin], context)
    return Identity(origin, Ids(client, tenant).checked("AZURE_CLIENT_ID", "AZURE_TENANT_ID"), proof)


_PROOFS: dict[str, Callable[[str, Context], Proof]] = {
    "AZURE_CLIENT_SECRET": lambda secret, _: Secret(secret),
    "AZURE_CLIENT_CERTIFICATE_PATH": lambda path, context: Certificate(
        path, context.environ.get("AZURE_CLIENT_CERTIFICATE_PASSWORD", "")
    ),
    "AZURE_FEDERATED_TOKEN_FILE": lambda file, context: Assertion(lambda: _read(file), context),
}


def _github_by_variables(_: Ids, cloud: National, context: Context) -> Identity | None:
    """By AZURE_CLIENT_ID and AZURE_TENANT_ID without a secret, in a job that can have a token."""
    environ = context.environ
    ids = Ids(_of(environ, "AZURE_CLIENT_ID"), _of(environ, "AZURE_TENANT_ID"))
    if context.identity.ci != "github" or _URL not in environ or not (ids.client and ids.tenant):
        return None
    return _by_github(ids.checked(), cloud, context)


_WAYS = (_managed, _github, _azure_pipelines, _variables, _github_by_variables)


def _by_github(ids: Ids, cloud: National, context: Context) -> Identity:
    url, bearer = context.environ[_URL], context.environ.get(_BEARER, "")
    return Identity("GitHub OIDC", ids, Assertion(lambda: from_github(url, bearer, cloud.audience, context), context))


def _of(environ: Mapping[str, str], name: str) -> Id:
    return Id(environ[name], name) if environ.get(name) else Id()


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Failure("login.file", f"AZURE_FEDERATED_TOKEN_FILE can't be read: {file}", why(str(error))) from None


def _no_permission(ids: Ids) -> Failure:
    return Failure(
        "login.no-id-token",
        "GitHub gives this job no token to sign in with",
        why(f"{ids.client} is to be signed in, and the job lacks the permission to ask for a token."),
        fix("in the workflow, under the job, add\n    permissions:\n      contents: read\n      id-token: write"),
        alternative("A workflow that is called by another needs the permission there too, at the job that calls it."),
    )
