"""Tokens by which a CI vouches for a job: short-lived, so each is asked for when it is needed.

https://docs.github.com/actions/concepts/security/openid-connect and
https://learn.microsoft.com/rest/api/azure/devops/distributedtask/oidctoken/create
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote as quoted

import msgspec

from pipeline_kit.azure.asking import ask
from pipeline_kit.errors import Failure, quote, why

if TYPE_CHECKING:
    from pipeline_kit.context import Context
    from pipeline_kit.oci.wire import Answer


class _GitHub(msgspec.Struct, frozen=True):
    value: str


class _AzurePipelines(msgspec.Struct, frozen=True, rename="camel"):
    oidc_token: str


def from_github(url: str, bearer: str, audience: str, context: Context) -> str:
    """GitHub's token for this job, meant for ``audience``."""
    headers = {"Authorization": f"Bearer {bearer}", "Accept": "application/json"}
    address = f"{url}{'&' if '?' in url else '?'}audience={quoted(audience, safe='')}"
    answer = ask("GET", address, headers, context)
    try:
        return msgspec.json.decode(answer.body, type=_GitHub).value
    except msgspec.MsgspecError:
        raise _refused("GitHub", answer) from None


def from_azure_pipelines(url: str, bearer: str, connection: str, context: Context) -> str:
    """Azure Pipelines' token for the service connection with that id; ``bearer`` is the job's own access token."""
    headers = {
        "Authorization": f"Bearer {bearer}",
        "Content-Type": "application/json",
        # Else a token that is not accepted is answered with a redirect to a page for people.
        "X-TFS-FedAuthRedirect": "Suppress",
    }
    address = f"{url.rstrip('/')}?api-version=7.1&serviceConnectionId={quoted(connection, safe='')}"
    answer = ask("POST", address, headers, context)
    try:
        return msgspec.json.decode(answer.body, type=_AzurePipelines).oidc_token
    except msgspec.MsgspecError:
        raise _refused("Azure Pipelines", answer) from None


def _refused(ci: str, answer: Answer) -> Failure:
    return Failure(
        "login.id-token",
        f"{ci} gives no token for this job ({answer.status})",
        why("Entra ID would exchange it for one of Azure's; without it there is nothing to show."),
        evidence=quote(answer.body[:2048].decode("utf-8", "replace")) if answer.status >= 400 else (),
    )
