"""``pipeline-kit login`` as a process, against Entra ID and a registry of Azure, on each CI and on a laptop."""

from __future__ import annotations

import json
import shutil
import stat
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from pipeline_kit.azure.acr import USERNAME
from pipeline_kit.azure.ids import Id, Ids
from pipeline_kit.azure.sign_in import Azure
from pipeline_kit.model import reference
from tests.world.azure_cloud import (
    CLIENT,
    OBJECT_ID,
    READER,
    REGISTRY,
    SECRET,
    STRANGER,
    SUBJECT,
    AzureCloud,
    running_azure,
)
from tests.world.azure_context import context_of
from tests.world.entra_double import TENANT
from tests.world.fast_clock import FastClock
from tests.world.id_token_double import GITHUB
from tests.world.kit import Kit, Run
from tests.world.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.world.docker_registry import DockerRegistry

CONFIGURATION = f"""\
version: 1
image: {REGISTRY}/shop/web
azure:
  client: {CLIENT}
  tenant: contoso.onmicrosoft.com
"""
# What `az` says if nobody is signed in, and what it answers if somebody is.
NOBODY = "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1"
EXPIRED = "echo 'ERROR: AADSTS70043: The refresh token has expired.' >&2; exit 1"
SOMEBODY = 'echo "$@" > asked; env > seen; cat token'


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AzureCloud]:
    with running_azure(tmp_path_factory.mktemp("azure")) as azure:
        yield azure


@pytest.fixture
def azure(servers: AzureCloud) -> AzureCloud:
    """The servers as they were at the start."""
    servers.job.subject = SUBJECT
    servers.acr.tokens.busy, servers.acr.tokens.blocked = 0, False
    for kept in (servers.entra.asked, servers.entra.shown, servers.acr.asked, servers.job.given, servers.proxy.asked):
        kept.clear()
    return servers


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    folder = tmp_path / "shop"
    folder.mkdir()
    repository = Repository(folder)
    (folder / "pipeline-kit.yml").write_text(CONFIGURATION)
    (folder / ".gitignore").write_text("/az\n/asked\n/seen\n/token\n")
    repository("add", ".")
    repository.commit("feat: serve a page")
    repository("tag", "--annotate", "v1.0.0", "--message", "first")
    return Kit(folder, {"NO_COLOR": "1", "DOCKER_CONFIG": str(tmp_path / "docker")})


def talk(run: Run) -> str:
    """What a person sees: the CI takes its commands out of the log."""
    return "\n".join(line for line in run.stderr.splitlines() if not line.startswith(("::", "##vso[")))


def test_a_job_on_github_signs_in_by_its_own_token(kit: Kit, azure: AzureCloud) -> None:
    run = kit("login", **azure.github)
    assert run.code == 0, run.stderr
    assert run.result == CLIENT
    assert f"GitHub OIDC, {REGISTRY}: may pull, push" in run.line("login")
    assert azure.entra.asked == ["POST /contoso.onmicrosoft.com/oauth2/v2.0/token 200"]
    assert azure.acr.asked == ["POST /oauth2/exchange 200", "POST /oauth2/token 200"]
    assert kit.value("login")["grants"] == ["pull", "push"]


def test_no_token_is_shown_and_each_is_hidden_first(kit: Kit, azure: AzureCloud) -> None:
    run = kit("login", **azure.github)
    hidden = [line.removeprefix("::add-mask::") for line in run.stderr.splitlines() if line.startswith("::add-mask::")]
    shown = azure.entra.shown[0]["client_assertion"]
    assert hidden[0] == shown
    assert len(set(hidden)) == 3  # GitHub's, Entra ID's, the registry's
    told = talk(run) + run.stdout + (kit.folder / ".pipeline-kit" / "run.json").read_text()
    assert not any(token in told for token in hidden)


def test_the_environment_wins_over_the_file(kit: Kit, azure: AzureCloud) -> None:
    run = kit("login", **azure.github, PIPELINE_KIT_AZURE_CLIENT=STRANGER, PIPELINE_KIT_AZURE_TENANT=TENANT)
    assert azure.entra.asked == [f"POST /{TENANT}/oauth2/v2.0/token 200"]
    assert run.code == 1


