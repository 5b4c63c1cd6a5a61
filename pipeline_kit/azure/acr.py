"""A registry of Azure takes a token of Entra ID, and gives one of its own that lives three hours.

https://github.com/Azure/acr/blob/main/docs/AAD-OAuth.md: that one, a refresh token, is then exchanged for each access
token by ``oci/auth.py``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from pipeline_kit.azure.claims import read_claims
from pipeline_kit.azure.roles import no_role
from pipeline_kit.http import RETRIABLE, session
from pipeline_kit.oci.credential import Credential
from pipeline_kit.oci.patience import LONG, SHORT, Patience
from pipeline_kit.oci.refusal import refused
from pipeline_kit.oci.wire import Answer, Lost, send, whole

if TYPE_CHECKING:
    from pipeline_kit.azure.principal import Principal
    from pipeline_kit.context import Context
    from pipeline_kit.model.reference import Repository

# What stands where others have a user's name.
USERNAME = "00000000-0000-0000-0000-000000000000"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}
_TIMEOUT = (10.0, 30.0)


class _Exchanged(msgspec.Struct, frozen=True):
    refresh_token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AcrCredential(Credential):
    """A registry's refresh token for ``principal``, good until ``expires`` (seconds since 1970; 0 = not told)."""

    principal: Principal
    expires: float

    @property
    def holder(self) -> str:
        """Whom it stands for."""
        return self.principal.name


def exchange(repository: Repository, token: str, principal: Principal, origin: str, context: Context) -> AcrCredential:
    """The registry's token in exchange for Entra ID's ``token``. Failure ``login.no-role`` if it has no place for
    ``principal``, ``registry.*`` if it can't be asked.
    """
    answer = _answer(repository, token, principal.tenant, context)
    given = _given(answer)
    if not given:
        failure = refused(answer, repository, "exchange a token of Entra ID")
        raise no_role(repository, principal, origin, failure) if answer.status in (401, 403) else failure
    context.mask(given)
    return AcrCredential(
        registry=repository.registry,
        username=USERNAME,
        secret=given,
        origin=origin,
        is_identity_token=True,
        principal=principal,
        expires=read_claims(given).exp,
    )


def _given(answer: Answer) -> str:
    try:
        return msgspec.json.decode(answer.body, type=_Exchanged).refresh_token if answer.status == 200 else ""
    except msgspec.MsgspecError:
        return ""


def _answer(repository: Repository, token: str, tenant: str, context: Context) -> Answer:
    """The registry's answer, after as many tries as it takes: bursts of runs are throttled here too."""
    registry = repository.registry
    form = {"grant_type": "access_token", "service": registry, "tenant": tenant, "access_token": token}
    body = urlencode({key: value for key, value in form.items() if value}).encode()
    away = Patience(repository, context.clock, SHORT)
    busy = Patience(repository, context.clock, LONG)
    with session(context.environ, connections=1) as http:
        while True:
            try:
                response = send(http, "POST", f"https://{registry}/oauth2/exchange", _FORM, body, _TIMEOUT)
                answer = whole(response)
            except Lost as lost:
                away.wait(lost)
                continue
            if answer.status not in RETRIABLE:
                return answer
            busy.wait(answer)
