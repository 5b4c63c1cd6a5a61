"""Where the credentials for a registry come from: asked one source after the other, and always said.

A source is a function of a repository and the context that gives a credential or None. Another one, such as an identity
of a cloud, takes its place in the tuple that ``find`` is given.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from pipeline_kit.context import Context
from pipeline_kit.errors import Failure, why
from pipeline_kit.model.reference import Repository
from pipeline_kit.oci.credential import Credential, anonymous
from pipeline_kit.oci.docker_config import from_docker, from_podman

Source: TypeAlias = Callable[[Repository, Context], Credential | None]

USERNAME = "PIPELINE_KIT_REGISTRY_USERNAME"
GITHUB_TOKEN = "PIPELINE_KIT_GITHUB_TOKEN"  # noqa: S105 - the name of a variable
PASSWORD = "PIPELINE_KIT_REGISTRY_PASSWORD"  # noqa: S105 - the name of a variable


def from_environment(repository: Repository, context: Context) -> Credential | None:
    """The two variables. They are meant for the registry that the run publishes to: no other one may be asked for."""
    username, password = (context.environ.get(name, "") for name in (USERNAME, PASSWORD))
    if bool(username) != bool(password):
        here, missing = (USERNAME, PASSWORD) if username else (PASSWORD, USERNAME)
        raise Failure("login.half", f"{missing} is not set", why(f"{here} is set, and needs the other one."))
    if not username:
        return None
    return Credential(registry=repository.registry, username=username, secret=password, origin=USERNAME)


def from_github(repository: Repository, context: Context) -> Credential | None:
    """The job's own token, for GitHub's registry alone; the action hands it over."""
    token = context.environ.get(GITHUB_TOKEN, "")
    if repository.registry != "ghcr.io" or not token:
        return None
    actor = context.environ.get("GITHUB_ACTOR") or "github-actions"
    return Credential(registry=repository.registry, username=actor, secret=token, origin="the job's GitHub token")


def from_identity(repository: Repository, context: Context) -> Credential | None:
    """An identity of a cloud that the run was given. If it is refused, no other source is tried in its place."""
    return context.cloud.given(repository, context)


def from_cloud_tool(repository: Repository, context: Context) -> Credential | None:
    """Who is signed in to a cloud's own tool: asked last, since nobody did that for just this registry."""
    return context.cloud.at_hand(repository, context)


# For a registry that is only read from, a base image's say.
SOURCES: tuple[Source, ...] = (from_github, from_docker, from_podman)
# For the registry that the run publishes to.
TARGET_SOURCES: tuple[Source, ...] = (from_environment, from_identity, *SOURCES, from_cloud_tool)


def find(repository: Repository, context: Context, sources: tuple[Source, ...]) -> Credential:
    """What the first of ``sources`` that has one gives; nobody if none has. The CI is told to hide the secret."""
    for source in sources:
        if credential := source(repository, context):
            context.mask(credential.secret)
            return credential
    return anonymous(repository.registry)
