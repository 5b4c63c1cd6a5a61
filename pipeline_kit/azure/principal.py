"""Whom a token of Entra ID stands for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_kit.azure.claims import read_claims

if TYPE_CHECKING:
    from pipeline_kit.azure.ids import Ids


@dataclass(frozen=True, slots=True)
class Principal:
    """``name`` is for people, ``object_id`` is what roles are assigned to; '' where the token does not tell it."""

    name: str
    client: str
    object_id: str
    tenant: str
    is_user: bool = False

    @property
    def kind(self) -> str:
        """As ``az role assignment`` calls it."""
        return "User" if self.is_user else "ServicePrincipal"

    def __str__(self) -> str:
        client = f"client {self.client}" if self.client and self.client != self.name else ""
        return ", ".join(filter(None, (self.name, "" if self.is_user else client)))


def principal_of(token: str, ids: Ids) -> Principal:
    """Whom ``token`` stands for; where it can't be read, what ``ids`` say."""
    claims = read_claims(token)
    person = claims.upn or claims.preferred_username or claims.unique_name
    client = claims.appid or claims.azp or ids.client.value
    return Principal(
        name=person or claims.app_displayname or client or claims.oid or "an unnamed identity",
        client=client,
        object_id=claims.oid,
        tenant=claims.tid,
        is_user=bool(person) and claims.idtyp != "app",
    )
