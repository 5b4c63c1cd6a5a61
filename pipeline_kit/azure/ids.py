"""The ids of an identity, and where each was written: none of them is a secret."""

from __future__ import annotations

import re

import msgspec

from pipeline_kit.errors import Failure, why

_GUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z"
_DOMAIN = r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,}\Z"


class Id(msgspec.Struct, frozen=True):
    """``origin`` is a place in the configuration or the name of a variable. Both are '' where it is not set."""

    value: str = ""
    origin: str = ""

    def __str__(self) -> str:
        return f"{self.value} ({self.origin})" if self.origin else self.value

    def __bool__(self) -> bool:
        return bool(self.value)


class Ids(msgspec.Struct, frozen=True):
    """The client id of an application or managed identity, and the id or domain of its tenant."""

    client: Id = Id()
    tenant: Id = Id()

    def __str__(self) -> str:
        return f"client {self.client}, tenant {self.tenant}"

    def checked(self, client: str = "azure.client", tenant: str = "azure.tenant") -> Ids:
        """These, if both are there and look like what they should be; else the failure ``login.ids``. ``client`` and
        ``tenant`` are what a person would set.
        """
        for name, one, other in ((client, self.client, self.tenant), (tenant, self.tenant, self.client)):
            if not one:
                raise Failure("login.ids", f"{name} is not set", why(_missing(other)))
        if not re.match(_GUID, self.client.value):
            raise Failure(
                "login.ids",
                f"{self.client.origin}: {self.client.value!r} is no client id",
                why("It has the form 00000000-0000-0000-0000-000000000000; it is not the name and not the object id."),
            )
        if not re.match(_GUID, self.tenant.value) and not re.match(_DOMAIN, self.tenant.value):
            raise Failure(
                "login.ids",
                f"{self.tenant.origin}: {self.tenant.value!r} is no tenant",
                why("A tenant is an id of the form 00000000-0000-0000-0000-000000000000, or a domain."),
            )
        return self


def _missing(other: Id) -> str:
    held = f"{other} is set, and" if other else "The other one is not set either, and"
    return f"{held} an identity is named by both."
