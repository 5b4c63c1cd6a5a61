"""What Entra ID gives an identity, and what its refusals become."""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from pipeline_kit.azure.entra import access_token
from pipeline_kit.azure.hosts import cloud_of
from pipeline_kit.azure.identity import choose
from pipeline_kit.azure.ids import Id, Ids
from pipeline_kit.azure.principal import principal_of
from pipeline_kit.errors import Exit, Failure
from tests.world.azure_context import Masks, context_of
from tests.world.certificate_authority import CertificateAuthority
from tests.world.entra_double import HOST, TENANT, Application, Entra, Federated, running_entra
from tests.world.id_token_double import GITHUB, IdTokens, running_id_tokens
from tests.world.names_proxy import running_names_proxy

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CLIENT, OBJECT_ID = "1f6a2b3c-0000-4000-8000-0000000000c2", "7d20a1b2-0000-4000-8000-0000000000a9"
SUBJECT = "repo:contoso@4821/shop@90210:ref:refs/heads/main"
IDS = Ids(Id(CLIENT, "pipeline-kit.yml:4"), Id("contoso.onmicrosoft.com", "pipeline-kit.yml:5"))
VARIABLES = {"AZURE_CLIENT_ID": CLIENT, "AZURE_TENANT_ID": TENANT}


@dataclass(frozen=True, slots=True)
class World:
    entra: Entra
    job: IdTokens
    trust: Mapping[str, str]

    def token(
        self,
        environ: Mapping[str, str] | None = None,
        ids: Ids = IDS,
        *,
        ci: str = "github",
        masks: Masks | None = None,
        trust: Mapping[str, str] | None = None,
    ) -> str:
        """The token of the identity that ``environ`` gives; GitHub's, if nothing else is said."""
        given = self.job.github_variables if environ is None else environ
        context = context_of({**(self.trust if trust is None else trust), **given}, ci, masks=masks)
        cloud = cloud_of("contosoreg.azurecr.io")
        assert cloud
        identity = choose(ids, cloud, context)
        assert identity
        return access_token(identity, cloud, context)

    def refusal(
        self, environ: Mapping[str, str] | None = None, ids: Ids = IDS, trust: Mapping[str, str] | None = None
    ) -> Failure:
        with pytest.raises(Failure) as caught:
            self.token(environ, ids, trust=trust)
        return caught.value


@pytest.fixture(scope="module")
def key_and_certificate() -> tuple[bytes, x509.Certificate]:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop-ci")])
    now = datetime.now(UTC)
    unsigned = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), now - timedelta(1), now + timedelta(1)
    )
    certificate = unsigned.sign(key, hashes.SHA256())
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return plain + certificate.public_bytes(Encoding.PEM), certificate


@pytest.fixture(scope="module")
def servers(
    tmp_path_factory: pytest.TempPathFactory, key_and_certificate: tuple[bytes, x509.Certificate]
) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("entra")
    application = Application(
        CLIENT, OBJECT_ID, (Federated(GITHUB, SUBJECT),), {"right": False, "old": True}, key_and_certificate[1]
    )
    authority = CertificateAuthority.made(folder)
    with (
        running_id_tokens(GITHUB, SUBJECT) as job,
        running_entra(authority, [application], {GITHUB: job.key}) as entra,
        running_names_proxy({HOST: entra.port}) as proxy,
    ):
        yield World(entra, job, {"HTTPS_PROXY": proxy.url, "REQUESTS_CA_BUNDLE": str(authority.file)})


@pytest.fixture
def world(servers: World) -> World:
    """The servers as they were at the start."""
    servers.job.subject, servers.job.issuer, servers.job.key = SUBJECT, GITHUB, servers.entra.issuers[GITHUB]
    servers.entra.busy = 0
    servers.job.given.clear()
    servers.entra.asked.clear()
    return servers


def labelled(failure: Failure) -> dict[str, str]:
    return {note.label: note.text for note in failure.notes}