def test_a_federated_credential_that_is_missing(kit: Kit, azure: AzureCloud) -> None:
    azure.job.subject = "repo:contoso@4821/shop@90210:environment:production"
    run = kit("login", **azure.github)
    assert run.code == 1
    lines = talk(run).splitlines()
    assert lines[0].startswith("✗ login    failed        Entra ID does not know this token (AADSTS700213)")
    assert f"  sent   issuer   {GITHUB}" in lines
    assert f"         subject  {azure.job.subject}" in lines
    places = f"client {CLIENT} (pipeline-kit.yml:4), tenant contoso.onmicrosoft.com (pipeline-kit.yml:5)"
    assert f"  for    {places}, by GitHub OIDC" in lines
    assert "  fix    az identity federated-credential create --name production --identity-name NAME \\" in lines
    assert lines[-1] == "Nothing was built. Exit 1. More: pipeline-kit explain login.federation"


def test_a_missing_permission(kit: Kit, azure: AzureCloud) -> None:
    run = kit("login", **azure.trust, GITHUB_ACTIONS="true", GITHUB_REF="refs/heads/main")
    assert run.code == 1
    assert "      id-token: write" in talk(run)
    assert talk(run).endswith("explain login.no-id-token")
    assert not azure.proxy.asked


def test_the_pull_request_of_a_fork_goes_on_without(kit: Kit, azure: AzureCloud, tmp_path: Path) -> None:
    run = kit("login", **azure.trust, **pull_request(tmp_path, "somebody/shop"))
    assert run.code == 0, run.stderr
    assert "- login    skipped" in talk(run)
    assert "POST /oauth2/exchange" not in "".join(azure.acr.asked)


def test_a_pull_request_is_a_subject_of_its_own_and_may_lack_a_credential(
    kit: Kit, azure: AzureCloud, tmp_path: Path
) -> None:
    azure.job.subject = "repo:contoso@4821/shop@90210:pull_request"
    run = kit("login", **azure.github | pull_request(tmp_path, "contoso/shop"))
    assert run.code == 0, run.stderr
    assert "Entra ID does not know this token (AADSTS700213); a pull request publishes nothing" in run.line("login")


def pull_request(tmp_path: Path, head: str) -> dict[str, str]:
    payload = {"pull_request": {"head": {"repo": {"full_name": head}}}, "repository": {"full_name": "contoso/shop"}}
    (tmp_path / "event.json").write_text(json.dumps(payload))
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_REPOSITORY": "contoso/shop",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_BASE_REF": "main",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
    }


def test_an_identity_that_may_only_read(kit: Kit, azure: AzureCloud) -> None:
    run = kit("login", **azure.github, PIPELINE_KIT_AZURE_CLIENT=READER)
    assert run.code == 1
    text = talk(run)
    assert f"{REGISTRY} grants pull, not push, on shop/web" in text
    assert f"  as     {READER}, by GitHub OIDC" in text
    assert f"--role AcrPush --assignee-object-id {OBJECT_ID}" in text
    assert 'the same with --role "Container Registry Repository Writer"' in text
    assert text.endswith("explain registry.denied")


def test_an_identity_without_any_role(kit: Kit, azure: AzureCloud) -> None:
    run = kit("login", **azure.github, PIPELINE_KIT_AZURE_CLIENT=STRANGER)
    assert run.code == 1
    assert "│ UNAUTHORIZED: authentication required" in talk(run)
    assert f"--role AcrPush --assignee-object-id {OBJECT_ID}" in talk(run)
    assert talk(run).endswith("explain login.no-role")


def test_a_registry_that_lets_the_address_not_in(kit: Kit, azure: AzureCloud) -> None:
    azure.acr.tokens.blocked = True
    run = kit("login", **azure.github)
    assert run.code == 1
    assert "az acr network-rule add --name contosoreg --ip-address 203.0.113.7" in talk(run)


def test_a_throttled_exchange_is_asked_again(kit: Kit, azure: AzureCloud) -> None:
    azure.acr.tokens.busy = 1
    assert kit("login", **azure.github).code == 0
    assert azure.acr.asked[:2] == ["POST /oauth2/exchange 429", "POST /oauth2/exchange 200"]


