"""What a registry's refusal means, in words and with the way out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, Note, alternative, fix, quote, why
from pipeline_kit.oci.wire import Answer, Lost, proxy_refuses

if TYPE_CHECKING:
    from pipeline_kit.model.reference import Repository

_ADDRESS = re.compile(r"client with IP '([0-9a-fA-F.:]{2,45})'")
_ACR = ".azurecr.io"


def refused(answer: Answer, repository: Repository, doing: str) -> Failure:
    """The failure of ``doing`` (as in "push blob 4f1c9a0b77de") that a registry answered with something else than yes,
    and that another try would not change.
    """
    if answer.status == 407:
        return proxy_refuses("407")
    kind, headline, notes = _meaning(answer, repository)
    return Failure(kind, headline, *notes, why(f"It was asked to {doing}."), evidence=quote(answer.message))


def gave_up(repository: Repository, cause: Answer | Lost, seconds: float, doing: str = "") -> Failure:
    """The failure after so many seconds of ``doing`` (as in "GET manifests/latest") again."""
    host = repository.registry
    tried = f"It was asked {doing} for {seconds:.0f} s." if doing else f"It was tried for {seconds:.0f} s."
    waited = alternative("Try again later; what was uploaded so far is not uploaded again.")
    if isinstance(cause, Lost):
        return Failure(
            "registry.down",
            f"{host} can't be reached",
            why(tried),
            waited,
            evidence=quote(str(cause)),
        )
    if cause.status == 429:
        return Failure(
            "registry.throttled",
            f"{host} asks for fewer requests",
            why(f"It still answered 429 after {seconds:.0f} s of waiting as long as it asked for."),
            waited,
            evidence=quote(cause.message),
        )
    return Failure(
        "registry.broke",
        f"{host} answers with errors of its own ({cause.status})",
        why(f"It still did after {seconds:.0f} s."),
        waited,
        evidence=quote(cause.message),
    )


def unexpected(repository: Repository, doing: str, reason: str) -> Failure:
    """The failure where an answer is none of a registry, although it says 200."""
    return Failure(
        "registry.unexpected",
        f"{repository.registry} does not answer as a registry",
        why(f"It was asked to {doing}. {reason}"),
    )


def too_slow(repository: Repository, seconds: float, doing: str) -> Failure:
    """The failure where the time of a step is over: ``doing`` is what was waited for, as in "GET manifests/latest"."""
    waiting = f"It was waited for its answer to {doing}. " if doing else ""
    return Failure(
        "registry.slow",
        f"{repository.registry} is too slow",
        why(f"{waiting}Nothing got on for {seconds:.0f} s."),
        alternative("Try again later; what was uploaded so far is not uploaded again."),
    )


def _meaning(answer: Answer, repository: Repository) -> tuple[str, str, tuple[Note, ...]]:
    host, path = repository.registry, repository.path
    words = f"{answer.message}\n{answer.body[:4096].decode('utf-8', 'replace')}".lower()
    scope = "insufficient_scope" in answer.headers.get("WWW-Authenticate", "")
    if address := _ADDRESS.search(answer.message):
        return "registry.firewall", f"{host} lets this address not in", _firewall(host, address.group(1))
    if answer.status == 507 or "quota" in words:
        return "registry.quota", f"{host} has no room left for {path}", ()
    if answer.status in (405, 409, 423) or "immutable" in words:
        return "registry.locked", f"{host} has locked what would be written in {path}", ()
    match answer.status:
        case 401 if not scope:
            return "registry.unauthorized", f"{host} does not accept who we are", ()
        case 401 | 403:
            return "registry.denied", f"{host} does not allow this on {path}", ()
        case 404:
            return "registry.missing", f"{host} has no {path}", ()
        case 413:
            return "registry.too-large", f"{host} finds it too large", ()
        case status:
            return "registry.unexpected", f"{host} answers {status}, which nobody expects here", ()


def _firewall(host: str, address: str) -> tuple[Note, ...]:
    if not host.endswith(_ACR):
        return ()
    name = host.removesuffix(_ACR)
    return (fix(f"az acr network-rule add --name {name} --ip-address {address}"),)
