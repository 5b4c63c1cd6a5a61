"""Which identity a run has, by what is set; and that it is one, and said which."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pipeline_kit.azure.hosts import cloud_of, resource_name
from pipeline_kit.azure.identity import Assertion, Certificate, Identity, Managed, Secret, choose
from pipeline_kit.azure.ids import Id, Ids
from pipeline_kit.errors import Exit, Failure
from tests.world.azure_context import Masks, context_of
from tests.world.id_token_double import AZURE_PIPELINES, CONNECTION, GITHUB, running_id_tokens

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

CLIENT, OTHER = "1f6a2b3c-0000-4000-8000-0000000000c2", "1f6a2b3c-0000-4000-8000-0000000000c9"
CONFIGURED = Ids(Id(CLIENT, "pipeline-kit.yml:4"), Id("contoso.onmicrosoft.com", "pipeline-kit.yml:5"))
VARIABLES = {"AZURE_CLIENT_ID": OTHER, "AZURE_TENANT_ID": OTHER}
CONNECTED = {"servicePrincipalId": OTHER, "tenantId": OTHER}
ASKING = {"ACTIONS_ID_TOKEN_REQUEST_URL": "http://127.0.0.1:1/", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "t"}
MINTING = {
    "SYSTEM_OIDCREQUESTURI": "http://127.0.0.1:1/",
    "SYSTEM_ACCESSTOKEN": "t",
    "AZURESUBSCRIPTION_SERVICE_CONNECTION_ID": CONNECTION,
}


def chosen(
    environ: Mapping[str, str], ci: str = "local", ids: Ids = CONFIGURED, *, fork: bool = False
) -> Identity | None:
    cloud = cloud_of("contosoreg.azurecr.io")
    assert cloud
    return choose(ids, cloud, context_of(environ, ci, fork=fork))


@pytest.mark.parametrize(
    ("ci", "environ", "origin", "client", "proof"),
    [
        ("github", ASKING, "GitHub OIDC", CLIENT, Assertion),
        ("github", {**ASKING, **VARIABLES, "AZURE_CLIENT_SECRET": "s"}, "GitHub OIDC", CLIENT, Assertion),
        ("azure_devops", {**CONNECTED, **MINTING}, "service connection", OTHER, Assertion),
        ("azure_devops", {**CONNECTED, "idToken": "t"}, "service connection", OTHER, Assertion),
        ("azure_devops", {**CONNECTED, "servicePrincipalKey": "s"}, "service connection", OTHER, Secret),
        ("gitlab", {"AZURE_FEDERATED_TOKEN_FILE": "/f"}, "AZURE_FEDERATED_TOKEN_FILE", CLIENT, Assertion),
        ("local", {**VARIABLES, "AZURE_CLIENT_SECRET": "s"}, "AZURE_CLIENT_SECRET", OTHER, Secret),
        (
            "local",
            {**VARIABLES, "AZURE_CLIENT_CERTIFICATE_PATH": "/c"},
            "AZURE_CLIENT_CERTIFICATE_PATH",
            OTHER,
            Certificate,
        ),
        ("github", {**ASKING, "PIPELINE_KIT_AZURE_IDENTITY": "managed"}, "managed identity", CLIENT, Managed),
    ],
)
def test_the_identity_follows_from_what_is_set(
    ci: str, environ: Mapping[str, str], origin: str, client: str, proof: type
) -> None:
    identity = chosen(environ, ci)
    assert identity
    assert (identity.origin, identity.ids.client.value, type(identity.proof)) == (origin, client, proof)


@pytest.mark.parametrize(
    ("ci", "environ"),
    [
        ("local", {}),
        ("local", VARIABLES),
        ("local", ASKING),
        ("gitlab", CONNECTED | {"idToken": "somebody else's variable"}),
        ("azure_devops", CONNECTED),
        ("azure_devops", {"SYSTEM_ACCESSTOKEN": "t", "SYSTEM_OIDCREQUESTURI": "http://127.0.0.1:1/"}),
    ],
)
def test_there_is_none_where_nothing_is_set_for_it(ci: str, environ: Mapping[str, str]) -> None:
    assert chosen(environ, ci) is None


def test_the_variables_of_azures_libraries_are_enough_on_github() -> None:
    identity = chosen({**VARIABLES, **ASKING}, "github", Ids())
    assert identity
    assert str(identity.ids) == f"client {OTHER} (AZURE_CLIENT_ID), tenant {OTHER} (AZURE_TENANT_ID)"
    assert chosen(VARIABLES, "github", Ids()) is None


def test_without_the_permission_the_line_to_add_is_shown() -> None:
    with pytest.raises(Failure) as caught:
        chosen({}, "github")
    assert (caught.value.kind, caught.value.exit) == ("login.no-id-token", Exit.BROKE)
    (line,) = [note.text for note in caught.value.notes if note.label == "fix"]
    assert "permissions:\n      contents: read\n      id-token: write" in line


def test_the_pull_request_of_a_fork_has_no_identity() -> None:
    assert chosen({}, "github", fork=True) is None


@pytest.mark.parametrize(
    ("client", "tenant", "headline"),
    [
        ("", "contoso.com", "azure.client is not set"),
        (CLIENT, "", "azure.tenant is not set"),
        ("shop-ci", "contoso.com", "pipeline-kit.yml:4: 'shop-ci' is no client id"),
        (CLIENT, "contoso", "pipeline-kit.yml:5: 'contoso' is no tenant"),
        (CLIENT, "contoso.com/../common", "pipeline-kit.yml:5: 'contoso.com/../common' is no tenant"),
    ],
)
def test_ids_that_can_not_be_right_are_refused_before_anybody_is_asked(client: str, tenant: str, headline: str) -> None:
    ids = Ids(Id(client, "pipeline-kit.yml:4" if client else ""), Id(tenant, "pipeline-kit.yml:5" if tenant else ""))
    with pytest.raises(Failure) as caught:
        chosen(ASKING, "github", ids)
    assert (caught.value.headline, caught.value.exit) == (headline, Exit.USAGE)


def test_half_an_identity_in_variables_names_the_variable() -> None:
    with pytest.raises(Failure) as caught:
        chosen({"AZURE_CLIENT_SECRET": "s"}, ids=Ids())
    assert caught.value.headline == "AZURE_CLIENT_ID is not set"


def test_another_word_than_managed_is_refused() -> None:
    with pytest.raises(Failure) as caught:
        chosen({"PIPELINE_KIT_AZURE_IDENTITY": "manged"})
    assert caught.value.kind == "login.ids"


@pytest.mark.parametrize("ci", ["github", "azure_devops"])
def test_each_token_of_a_ci_is_a_new_one_and_is_hidden(ci: str) -> None:
    issuer = GITHUB if ci == "github" else AZURE_PIPELINES
    with running_id_tokens(issuer, "the job") as job:
        environ = job.github_variables if ci == "github" else {**CONNECTED, **job.azure_pipelines_variables}
        masks, cloud = Masks(), cloud_of("contosoreg.azurecr.io")
        assert cloud
        identity = choose(CONFIGURED, cloud, context_of(environ, ci, masks=masks))
        assert identity
        assert isinstance(identity.proof, Assertion)
        job.busy = 2
        first, second = identity.proof(), identity.proof()
    assert [first, second] == job.given == masks.hidden
    assert identity.proof.sent == second


def test_a_ci_that_refuses_is_quoted_and_one_that_is_away_is_to_be_tried_later() -> None:
    with running_id_tokens(GITHUB, "the job") as job:
        stranger = {**job.github_variables, "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of another job"}
        with pytest.raises(Failure) as refused:
            token_of(stranger)
        job.busy = 99
        with pytest.raises(Failure) as busy:
            token_of(job.github_variables)
    with pytest.raises(Failure) as away:
        token_of(job.github_variables)
    assert refused.value.kind == "login.id-token"
    assert refused.value.evidence == ('│ {"message": "the job is not known"}',)
    assert {busy.value.kind, away.value.kind} == {"login.unreachable"}
    assert away.value.exit == Exit.TRY_LATER


def token_of(environ: Mapping[str, str]) -> str:
    identity = chosen(environ, "github")
    assert identity
    assert isinstance(identity.proof, Assertion)
    return identity.proof()


def test_a_token_file_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    identity = chosen({"AZURE_FEDERATED_TOKEN_FILE": str(file)})
    assert identity
    assert isinstance(identity.proof, Assertion)
    with pytest.raises(Failure, match="can't be read"):
        identity.proof()
    file.write_text("one\n")
    assert identity.proof() == "one"
    file.write_text("two\n")
    assert identity.proof() == "two"


@pytest.mark.parametrize(
    ("registry", "authority"),
    [
        ("contosoreg.azurecr.io", "https://login.microsoftonline.com"),
        ("contosoreg.azurecr.cn", "https://login.chinacloudapi.cn"),
        ("contosoreg.azurecr.us", "https://login.microsoftonline.us"),
        ("azurecr.io", ""),
        ("contosoreg.azurecr.io.example.com", ""),
        ("contosoregazurecr.io", ""),
        ("contosoreg.azurecr.io:8443", ""),
        ("ghcr.io", ""),
    ],
)
def test_only_azures_own_hosts_get_to_see_a_token(registry: str, authority: str) -> None:
    cloud = cloud_of(registry)
    assert (cloud.authority if cloud else "") == authority


def test_the_hash_in_a_host_name_is_no_part_of_the_registrys_name() -> None:
    assert resource_name("contosoreg-a1b2c3.azurecr.io") == resource_name("contosoreg.azurecr.io") == "contosoreg"


def test_no_secret_is_in_what_can_be_printed() -> None:
    for environ in (
        {**VARIABLES, "AZURE_CLIENT_SECRET": "hunter2"},
        {**VARIABLES, "AZURE_CLIENT_CERTIFICATE_PATH": "/c", "AZURE_CLIENT_CERTIFICATE_PASSWORD": "hunter2"},
    ):
        assert "hunter2" not in repr(chosen(environ))
