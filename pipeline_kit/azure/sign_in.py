"""Signing in to Azure's registries: what ``Context.cloud`` is in a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.azure.hosts import SCOPE, cloud_of
from pipeline_kit.azure.ids import Ids

if TYPE_CHECKING:
    from pipeline_kit.azure.acr import AcrCredential
    from pipeline_kit.context import Context
    from pipeline_kit.model.reference import Repository

# Seconds that a credential must still be good for: a step that takes one may take a while.
_ENOUGH = 1800.0


class Azure:
    """Signs in by an identity of Entra ID, once a run for each registry. ``ids`` are those of the configuration."""

    def __init__(self, ids: Ids = Ids()) -> None:  # noqa: B008 - a frozen value
        self.ids = ids
        self._held: dict[str, AcrCredential] = {}

    def given(self, repository: Repository, context: Context) -> AcrCredential | None:
        """By the identity that the run was given, by its configuration or its CI: see ``identity.choose``."""
        cloud = cloud_of(repository.registry)
        if cloud is None:
            return None
        held = self._held.get(repository.registry)
        if held and held.expires - context.clock.now() > _ENOUGH:
            return held
        from pipeline_kit.azure.identity import choose

        identity = choose(self.ids, cloud, context)
        if identity is None:
            return None
        from pipeline_kit.azure.entra import access_token

        token = access_token(identity, cloud, context)
        return self._exchanged(repository, token, identity.ids, identity.origin, context)

    def at_hand(self, repository: Repository, context: Context) -> AcrCredential | None:
        """By whoever is signed in to the Azure CLI."""
        if cloud_of(repository.registry) is None:
            return None
        from pipeline_kit.azure.azure_cli import access_token

        token = access_token(SCOPE, self.ids.tenant, context)
        return self._exchanged(repository, token, Ids(), "Azure CLI", context) if token else None

    def _exchanged(self, repository: Repository, token: str, ids: Ids, origin: str, context: Context) -> AcrCredential:
        from pipeline_kit.azure.acr import exchange
        from pipeline_kit.azure.principal import principal_of

        credential = exchange(repository, token, principal_of(token, ids), origin, context)
        self._held[repository.registry] = credential
        return credential
