"""What it means when Entra ID says no, and the way out. Its own words are the evidence; of the token that it was shown
only the claims are told.
"""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

from pipeline_kit.azure.claims import Claims, read_claims
from pipeline_kit.azure.identity import Assertion
from pipeline_kit.errors import Failure, Note, alternative, fix, quote, why

if TYPE_CHECKING:
    from pipeline_kit.azure.identity import Identity

_CODE = re.compile(r"AADSTS(\d+)")
_TRAILER = re.compile(r"\s+(?=(?:Trace ID|Correlation ID|Timestamp): )")
# One by one they say which of the three does not fit: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
_FEDERATION = "70021"
_MISMATCH = {
    "700211": "No federated credential of that client has this issuer.",
    "700212": "No federated credential of that client has this audience.",
    "7002138": "A federated credential of that client has this subject but for upper and lower case, which counts.",
}
_SECRET = {"7000215": "is not the right one", "7000222": "has expired"}
_TENANT = frozenset({"90002", "900021", "900023", "50059"})
_CLIENT = frozenset({"700016", "7000112", "7000229"})
_TIME = "700024"
# The library's own words where the tenant has no discovery document: it keeps Entra ID's to itself.
_NO_DOCUMENT, _NO_TENANT = "Unable to get authority configuration", "90002"


def refused(identity: Identity, words: str) -> Failure:
    """The failure where Entra ID gives ``identity`` no token; ``words`` are the library's, with its own in them."""
    found = _CODE.search(words)
    said = _TRAILER.sub("\n", words[found.start() :].rstrip("'\" ")) if found else words
    code = found[1] if found else _NO_TENANT if _NO_DOCUMENT in words else ""
    evidence = quote(said)
    sent = read_claims(identity.proof.sent) if isinstance(identity.proof, Assertion) else Claims()
    if code.startswith(_FEDERATION):
        return _federation(identity, sent, code, evidence)
    kind, headline, notes = _meaning(identity, code)
    shown = _sent(sent) if kind in ("login.expired", "login.entra") else ()
    return Failure(kind, headline, *shown, _for(identity), *notes, evidence=evidence)


def no_managed_identity(identity: Identity, error: Exception) -> Failure:
    """The failure where the machine vouches for nobody."""
    client = identity.ids.client
    return Failure(
        "login.managed",
        "this machine has no managed identity" + (f" {client.value}" if client else ""),
        why("PIPELINE_KIT_AZURE_IDENTITY asks for one, and only a machine of Azure's has one."),
        evidence=quote(str(error)),
    )


def unreadable_certificate(path: str, error: Exception) -> Failure:
    """The failure where the file holds no certificate with its key."""
    return Failure("login.file", f"AZURE_CLIENT_CERTIFICATE_PATH can't be read: {path}", why(str(error)))


def untrusted(host: str, words: str) -> Failure:
    """The failure where the certificate of ``host`` is signed by nobody we trust."""
    return Failure(
        "login.tls",
        f"no trusted connection to {host}",
        why("Its certificate is signed by nobody this machine trusts: a proxy that looks into the traffic, perhaps."),
        alternative("A certificate authority of your own: set REQUESTS_CA_BUNDLE to its file."),
        evidence=quote(words),
    )


def _meaning(identity: Identity, code: str) -> tuple[str, str, tuple[Note, ...]]:
    client, tenant = identity.ids.client.value, identity.ids.tenant.value
    known = f"AADSTS{code}"
    if code in _SECRET:
        reset = fix(f"az ad app credential reset --id {client} --append --years 1")
        return "login.secret", f"the secret of the identity {_SECRET[code]} ({known})", (reset, _NO_SECRET)
    if code in _TENANT:
        ask = alternative("az account show --query tenantId --output tsv, signed in where the registry is")
        return "login.tenant", f"there is no tenant {tenant} ({known})", (ask,)
    if code in _CLIENT:
        ask = alternative(f"az ad sp show --id {client} --query '[appId, displayName, accountEnabled]'")
        cause = why("It wants the client id of an application or a managed identity in just this tenant.")
        return "login.client", f"the tenant has no such client ({known})", (cause, ask)
    if code == _TIME:
        cause = why("Tokens of a CI live for minutes. This one was not minted for the moment, or a clock is wrong.")
        way = alternative("On Azure Pipelines, under env of the task: SYSTEM_ACCESSTOKEN: $(System.AccessToken)")
        return "login.expired", f"the token that we showed is out of its time ({known})", (cause, way)
    return "login.entra", f"Entra ID does not sign us in ({known if code else 'without a code'})", ()


_NO_SECRET = alternative("A federated credential needs no secret that can expire: docs/azure-sign-in.md.")


def _federation(identity: Identity, sent: Claims, code: str, evidence: tuple[str, ...]) -> Failure:
    cause = _MISMATCH.get(code, "No federated credential of that client has exactly this subject; case and ids count.")
    if ":ref:refs/tags/" in sent.sub:
        cause += "\nEvery tag is another subject. With environment: NAME in the job, all of them have one."
    return Failure(
        "login.federation",
        f"Entra ID does not know this token (AADSTS{code})",
        *_sent(sent),
        _for(identity),
        why(cause),
        fix(_for_identity(sent)),
        alternative(f"of an application instead:\n{_for_application(identity.ids.client.value, sent)}"),
        evidence=evidence,
        reproduce="pipeline-kit login   (with your own az login; the CI's token exists only there)",
    )


def _sent(claims: Claims) -> tuple[Note, ...]:
    if not claims.iss:
        return ()
    return (Note("sent", f"issuer   {claims.iss}\nsubject  {claims.sub}\naudience {claims.audience}"),)


def _for(identity: Identity) -> Note:
    return Note("for", f"{identity.ids}, by {identity.origin}")


def _for_identity(sent: Claims) -> str:
    return (
        f"az identity federated-credential create --name {_name(sent)} --identity-name NAME \\\n"
        f"  --resource-group GROUP --issuer {shlex.quote(sent.iss)} \\\n"
        f"  --subject {shlex.quote(sent.sub)} \\\n"
        f"  --audiences {shlex.quote(sent.audience)}"
    )


def _for_application(client: str, sent: Claims) -> str:
    values = {"name": _name(sent), "issuer": sent.iss, "subject": sent.sub, "audiences": [sent.audience]}
    return f"az ad app federated-credential create --id {client} \\\n  --parameters {shlex.quote(json.dumps(values))}"


def _name(sent: Claims) -> str:
    """A name that the credential may have: of three letters or more, the last part of the subject."""
    part = re.split(r"[:/]", sent.sub)[-1]
    return re.sub(r"[^A-Za-z0-9]+", "-", part).strip("-")[:60].ljust(3, "0") or "pipeline"
