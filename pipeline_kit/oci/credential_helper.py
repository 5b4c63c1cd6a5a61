"""Programs that keep credentials: ``docker-credential-NAME get``, the registry on standard input, JSON back.

https://github.com/docker/docker-credential-helpers
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.errors import Failure, alternative, quote, why
from pipeline_kit.oci.credential import Credential
from pipeline_kit.process import Command

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.context import Context
    from pipeline_kit.model.reference import Repository

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
# The person named the helper for this very purpose, so it sees the variables that it signs in with.
_VARIABLES = re.compile(r"(AWS_|AZURE_|CLOUDSDK_|GOOGLE_|PASSWORD_STORE_|GNUPGHOME\Z|DBUS_SESSION_BUS_ADDRESS\Z)")
_SECONDS = 30.0
_TOKEN_USER = "<token>"  # noqa: S105 - the name that stands beside an identity token
_NOT_FOUND = "credentials not found"
_HUB, _HUB_SERVER = "docker.io", "https://index.docker.io/v1/"


class _Answer(msgspec.Struct, frozen=True, rename="pascal"):
    username: str
    secret: str


def ask(helper: str, repository: Repository, context: Context, config: Path) -> Credential | None:
    """What ``helper`` has for the registry. Failure ``login.helper`` if it doesn't work; ``config`` is the file that
    names it.
    """
    program = f"docker-credential-{helper}"
    if not _NAME.match(helper) or context.run.find(program) is None:
        raise Failure(
            "login.helper",
            f"the credential helper {helper!r} is not here",
            why(f"{config} names it for {repository.registry}; {program} was looked for in the folders of PATH."),
            alternative("Install it, or remove the line and sign in again."),
        )
    server = _HUB_SERVER if repository.registry == _HUB else repository.registry
    done = context.run.run(
        Command(
            argv=(program, "get"),
            stdin=server.encode(),
            allow=tuple(name for name in context.environ if _VARIABLES.match(name)),
            timeout=_SECONDS,
        )
    )
    if done.code == 0:
        return _credential(done.stdout, helper, repository)
    if _NOT_FOUND in done.text:
        return None
    raise Failure(
        "login.helper",
        f"the credential helper {helper} ended with exit code {done.code}",
        why(f"It was asked for {server}. {config} names it."),
        evidence=quote(done.output),
    )


def _credential(output: bytes, helper: str, repository: Repository) -> Credential | None:
    try:
        answer = msgspec.json.decode(output, type=_Answer)
    except (msgspec.MsgspecError, RecursionError):
        raise Failure(
            "login.helper",
            f"the credential helper {helper} gave no credential",
            why("Its answer is not the JSON expected."),
        ) from None
    if not answer.secret:
        return None
    return Credential(
        registry=repository.registry,
        username=answer.username,
        secret=answer.secret,
        origin=f"credential helper {helper}",
        is_identity_token=answer.username == _TOKEN_USER,
    )
