"""Azure's own libraries, as they are published, take the doubles for what they stand for."""

from __future__ import annotations

import io
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from azure.containerregistry import ContainerRegistryClient
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    AzurePipelinesCredential,
    ClientAssertionCredential,
    ClientSecretCredential,
    WorkloadIdentityCredential,
)

from pipeline_kit.model.digest import digest_of
from tests.world.azure_cloud import CLIENT, OLD_SECRET, READER, REGISTRY, SECRET, AzureCloud, running_azure
from tests.world.entra_double import RESOURCE, TENANT
from tests.world.id_token_double import AUDIENCE, CONNECTION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure.core.credentials import TokenCredential

SCOPE = f"{RESOURCE}/.default"
CONFIG = b'{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[]}}'


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureCloud]:
    with running_azure(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


def through(azure: AzureCloud) -> dict[str, Any]:
    """How the libraries are told of the world's proxy and its authority."""
    return {"proxies": {"https": azure.trust["HTTPS_PROXY"]}, "connection_verify": azure.trust["SSL_CERT_FILE"]}


def github(azure: AzureCloud, client: str = CLIENT) -> ClientAssertionCredential:
    return ClientAssertionCredential(TENANT, client, lambda: azure.job.token(AUDIENCE), **through(azure))


def test_assertions_secrets_and_token_files_are_exchanged(azure: AzureCloud, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(azure.job.token())
    workload = {"tenant_id": TENANT, "client_id": CLIENT, "token_file_path": str(file)}
    credentials: list[TokenCredential] = [
        github(azure),
        ClientSecretCredential(TENANT, CLIENT, SECRET, **through(azure)),
        WorkloadIdentityCredential(**workload, **through(azure)),
    ]
    for credential in credentials:
        claims = azure.entra.key.claims(credential.get_token(SCOPE).token, RESOURCE)
        assert claims["appid"] == CLIENT
        credential.close()  # type: ignore[attr-defined]  # all of these have it


def test_a_service_connection_is_exchanged(azure: AzureCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = azure.job.azure_pipelines_variables
    monkeypatch.setenv("SYSTEM_OIDCREQUESTURI", variables["SYSTEM_OIDCREQUESTURI"])
    ids = {"tenant_id": TENANT, "client_id": CLIENT, "service_connection_id": CONNECTION}
    token = variables["SYSTEM_ACCESSTOKEN"]
    with AzurePipelinesCredential(**ids, system_access_token=token, **through(azure)) as credential:
        assert azure.entra.key.claims(credential.get_token(SCOPE).token, RESOURCE)["appid"] == CLIENT


def test_a_refusal_is_understood(azure: AzureCloud) -> None:
    expired = ClientSecretCredential(TENANT, CLIENT, OLD_SECRET, **through(azure))
    with expired, pytest.raises(ClientAuthenticationError, match="AADSTS7000222"):
        expired.get_token(SCOPE)
    stranger = ClientAssertionCredential(TENANT, CLIENT, lambda: azure.job.token("api://else"), **through(azure))
    with stranger, pytest.raises(ClientAuthenticationError, match="AADSTS700212") as caught:
        stranger.get_token(SCOPE)
    assert caught.value.response
    assert caught.value.response.json()["error_codes"] == [700212]


def test_the_registrys_library_pushes_lists_and_pulls(azure: AzureCloud) -> None:
    with github(azure) as credential, closing(client(azure, credential)) as registry:
        digest, size = registry.upload_blob("shop/sdk", io.BytesIO(CONFIG))
        assert (digest, size) == (digest_of(CONFIG), len(CONFIG))
        described = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest, "size": size}
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "config": described,
            "layers": [],
        }
        pushed = registry.set_manifest("shop/sdk", manifest, tag="1.0.0")
        assert [tag.name for tag in registry.list_tag_properties("shop/sdk")] == ["1.0.0"]
        assert registry.get_manifest("shop/sdk", "1.0.0").digest == pushed
    assert "POST /oauth2/exchange 200" in azure.acr.asked


def test_who_may_only_read_can_not_push_with_it_either(azure: AzureCloud) -> None:
    with (
        github(azure, READER) as credential,
        closing(client(azure, credential)) as registry,
        pytest.raises(ClientAuthenticationError),
    ):
        registry.upload_blob("shop/sdk", io.BytesIO(b"{}"))


def client(azure: AzureCloud, credential: TokenCredential) -> ContainerRegistryClient:
    return ContainerRegistryClient(f"https://{REGISTRY}", credential, audience=RESOURCE, **through(azure))
