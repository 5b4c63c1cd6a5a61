"""Who we are to a registry, and what it grants."""

from __future__ import annotations

import msgspec

from pipeline_kit.model.reference import Repository


class SignIn(msgspec.Struct, frozen=True, omit_defaults=True):
    """``user`` is '' for nobody; ``origin`` says where the credential comes from, never what it is. ``grants`` are the
    actions of the registry's token (pull, push, delete); ``told`` is false where it does not say.
    """

    repository: Repository
    user: str
    origin: str
    grants: tuple[str, ...] = ()
    told: bool = False
