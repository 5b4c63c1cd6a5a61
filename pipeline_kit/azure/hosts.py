"""Azure's registries by their names, and the national cloud that each belongs to."""

from __future__ import annotations

import msgspec


class National(msgspec.Struct, frozen=True):
    """A cloud: its registries end in ``suffix``, ``authority`` is where its tokens come from, and ``audience`` is whom
    tokens that are to be exchanged for them must be meant for.
    """

    suffix: str
    authority: str
    audience: str


# What a token is asked for that a registry takes, in every cloud.
SCOPE = "https://containerregistry.azure.net/.default"
# https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust
_NATIONAL = (
    National(".azurecr.io", "https://login.microsoftonline.com", "api://AzureADTokenExchange"),
    National(".azurecr.cn", "https://login.chinacloudapi.cn", "api://AzureADTokenExchangeChina"),
    National(".azurecr.us", "https://login.microsoftonline.us", "api://AzureADTokenExchangeUSGov"),
)


def cloud_of(registry: str) -> National | None:
    """The cloud of the registry with that host name, None where it is none of Azure's."""
    return next((cloud for cloud in _NATIONAL if registry.endswith(cloud.suffix)), None)


def resource_name(registry: str) -> str:
    """What ``az acr`` calls the registry: its host may have a hash behind the name, and the name has no dash."""
    return registry.partition(".")[0].partition("-")[0]