def test_a_service_connection_mints_its_token(kit: Kit, azure: AzureCloud) -> None:
    run = kit("login", **connection(azure), **azure.job.azure_pipelines_variables)
    assert run.code == 0, run.stderr
    assert f"service connection, {REGISTRY}: may pull, push" in run.line("login")
    assert azure.entra.asked == [f"POST /{TENANT}/oauth2/v2.0/token 200"]
    assert len(azure.job.given) == 1


def test_a_service_connection_without_the_jobs_token_uses_the_one_that_it_has(kit: Kit, azure: AzureCloud) -> None:
    run = kit("login", **connection(azure), idToken=azure.job.token())
    assert run.code == 0, run.stderr
    assert run.result == CLIENT


def connection(azure: AzureCloud) -> dict[str, str]:
    """What AzureCLI@2 with addSpnToEnvironment sets."""
    return {
        **azure.trust,
        "TF_BUILD": "True",
        "BUILD_REASON": "Manual",
        "servicePrincipalId": CLIENT,
        "tenantId": TENANT,
    }


def test_a_secret_in_azures_own_variables(kit: Kit, azure: AzureCloud) -> None:
    variables = {"AZURE_CLIENT_ID": CLIENT, "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_SECRET": SECRET}
    run = kit("login", **azure.trust, **variables)
    assert run.code == 0, run.stderr
    assert "AZURE_CLIENT_SECRET, " in run.line("login")
    assert SECRET not in run.stderr + run.stdout


def test_a_machine_with_an_identity_is_asked_only_if_that_is_wanted(kit: Kit, azure: AzureCloud) -> None:
    def answer(request: Request) -> Response:
        known = request.headers["X-IDENTITY-HEADER"] == "machine" and request.args["client_id"] == CLIENT
        assert request.args["resource"] == "https://containerregistry.azure.net"
        token = azure.entra.token(next(one for one in azure.entra.applications if one.client == CLIENT))
        body = {"access_token": token, "expires_on": "4000000000", "resource": "x", "token_type": "Bearer"}
        return Response(json.dumps(body) if known else "{}", 200 if known else 400, content_type="application/json")

    with HTTPServer(host="127.0.0.1") as machine:
        machine.expect_request("/identity").respond_with_handler(answer)
        environ = {**azure.trust, "IDENTITY_ENDPOINT": machine.url_for("/identity"), "IDENTITY_HEADER": "machine"}
        run = kit("login", **environ, PIPELINE_KIT_AZURE_IDENTITY="managed")
        assert run.code == 0, run.stderr
        assert "managed identity, " in run.line("login")
        assert not azure.entra.asked
        assert kit("login", **environ).code == 1


def test_on_a_laptop_the_azure_cli_signs_in(kit: Kit, azure: AzureCloud) -> None:
    application = next(one for one in azure.entra.applications if one.client == CLIENT)
    (kit.folder / "token").write_text(json.dumps({"accessToken": azure.entra.token(application)}))
    run = kit("login", **azure.trust, PATH=with_az(kit, SOMEBODY), AZURE_CLIENT_ID="not for az", AZURE_CONFIG_DIR="/a")
    assert run.code == 0, run.stderr
    assert f"Azure CLI, {REGISTRY}: may pull, push" in run.line("login")
    asked = (kit.folder / "asked").read_text().split()
    assert asked[:2] == ["account", "get-access-token"]
    assert asked[asked.index("--tenant") + 1] == "contoso.onmicrosoft.com"
    seen = (kit.folder / "seen").read_text()
    assert "AZURE_CONFIG_DIR=/a" in seen
    assert "not for az" not in seen


