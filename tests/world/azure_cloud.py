"""Azure as a run needs it that signs in and publishes: Entra ID, a registry, and a CI that vouches for the job.

All of it listens on loopback, under the names that it has in the world.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.world import acr_double, entra_double
from tests.world.acr_double import running_acr
from tests.world.certificate_authority import CertificateAuthority
from tests.world.entra_double import Application, Federated, running_entra
from tests.world.id_token_double import GITHUB, running_id_tokens
from tests.world.names_proxy import running_names_proxy
from tests.world.token_service import Account

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.world.acr_double import Acr
    from tests.world.entra_double import Entra
    from tests.world.id_token_double import IdTokens
    from tests.world.names_proxy import NamesProxy

CLIENT = "1f6a2b3c-0000-4000-8000-0000000000c2"
OBJECT_ID = "7d20a1b2-0000-4000-8000-0000000000a9"
READER = "1f6a2b3c-0000-4000-8000-0000000000c3"
STRANGER = "1f6a2b3c-0000-4000-8000-0000000000c4"
SUBJECT = "repo:contoso@4821/shop@90210:ref:refs/heads/main"
REGISTRY = acr_double.HOST
_PUSH = {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}
SECRET, OLD_SECRET = "the~secret", "the~old~secret"


@dataclass(frozen=True, slots=True)
class AzureCloud:
    """``CLIENT`` may push, ``READER`` may pull, ``STRANGER`` has no role; GitHub vouches for all three. ``trust`` is an
    environment in which the world is reached and believed.
    """

    entra: Entra
    acr: Acr
    job: IdTokens
    proxy: NamesProxy
    trust: dict[str, str]

    @property
    def github(self) -> dict[str, str]:
        """The environment of a job on GitHub that may ask for a token."""
        return {**self.trust, **self.job.github_variables, "GITHUB_ACTIONS": "true", **_PUSH}


@contextmanager
def running_azure(folder: Path) -> Iterator[AzureCloud]:
    """Azure while the block lasts; ``folder`` gets its files."""
    authority = CertificateAuthority.made(folder)
    federated = (Federated(GITHUB, SUBJECT),)
    applications = (
        Application(CLIENT, OBJECT_ID, federated, {SECRET: False, OLD_SECRET: True}),
        Application(READER, OBJECT_ID, federated),
        Application(STRANGER, OBJECT_ID, federated),
    )
    everything = frozenset({"pull", "push", "metadata_read"})
    accounts = (Account(CLIENT, grants={"*": everything}), Account(READER, grants={"*": frozenset({"pull"})}))
    with (
        running_id_tokens(GITHUB, SUBJECT) as job,
        running_entra(authority, applications, {GITHUB: job.key}) as entra,
        running_acr(folder, authority, entra, accounts) as acr,
        running_names_proxy({entra_double.HOST: entra.port, acr_double.HOST: acr.port}) as proxy,
    ):
        trust = {"HTTPS_PROXY": proxy.url, "SSL_CERT_FILE": str(authority.file)}
        yield AzureCloud(entra, acr, job, proxy, trust)