def test_githubs_token_is_exchanged_in_one_request(world: World) -> None:
    masks = Masks()
    token = world.token(masks=masks)
    assert world.entra.asked == ["POST /contoso.onmicrosoft.com/oauth2/v2.0/token 200"]
    assert masks.hidden == [*world.job.given, token]
    principal = principal_of(token, IDS)
    assert (str(principal), principal.object_id, principal.kind) == (CLIENT, OBJECT_ID, "ServicePrincipal")
    assert principal.tenant == TENANT


def test_a_secret_and_a_certificate_are_taken_too(
    world: World, tmp_path: Path, key_and_certificate: tuple[bytes, x509.Certificate]
) -> None:
    (tmp_path / "certificate.pem").write_bytes(key_and_certificate[0])
    masks = Masks()
    assert world.token({**VARIABLES, "AZURE_CLIENT_SECRET": "right"}, Ids(), masks=masks)
    assert masks.hidden[0] == "right"
    certificate = {"AZURE_CLIENT_CERTIFICATE_PATH": str(tmp_path / "certificate.pem")}
    assert world.token({**VARIABLES, **certificate}, Ids())
    assert [line.rpartition("/")[2] for line in world.entra.asked] == ["openid-configuration 200", "token 200"] * 2


def test_a_service_connection_that_can_mint_and_one_that_has_a_token(world: World) -> None:
    connected = {"servicePrincipalId": CLIENT, "tenantId": TENANT}
    assert world.token({**connected, **world.job.azure_pipelines_variables}, ci="azure_devops")
    assert world.token({**connected, "idToken": world.job.token()}, ci="azure_devops")


def test_an_unknown_subject_is_shown_with_the_command_that_makes_it_known(world: World) -> None:
    world.job.subject = "repo:contoso@4821/shop@90210:ref:refs/heads/it's $(whoami)"
    failure = world.refusal()
    assert (failure.kind, failure.exit) == ("login.federation", Exit.BROKE)
    assert failure.headline == "Entra ID does not know this token (AADSTS700213)"
    notes = labelled(failure)
    assert notes["sent"].splitlines() == [
        f"issuer   {GITHUB}",
        f"subject  {world.job.subject}",
        "audience api://AzureADTokenExchange",
    ]
    assert "client 1f6a2b3c-0000-4000-8000-0000000000c2 (pipeline-kit.yml:4), tenant contoso" in notes["for"]
    flags = shlex.split(notes["fix"].replace("\\\n", ""))
    assert flags[:4] == ["az", "identity", "federated-credential", "create"]
    assert flags[flags.index("--subject") + 1] == world.job.subject
    assert flags[flags.index("--issuer") + 1] == GITHUB
    application = shlex.split(notes["or"].partition("\n")[2].replace("\\\n", ""))
    assert json.loads(application[-1])["subject"] == world.job.subject


def test_what_entra_said_is_the_evidence_with_its_correlation_id(world: World) -> None:
    world.job.subject = "somebody else"
    evidence = world.refusal().evidence
    assert evidence[0].startswith("│ AADSTS700213: No matching federated identity record found")
    assert [line.split(":")[0] for line in evidence[1:]] == ["│ Trace ID", "│ Correlation ID", "│ Timestamp"]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"issuer": "https://gitlab.com"}, 700211, "issuer"),
        ({"subject": SUBJECT.upper()}, 7002138, "upper and lower case"),
        ({"subject": "repo:contoso@4821/shop@90210:ref:refs/tags/v1"}, 700213, "Every tag is another subject."),
    ],
)
def test_each_mismatch_says_what_does_not_match(world: World, change: dict[str, str], code: int, words: str) -> None:
    for name, value in change.items():
        setattr(world.job, name, value)
    failure = world.refusal()
    assert failure.kind == "login.federation"
    assert f"AADSTS{code}" in failure.headline
    assert words in labelled(failure)["why"]


def test_another_audience_is_told_too(world: World) -> None:
    connected = {"servicePrincipalId": CLIENT, "tenantId": TENANT, "idToken": world.job.token("api://else")}
    with pytest.raises(Failure) as caught:
        world.token(connected, ci="azure_devops")
    assert "audience" in labelled(caught.value)["why"]
    assert "audience api://else" in labelled(caught.value)["sent"]