@pytest.mark.parametrize(("ci", "way_out"), [("", "az login"), ("GITHUB_ACTIONS", "id-token: write")])
def test_with_nothing_to_sign_in_with_the_way_out_is_the_cis(
    kit: Kit, azure: AzureCloud, ci: str, way_out: str
) -> None:
    (kit.folder / "pipeline-kit.yml").write_text(f"version: 1\nimage: {REGISTRY}/shop/web\n")
    job = {ci: "true", "GITHUB_EVENT_NAME": "push"} if ci else {}
    run = kit("login", **azure.trust, PATH=with_az(kit, NOBODY), **job)
    assert run.code == 1
    assert way_out in talk(run)
    assert talk(run).endswith("explain login.no-identity")


def test_a_sign_in_to_the_azure_cli_that_grew_old(kit: Kit, azure: AzureCloud) -> None:
    run = kit("login", **azure.trust, PATH=with_az(kit, EXPIRED))
    assert run.code == 1
    assert (
        "  fix    az login --tenant contoso.onmicrosoft.com --scope https://containerregistry.azure.net/.default"
        in talk(run)
    )
    assert talk(run).endswith("explain login.azure-cli")


def test_what_az_acr_login_left_is_renewed_by_it(kit: Kit, azure: AzureCloud, tmp_path: Path) -> None:
    (tmp_path / "docker").mkdir()
    left = {"auths": {REGISTRY: {"identitytoken": "of yesterday"}}}
    (tmp_path / "docker" / "config.json").write_text(json.dumps(left))
    run = kit("login", **azure.trust, PATH=with_az(kit, NOBODY))
    assert run.code == 1
    assert "  fix    az acr login --name contosoreg" in talk(run)


def with_az(kit: Kit, script: str) -> str:
    """A PATH with a stand-in for the Azure CLI, which starts ``script``."""
    folder = kit.folder / "az"
    folder.mkdir()
    program = folder / "az"
    program.write_text(f"#!/bin/sh\ncd '{kit.folder}'\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{folder}:{kit.environment()['PATH']}"


@pytest.mark.parametrize("ci", ["github", "azure_devops"])
def test_no_program_that_is_started_sees_what_signs_in(kit: Kit, azure: AzureCloud, ci: str) -> None:
    seen = kit.folder / "seen"
    (kit.folder / "az").mkdir()
    shim = kit.folder / "az" / "git"
    shim.write_text(f'#!/bin/sh\nenv >> "{seen}"\nexec {shutil.which("git")} "$@"\n')
    shim.chmod(0o755)
    ids = {"AZURE_CLIENT_ID": CLIENT, "AZURE_TENANT_ID": TENANT, "AZURE_CLIENT_SECRET": SECRET}
    job = azure.github if ci == "github" else {**connection(azure), **azure.job.azure_pipelines_variables}
    run = kit("login", **job, **ids, PATH=f"{shim.parent}:{kit.environment()['PATH']}")
    assert run.code == 0, run.stderr
    names = {line.partition("=")[0] for line in seen.read_text().splitlines()}
    assert "PATH" in names
    assert not names & {*job, *ids} - {"HTTPS_PROXY", "SSL_CERT_FILE"}


def test_one_exchange_serves_a_run_until_it_is_about_to_expire(azure: AzureCloud) -> None:
    cloud = Azure(Ids(Id(CLIENT), Id(TENANT)))
    context = context_of({**azure.trust, **azure.job.github_variables}, "github")
    repository = reference.Repository(REGISTRY, "shop/web")
    first = cloud.given(repository, context)
    assert first
    assert cloud.given(reference.Repository(REGISTRY, "shop/api"), context) is first
    assert (first.username, first.is_identity_token) == (USERNAME, True)
    assert first.secret not in repr(first)
    later = replace(context, clock=Later(first.expires - 1799))
    assert cloud.given(repository, later) is not first
    assert azure.acr.asked == ["POST /oauth2/exchange 200"] * 2
    assert len(azure.job.given) == 2


class Later(FastClock):
    def __init__(self, time: float) -> None:
        super().__init__()
        self._time = time

    def now(self) -> float:
        return self._time


def test_other_registries_are_left_alone(kit: Kit, azure: AzureCloud, docker_registry: DockerRegistry) -> None:
    run = kit("login", "--image", f"{docker_registry.address}/shop/web", **azure.github)
    assert (run.code, run.result) == (0, "anonymous")
    assert not azure.proxy.asked
    assert not azure.job.given
