"""``login``: who we are to the registry and what it grants, before anything is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, fix, why
from pipeline_kit.flow import Flow, Outcome, Skip
from pipeline_kit.model.sign_in import SignIn
from pipeline_kit.record import Values
from pipeline_kit.steps.command import step

if TYPE_CHECKING:
    from pipeline_kit.context import Context
    from pipeline_kit.model.reference import Repository
    from pipeline_kit.oci.credential import Credential

# What a pull request can do without: it publishes nothing. It is a subject of its own for Entra ID.
_NOT_NEEDED = frozenset({"registry.unauthorized", "registry.denied", "login.federation", "login.no-role"})


def login(repository: Repository, context: Context, *, push: bool) -> SignIn:
    """Who the registry takes us for. With ``push`` the failure ``registry.denied`` if its token does not grant it;
    a registry that does not say what it grants is believed until it refuses.
    """
    from pipeline_kit.azure.hosts import cloud_of
    from pipeline_kit.oci.credentials import TARGET_SOURCES, find

    credential = find(repository, context, TARGET_SOURCES)
    if push and not credential.secret and cloud_of(repository.registry):
        from pipeline_kit.azure.nobody import no_identity

        raise no_identity(repository, context)
    grants = _granted(repository, credential, context, push=push)
    if push and grants is not None and "push" not in grants:
        raise _denied(repository, credential, grants)
    return SignIn(
        repository=repository,
        user=credential.holder,
        origin=credential.origin,
        grants=tuple(sorted(grants or ())),
        told=grants is not None,
    )


def _granted(repository: Repository, credential: Credential, context: Context, *, push: bool) -> frozenset[str] | None:
    from pipeline_kit.azure.hosts import cloud_of
    from pipeline_kit.oci.connect import READ, WRITE, connect

    try:
        with context.report.activity(f"ask {repository.registry}") as activity:
            registry = connect(repository, credential, context, actions=WRITE if push else READ)
            registry.transport.tell = activity.update
            return registry.granted()
    except Failure as failure:
        was_left = credential.origin.startswith(("docker", "podman"))
        if failure.kind == "registry.unauthorized" and was_left and cloud_of(repository.registry):
            from pipeline_kit.azure.nobody import old_sign_in

            failure.extended(old_sign_in(repository.registry))
        raise


def _would(flow: Flow) -> str:
    """What a dry run says."""
    if flow.local:
        return "use a registry on this machine"
    _skip_without_need(flow)
    return f"ask {flow.repository().registry} what it grants on {flow.repository().path}"


@step(
    "login",
    examples="""\
  pipeline-kit login --image contosoreg.azurecr.io/shop/web
  PIPELINE_KIT_REGISTRY_USERNAME=ci PIPELINE_KIT_REGISTRY_PASSWORD=... pipeline-kit login""",
    would=_would,
)
def command(flow: Flow) -> Outcome:
    """Who we are to the registry, and what it grants: a missing right is known in the first second, before the build.
    Credentials come from PIPELINE_KIT_REGISTRY_USERNAME and _PASSWORD, from an identity of Entra ID for a registry of
    Azure, else from Docker's or Podman's configuration. docs/azure-sign-in.md has the whole order.
    """
    _skip_without_need(flow)
    publishes = flow.context.event.publishes
    try:
        found = login(flow.repository(), flow.context, push=publishes)
    except Failure as failure:
        if not publishes and failure.kind in _NOT_NEEDED:
            raise Skip(f"{failure.headline}; {_nothing(flow)}") from None
        raise
    may = ", ".join(found.grants) if found.told else "it does not say what it grants"
    user = found.user or "anonymous"
    origin = "" if user == found.origin else f"{found.origin}, "
    told = f"may {may}" if found.told else may
    return Outcome(
        Values(login=found),
        user[:12],
        f"{origin}{found.repository.registry}: {told}",
        user,
        {"repository": str(found.repository)},
    )


def _skip_without_need(flow: Flow) -> None:
    """Who publishes nothing needs no registry, so no name of one."""
    if flow.image is None and not flow.context.event.publishes:
        raise Skip(f"no image is configured, and {_nothing(flow)}")
    if flow.image is None and not flow.will_push:
        raise Skip("no image is configured, and nothing is to be published")


def _nothing(flow: Flow) -> str:
    return flow.context.event.withheld or "a pull request publishes nothing"


def _denied(repository: Repository, credential: Credential, grants: frozenset[str]) -> Failure:
    from pipeline_kit.azure.acr import AcrCredential

    if isinstance(credential, AcrCredential):
        from pipeline_kit.azure.roles import denied

        return denied(repository, credential.principal, credential.origin, grants)
    user, origin = credential.username, credential.origin
    may = ", ".join(sorted(grants)) or "nothing"
    hub = repository.registry == "docker.io"
    return Failure(
        "registry.denied",
        f"{repository.registry} grants {may}, not push, on {repository.path}",
        why(f"The token that the registry issued lists {may}. We are {user or 'nobody'}, by {origin}."),
        *([fix("docker login")] if hub and not user else []),
        alternative("give this user the right to push, or name another one in PIPELINE_KIT_REGISTRY_USERNAME"),
    )
