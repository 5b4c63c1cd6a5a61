"""How a registry asks who we are: the WWW-Authenticate header (RFC 9110, 11.6.1), of which nothing is trusted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_kit.oci.origin import origin

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.model.reference import Repository

_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_PARAMETER = re.compile(rf'({_WORD})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*))')
_SCHEME = re.compile(_WORD)
_ESCAPE = re.compile(r"\\(.)")
# Token services that are known to stand on another host than their registry.
_KNOWN_REALMS = {"docker.io": "auth.docker.io"}
# Under these everybody gets a name: neighbours are strangers.
_SHARED = (
    *("azurecr.io", "azurewebsites.net", "azurecontainerapps.io", "cloudapp.azure.com", "azurecontainer.io"),
    *("amazonaws.com", "run.app", "pkg.dev", "github.io", "gitlab.io", "herokuapp.com", "jfrog.io", "ngrok.io"),
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One way to say who we are; ``scheme`` and the names of ``parameters`` are lower case."""

    scheme: str
    parameters: Mapping[str, str]


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """The challenges in ``header``. Any text is accepted; what is no challenge is left out."""
    found: list[tuple[str, dict[str, str]]] = []
    position = 0
    while position < len(header):
        parameter = _PARAMETER.match(header, position)
        scheme = _SCHEME.match(header, position)
        if parameter:
            name, quoted, plain = parameter.groups()
            if found:
                found[-1][1].setdefault(name.lower(), _ESCAPE.sub(r"\1", quoted) if quoted is not None else plain)
            position = parameter.end()
        elif scheme:
            found.append((scheme.group().lower(), {}))
            position = scheme.end()
        else:
            position += 1
    return tuple(Challenge(scheme, parameters) for scheme, parameters in found)


def realm_is_near(realm: str, repository: Repository) -> bool:
    """Whether the token service ``realm`` may see the credentials for the registry: it is on the registry's own host,
    on a neighbour under the same domain, or known to belong to it.
    """
    service, registry = origin(realm), origin(f"https://{repository.registry}")
    if service is None or registry is None:
        return False
    host, own = service.host.rstrip("."), registry.host
    is_private = service.scheme == "https" or (repository.loopback and host == own)
    return is_private and (host in (own, _KNOWN_REALMS.get(own)) or _is_neighbour(host, own))


def _is_neighbour(host: str, own: str) -> bool:
    if own.replace(".", "").isdigit() or ":" in own:
        return False  # an address has no domain
    parent = own.partition(".")[2]
    if host.endswith(f".{own}"):
        return not _is_shared(own)
    return not _is_shared(parent) and (host == parent or host.partition(".")[2] == parent)


def _is_shared(domain: str) -> bool:
    """Whether strangers can have names under ``domain``: com, co.uk, and what is known for it."""
    labels = domain.split(".")
    is_suffix = len(labels) < 2 or (len(labels) == 2 and len(labels[1]) == 2 and len(labels[0]) <= 3)
    return is_suffix or any(f".{domain}".endswith(f".{shared}") for shared in _SHARED)