@pytest.mark.parametrize(
    ("environ", "ids", "kind", "code"),
    [
        ({**VARIABLES, "AZURE_CLIENT_SECRET": "guessed"}, Ids(), "login.secret", "7000215"),
        ({**VARIABLES, "AZURE_CLIENT_SECRET": "old"}, Ids(), "login.secret", "7000222"),
        (
            {**VARIABLES, "AZURE_CLIENT_SECRET": "right", "AZURE_TENANT_ID": "example.org"},
            Ids(),
            "login.tenant",
            "90002",
        ),
        ({**VARIABLES, "AZURE_CLIENT_SECRET": "right", "AZURE_CLIENT_ID": OBJECT_ID}, Ids(), "login.client", "700016"),
        (None, Ids(IDS.client, Id("example.org", "here")), "login.tenant", "90002"),
        (None, Ids(Id(OBJECT_ID, "here"), IDS.tenant), "login.client", "700016"),
    ],
)
def test_each_refusal_has_an_id_of_its_own(
    world: World, environ: Mapping[str, str] | None, ids: Ids, kind: str, code: str
) -> None:
    failure = world.refusal(environ, ids)
    assert failure.kind == kind
    assert f"(AADSTS{code})" in failure.headline
    text = "\n".join([failure.headline, *failure.evidence, *labelled(failure).values()])
    assert "guessed" not in text
    assert not any(token in text for token in world.job.given)


def test_a_token_that_grew_old_in_its_variable_names_the_mapping_that_mints_new_ones(world: World) -> None:
    claims: dict[str, object] = {"iss": GITHUB, "sub": SUBJECT, "aud": "api://AzureADTokenExchange"}
    old = world.job.key.token(claims, timedelta(minutes=-1))
    with pytest.raises(Failure) as caught:
        world.token({"servicePrincipalId": CLIENT, "tenantId": TENANT, "idToken": old}, ci="azure_devops")
    assert caught.value.kind == "login.expired"
    assert "SYSTEM_ACCESSTOKEN: $(System.AccessToken)" in labelled(caught.value)["or"]


def test_any_other_refusal_keeps_entras_words(world: World) -> None:
    world.job.key = type(world.job.key).made()  # signed by somebody else
    failure = world.refusal()
    assert (failure.kind, failure.headline) == ("login.entra", "Entra ID does not sign us in (AADSTS50012)")


def test_a_busy_entra_is_asked_again_and_one_that_stays_busy_is_to_be_tried_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("azure.core.pipeline.transport._requests_basic.RequestsTransport.sleep", lambda *_: None)
    world.entra.busy = 2
    assert world.token()
    world.entra.busy = 99
    failure = world.refusal()
    assert (failure.kind, failure.exit) == ("login.unreachable", Exit.TRY_LATER)


def test_a_host_that_can_not_be_reached_is_to_be_tried_later(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("azure.core.pipeline.transport._requests_basic.RequestsTransport.sleep", lambda *_: None)
    failure = world.refusal({**world.job.github_variables, "AZURE_AUTHORITY_HOST": "https://nobody.example.com"})
    assert (failure.kind, failure.exit) == ("login.unreachable", Exit.TRY_LATER)
    assert failure.headline.startswith("nobody.example.com ")


def test_a_certificate_that_nobody_vouches_for_ends_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("azure.core.pipeline.transport._requests_basic.RequestsTransport.sleep", lambda *_: None)
    failure = world.refusal(trust={"HTTPS_PROXY": world.trust["HTTPS_PROXY"]})
    assert (failure.kind, failure.exit) == ("login.tls", Exit.BROKE)


def test_a_file_that_is_no_certificate_is_named(world: World, tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name in ("empty.pem", "missing.pem"):
        path = str(tmp_path / name)
        failure = world.refusal({**VARIABLES, "AZURE_CLIENT_CERTIFICATE_PATH": path}, Ids())
        assert (failure.kind, failure.exit) == ("login.file", Exit.USAGE)
        assert path in failure.headline


def test_the_libraries_say_nothing_by_themselves(world: World, capfd: pytest.CaptureFixture[str]) -> None:
    world.job.subject = "somebody else"
    world.refusal()
    said = [line for line in capfd.readouterr().err.splitlines() if "HTTP/1.1" not in line]
    assert said == []
