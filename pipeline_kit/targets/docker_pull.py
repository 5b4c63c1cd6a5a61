"""A pull by digest, and what an engine's refusal of one means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline_kit.errors import Failure, alternative, quote, why
from pipeline_kit.model.digest import short
from pipeline_kit.targets.docker_engine import disk_full, words

if TYPE_CHECKING:
    from pipeline_kit.context import Activity, Context
    from pipeline_kit.model.published import Published
    from pipeline_kit.oci.credential import Credential
    from pipeline_kit.targets.docker_engine import Engine

_UNREACHABLE = (
    *("connection refused", "no such host", "no route to host", "network is unreachable", "i/o timeout"),
    *("context deadline exceeded", "tls handshake timeout", "server gave http response to https client", "x509:"),
)
_DENIED = ("unauthorized", "denied", "authentication required", "no basic auth credentials", "forbidden")
_BUSY = ("toomanyrequests", "too many requests", "503 service unavailable", "429 ")
_ABSENT = ("not found", "manifest unknown", "unknown blob", "blob unknown", "name unknown")


def pull(published: Published, engine: Engine, context: Context, activity: Activity) -> None:
    """Have the engine pull ``published`` by its digest. Failure ``deploy.unreachable`` if the registry is out of its
    reach, else one that says what the registry or the engine refused.
    """
    from docker.errors import APIError

    from pipeline_kit.oci.credentials import TARGET_SOURCES, find

    credential = find(published.repository, context, TARGET_SOURCES)
    try:
        lines = engine.api.pull(
            str(published.repository),
            tag=published.digest,
            stream=True,
            decode=True,
            auth_config=_auth(credential),
        )
        for line in lines:
            if error := line.get("error"):
                raise _refused(published, str(error))
            _show(line, activity)
    except APIError as error:
        raise _refused(published, words(error)) from error


def _auth(credential: Credential) -> dict[str, str]:
    """What the engine shows the registry. Empty rather than None: the library would look for one by itself."""
    if not credential.secret:
        return {}
    if credential.is_identity_token:
        return {"identitytoken": credential.secret, "serveraddress": credential.registry}
    return {"username": credential.username, "password": credential.secret, "serveraddress": credential.registry}


def _show(line: dict[str, Any], activity: Activity) -> None:
    progress = line.get("progressDetail") or {}
    activity.update(str(line.get("status", "")), progress.get("current") or 0, progress.get("total") or 0)


def _refused(published: Published, said: str) -> Failure:
    lower = said.lower()
    registry, evidence = published.repository.registry, quote(said)
    if full := disk_full(said):
        return full
    if any(text in lower for text in _UNREACHABLE):
        return Failure(
            "deploy.unreachable",
            f"the engine can't reach {registry}",
            why("The engine pulls from where it runs: a registry on another machine's loopback is not there."),
            alternative("Publish to a registry that the engine can reach, or deploy where the image was built."),
            evidence=evidence,
        )
    if any(text in lower for text in _BUSY):
        return Failure("deploy.throttled", f"{registry} throttles the engine", evidence=evidence)
    if any(text in lower for text in _DENIED):
        return Failure(
            "deploy.denied",
            f"{registry} does not let the engine pull",
            why("The engine was given the credentials of this run, as docker pull does."),
            alternative(f"docker login {registry}"),
            evidence=evidence,
        )
    if any(text in lower for text in _ABSENT):
        return Failure(
            "deploy.absent",
            f"{registry} does not have all of {short(published.digest)}",
            why(f"The engine was asked to pull {published.reference}."),
            evidence=evidence,
        )
    return Failure("deploy.pull", f"the engine can't pull {short(published.digest)}", evidence=evidence)
