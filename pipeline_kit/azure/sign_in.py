"""Signing in to Azure's registries: what ``Context.cloud`` is in a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline_kit.azure.hosts import National, cloud_of
from pipeline_kit.azure.ids import Id, Ids

if TYPE_CHECKING:
    from pipeline_kit.azure.acr import AcrCredential
    from pipeline_kit.context import Context
    from pipeline_kit.model.reference import Repository

# A credential that expires sooner is replaced: the step that asks for it may take a while.
_ENOUGH = 1800.0


@dataclass(slots=True)
class Azure:
    """Signs in by an identity of Entra ID, once for each registry and then again when that is about to expire.
    ``ids`` are those of the configuration.
    """

    ids: Ids = field(default_factory=Ids)
    _held: dict[tuple[str, str], AcrCredential] = field(default_factory=dict)

    def given(self, repository: Repository, context: Context) -> AcrCredential | None:
        """By the identity that the run was given, by its configuration or its CI: see ``identity.choose``."""
        cloud = cloud_of(repository.registry)
        if cloud is None:
            return None
        from pipeline_kit.azure.identity import choose

        identity = choose(self.ids, cloud, context)
        if identity is None:
            return None
        if held := self._still_held(repository, identity.origin, context):
            return held
        from pipeline_kit.azure.entra import access_token

        return self._exchanged(
            repository, access_token(identity, cloud, context), identity.ids, identity.origin, context
        )

    def at_hand(self, repository: Repository, context: Context) -> AcrCredential | None:
        """By whoever is signed in to the Azure CLI."""
        if cloud_of(repository.registry) is None:
            return None
        origin = "Azure CLI"
        if held := self._still_held(repository, origin, context):
            return held
        from pipeline_kit.azure.azure_cli import access_token
        from pipeline_kit.azure.scope import SCOPE

        token = access_token(SCOPE, self.ids.tenant, context)
        return self._exchanged(repository, token, Ids(), origin, context) if token else None

    def _exchanged(
        self, repository: Repository, token: str, ids: Ids, origin: str, context: Context
    ) -> AcrCredential:
        from pipeline_kit.azure.acr import exchange
        from pipeline_kit.azure.principal import principal_of

        credential = exchange(repository, token, principal_of(token, ids), origin, context)
        self._held[repository.registry, origin] = credential
        return credential

    def _still_held(self, repository: Repository, origin: str, context: Context) -> AcrCredential | None:
        held = self._held.get((repository.registry, origin))
        return held if held and held.expires - context.clock.now() > _ENOUGH else None
