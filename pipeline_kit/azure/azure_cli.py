"""Who is signed in to the Azure CLI on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.errors import Failure, fix, quote, why
from pipeline_kit.process import Command

if TYPE_CHECKING:
    from pipeline_kit.azure.ids import Id
    from pipeline_kit.context import Context

_ALLOWED = ("AZURE_CONFIG_DIR", "REQUESTS_CA_BUNDLE")
_NOBODY = "az login"
_SECONDS = 60.0


class _Answer(msgspec.Struct, frozen=True, rename="camel"):
    access_token: str


def access_token(scope: str, tenant: Id, context: Context) -> str:
    """A token of Entra ID for ``scope``, hidden by the CI from now on; '' if the program is not installed or nobody is
    signed in. Failure ``login.azure-cli`` if it is somebody who must sign in again.
    """
    program = context.run.find("az")
    if program is None:
        return ""
    within = ("--tenant", tenant.value) if tenant else ()
    argv = (str(program), "account", "get-access-token", "--scope", scope, *within, "--output", "json")
    ended = context.run.run(Command(argv=argv, allow=_ALLOWED, timeout=_SECONDS))
    if ended.code != 0:
        if f"Please run '{_NOBODY}'" in ended.stderr:
            return ""
        raise _refused(scope, within, ended.stderr)
    try:
        token = msgspec.json.decode(ended.stdout, type=_Answer).access_token
    except msgspec.MsgspecError:
        raise _refused(scope, within, "Its answer holds no token.") from None
    context.mask(token)
    return token


def _refused(scope: str, within: tuple[str, ...], words: str) -> Failure:
    return Failure(
        "login.azure-cli",
        "the Azure CLI gives no token for registries",
        why("Somebody is signed in, and has to do so again: for another tenant, after a long time, or by a rule."),
        fix(" ".join([_NOBODY, *within, "--scope", scope])),
        evidence=quote(words),
    )
