"""The role that an identity lacks on a registry, and the line that assigns it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from pipeline_kit.azure.hosts import resource_name
from pipeline_kit.errors import Failure, Note, alternative, fix, why

if TYPE_CHECKING:
    from pipeline_kit.azure.principal import Principal
    from pipeline_kit.model.reference import Repository

_WRITER = "AcrPush"
# Where permissions are per repository, the roles of the whole registry have no effect, and a token doesn't tell.
_REPOSITORY_WRITER = "Container Registry Repository Writer"


def denied(repository: Repository, principal: Principal, origin: str, grants: frozenset[str]) -> Failure:
    """The failure where the registry's token lists ``grants``, and push is not among them."""
    may = ", ".join(sorted(grants)) or "nothing"
    return Failure(
        "registry.denied",
        f"{repository.registry} grants {may}, not push, on {repository.path}",
        _who(principal, origin),
        why(f"The token that the registry issued lists {may}. A new role takes some minutes to arrive."),
        *_ways_out(repository, principal),
    )


def no_role(repository: Repository, principal: Principal, origin: str, failure: Failure) -> Failure:
    """The failure where the registry gives no token at all; ``failure`` is how it said so. A firewall's is kept."""
    if failure.kind == "registry.firewall":
        return failure
    return Failure(
        "login.no-role",
        f"{repository.registry} does not take this identity",
        _who(principal, origin),
        why(
            "Entra ID signed it in. It has no role on this registry, or the registry is in another tenant.\n"
            "A new role takes some minutes to arrive."
        ),
        *_ways_out(repository, principal),
        evidence=failure.evidence,
    )


def _who(principal: Principal, origin: str) -> Note:
    return Note("as", f"{principal}, by {origin}")


def _ways_out(repository: Repository, principal: Principal) -> tuple[Note, ...]:
    name = resource_name(repository.registry)
    assignee = shlex.quote(principal.object_id) if principal.object_id else "OBJECT_ID"
    return (
        fix(
            f"az role assignment create --role {_WRITER} --assignee-object-id {assignee} \\\n"
            f"  --assignee-principal-type {principal.kind} \\\n"
            f'  --scope "$(az acr show --name {name} --query id --output tsv)"'
        ),
        alternative(
            f'the same with --role "{_REPOSITORY_WRITER}", where the registry has permissions\n'
            f"per repository: az acr show --name {name} --query roleAssignmentMode"
        ),
    )
