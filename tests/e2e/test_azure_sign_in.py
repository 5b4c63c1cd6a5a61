"""From a commit to a registry of Azure without a stored secret: on GitHub, and by a service connection."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.test_azure_pipelines import PIPELINE, TOP, wheel
from tests.world.azure_cloud import CLIENT, REGISTRY, AzureCloud, running_azure
from tests.world.azure_pipelines.expansion import expand_pipeline
from tests.world.azure_pipelines.run import run_pipeline
from tests.world.entra_double import TENANT
from tests.world.id_token_double import BEARER, CONNECTION
from tests.world.repository import IDENTITY

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.world.kit import Kit

__all__ = ["wheel"]  # the neighbour's fixture

IMAGE = f"{REGISTRY}/shop/web"


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[AzureCloud]:
    with running_azure(tmp_path) as azure:
        yield azure


def test_github_publishes_with_one_sign_in(kit: Kit, azure: AzureCloud) -> None:
    ids = {"PIPELINE_KIT_AZURE_CLIENT": CLIENT, "PIPELINE_KIT_AZURE_TENANT": TENANT}
    run = kit("run", "--until", "push", PIPELINE_KIT_IMAGE=IMAGE, **azure.github, **ids)
    assert run.code == 0, run.stderr
    digest = kit.value("build")["digest"]
    assert run.result == f"{IMAGE}@{digest}"
    assert azure.acr.registry.blob(digest).is_file()
    assert len(azure.job.given) == 1
    assert azure.entra.asked == [f"POST /{TENANT}/oauth2/v2.0/token 200"]
    # One token each for login, for the look at what an earlier run published, and for push.
    assert azure.acr.asked == ["POST /oauth2/exchange 200", *["POST /oauth2/token 200"] * 3]
    assert set(azure.proxy.asked) == {"login.microsoftonline.com", REGISTRY}


def test_no_token_is_left_behind(kit: Kit, azure: AzureCloud) -> None:
    ids = {"PIPELINE_KIT_AZURE_CLIENT": CLIENT, "PIPELINE_KIT_AZURE_TENANT": TENANT}
    run = kit("run", "--until", "push", PIPELINE_KIT_IMAGE=IMAGE, **azure.github, **ids)
    assert run.code == 0, run.stderr
    hidden = {line.removeprefix("::add-mask::") for line in run.stderr.splitlines() if line.startswith("::add-mask::")}
    assert azure.job.given[0] in hidden
    for path in (kit.folder / ".pipeline-kit").rglob("*"):
        if path.is_file():
            assert not any(token in path.read_text(errors="replace") for token in hidden), path


def test_the_templates_service_connection_publishes(kit: Kit, tmp_path: Path, wheel: Path, azure: AzureCloud) -> None:
    def azure_cli(inputs: Mapping[str, Any], environ: dict[str, str]) -> str:
        """What the task does: it sets its variables, and starts the script."""
        assert (inputs["azureSubscription"], str(inputs["addSpnToEnvironment"]).lower()) == ("azure", "true")
        assert environ["SYSTEM_ACCESSTOKEN"] == BEARER
        environ.update(azure.trust, servicePrincipalId=CLIENT, tenantId=TENANT)
        environ["AZURESUBSCRIPTION_SERVICE_CONNECTION_ID"] = CONNECTION
        script: str = inputs["inlineScript"]
        return script

    run = run_pipeline(
        plan_of(kit.folder, f"package: '{wheel}', azureConnection: azure, image: {IMAGE}"),
        kit.folder,
        tmp_path / "agent",
        variables={
            "Build.Reason": "IndividualCI",
            "Build.SourceBranch": "refs/heads/main",
            "System.OidcRequestUri": azure.job.azure_pipelines_variables["SYSTEM_OIDCREQUESTURI"],
        },
        secrets={"System.AccessToken": BEARER},
        environ={**kit.environ, "PIP_CACHE_DIR": str(Path.home() / ".cache" / "pip")},
        tasks={"AzureCLI": azure_cli},
    )
    assert run.succeeded, run.text
    assert f"service connection, {REGISTRY}: may pull, push" in run.text
    assert len(azure.job.given) == 1
    assert azure.acr.asked == ["POST /oauth2/exchange 200", *["POST /oauth2/token 200"] * 3]
    assert not any(token in run.text for token in azure.job.given)


def plan_of(folder: Path, parameters: str) -> Mapping[str, Any]:
    """The pasted pipeline with these parameters, committed and expanded."""
    templates = folder / ".azure-pipelines"
    templates.mkdir()
    for name in ("azure-pipelines-template.yml", "azure-pipelines-steps.yml"):
        shutil.copy(TOP / name, templates / name)
    own = PIPELINE.partition("parameters:")[0]
    (folder / "azure-pipelines.yml").write_text(f"{own}parameters: {{ {parameters} }}\n")
    for command in (("add", "."), ("commit", "--quiet", "-m", "ci: publish"), ("tag", "--force", "v1.1.0")):
        environ = {"PATH": os.environ["PATH"], **IDENTITY}
        subprocess.run(["git", *command], cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL)
    return expand_pipeline(folder, "azure-pipelines.yml")
