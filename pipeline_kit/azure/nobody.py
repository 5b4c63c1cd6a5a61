"""What to do where nothing was found to sign in with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.azure.hosts import resource_name
from pipeline_kit.errors import Failure, Note, alternative, fix, why

if TYPE_CHECKING:
    from pipeline_kit.context import Context
    from pipeline_kit.model.reference import Repository


def no_identity(repository: Repository, context: Context) -> Failure:
    """The failure where a registry of Azure is to be published to, and we are nobody: it has no place for that."""
    return Failure(
        "login.no-identity",
        f"there is nothing to sign in to {repository.registry} with",
        why("No identity and no credentials are set, and nobody is signed in to Docker, Podman or the Azure CLI."),
        *_ways_out(repository, context.identity.ci),
    )


def old_sign_in(registry: str) -> Note:
    """What renews the credentials that ``az acr login`` left, which are good for three hours."""
    return fix(f"az acr login --name {resource_name(registry)}")


def _ways_out(repository: Repository, ci: str) -> tuple[Note, ...]:
    if ci == "github":
        return (
            fix(
                "pipeline-kit.yml:  azure: { client: CLIENT_ID, tenant: TENANT }\n"
                "in the workflow, under the job, add\n    permissions:\n      contents: read\n      id-token: write"
            ),
            alternative("docs/azure-sign-in.md has the commands that make such a client"),
        )
    if ci == "azure_devops":
        return (
            fix("under the parameters of the template, add\n    azureConnection: NAME"),
            alternative("docs/azure-sign-in.md has the commands that make such a service connection"),
        )
    return (fix("az login"), alternative(f"az acr login --name {resource_name(repository.registry)}"))
