"""A registry, ready to be used by a step: its session, its credentials and what it is asked to allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.http import session
from pipeline_kit.oci.auth import Authorizer
from pipeline_kit.oci.client import Registry
from pipeline_kit.oci.patience import LONG

if TYPE_CHECKING:
    from pipeline_kit.context import Context
    from pipeline_kit.model.reference import Repository
    from pipeline_kit.oci.credential import Credential

READ = ("pull",)
WRITE = ("pull", "push")


def connect(
    repository: Repository,
    credential: Credential,
    context: Context,
    *,
    actions: tuple[str, ...] = WRITE,
    mount_from: tuple[str, ...] = (),
    connections: int = 8,
    seconds: float = LONG,
) -> Registry:
    """The registry of ``repository``. ``actions`` are what its token is asked for; ``mount_from`` names repositories of
    the same registry that blobs may be taken over from. Nothing is sent yet.
    """
    http = session(context.environ, connections=connections)
    scopes = [f"repository:{repository.path}:{','.join(actions)}", *(f"repository:{path}:pull" for path in mount_from)]
    auth = Authorizer(repository, credential, http, context.clock, tuple(scopes))
    return Registry(repository, http, auth, context.clock, seconds=seconds)
