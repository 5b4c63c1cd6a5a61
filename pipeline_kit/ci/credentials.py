"""The variables that are this program's own credentials, or the CI's: they are nobody else's to read."""

from __future__ import annotations

import re

# Whole families: a new member of one is most often a token too. An image that needs a value gets it by another name.
_OURS = re.compile(
    r"PIPELINE_KIT_.*|AZURE_.*|ARM_.*|ACTIONS_.*|ENDPOINT_.*|SECUREFILE_.*|SYSTEM_ACCESSTOKEN|SYSTEM_OIDC.*"
    r"|GITHUB_TOKEN|GH_TOKEN|CI_JOB_TOKEN|CI_JOB_JWT.*|CI_REGISTRY_PASSWORD|CI_DEPLOY_PASSWORD|CI_BUILD_TOKEN"
    r"|CI_DEPENDENCY_PROXY_PASSWORD|CI_REPOSITORY_URL|DOCKER_AUTH_CONFIG|IDTOKEN|SERVICEPRINCIPALKEY|VSS_NUGET_.*",
    re.IGNORECASE,
)


def is_credential(name: str) -> bool:
    """Whether the variable ``name`` may be handed on to no build and no container, whoever asks for it."""
    return bool(_OURS.fullmatch(name.strip()))
