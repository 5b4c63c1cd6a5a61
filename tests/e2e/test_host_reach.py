"""What a repository configures reaches no further than the repository; our own credentials reach nobody."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.ci.credentials import is_credential

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.kit import Kit


def configure(kit: Kit, line: str) -> None:
    path = kit.folder / "pipeline-kit.yml"
    path.write_text(path.read_text().replace("build:\n", f"build:\n  {line}\n"))


@pytest.mark.parametrize(
    "line",
    [
        "contexts: { host: HOME }",
        "contexts: { host: ../.. }",
        "contexts: { host: 'oci-layout://HOME/layout' }",
        "contexts: { host: 'oci-layout://HOME/layout:tag@sha256:0' }",
        "contexts: { host: 'container-image://docker-archive:HOME/x' }",
        "contexts: { host: link }",
        "secrets: ['id=x,src=HOME/token']",
        "secrets: ['id=x,source=../token']",
        "secrets: ['type=file,id=x,\"src=HOME/token\"']",
        "secrets: ['id=x,src=link/token']",
        "cache-to: ['type=local,dest=HOME/cache']",
        "cache-to: ['type=local, Dest =../cache']",
        "cache-from: ['type=local,src=HOME/cache']",
        "network: host",
        "folder: ..",
        "file: ../Dockerfile",
    ],
)
@pytest.mark.parametrize("command", [("build",), ("run", "--until", "build")])
def test_the_file_reaches_no_further_than_the_repository(
    kit: Kit, tmp_path: Path, line: str, command: tuple[str, ...]
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "token").write_text("hunter2-hunter2")
    (kit.folder / "link").symlink_to(home)
    configure(kit, line.replace("HOME", str(home)))
    # The variable that names the base would win over the file's contexts.
    unset = {name: value for name, value in kit.environ.items() if name != "PIPELINE_KIT_BUILD_CONTEXTS"}
    run = replace(kit, environ=unset)(*command)
    assert run.code == 64, run.stderr
    assert "repository" in run.stderr
    assert "hunter2" not in run.stderr
    assert list(home.iterdir()) == [home / "token"]


def test_the_workflow_may_and_what_is_inside_may_too(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "token").write_text("outside")
    (kit.folder / "token").write_text("inside")
    (kit.folder / "more").mkdir()
    (kit.folder / "more" / "page").write_text("more\n")
    dockerfile = kit.folder / "Dockerfile"
    mounted = 'RUN --mount=type=secret,id=x test "$(cat /run/secrets/x)" = WHICH && echo'
    own = dockerfile.read_text()
    dockerfile.write_text(own.replace("RUN echo", mounted.replace("WHICH", "inside")))
    configure(kit, "secrets: ['id=x,src=token']")
    assert kit("build").code == 0
    dockerfile.write_text(own.replace("RUN echo", mounted.replace("WHICH", "outside")))
    by_variable = kit("build", PIPELINE_KIT_BUILD_SECRETS=f"id=x,src={tmp_path / 'token'}")
    assert by_variable.code == 0, by_variable.stderr
    by_flag = kit("build", "--secret", f"id=x,src={tmp_path / 'token'}")
    assert by_flag.code == 0, by_flag.stderr
    by_set = kit("run", "--until", "build", "--set", f"build.secrets=id=x,src={tmp_path / 'token'}")
    assert by_set.code == 0, by_set.stderr


@pytest.mark.parametrize(
    "name", ["PIPELINE_KIT_GITHUB_TOKEN", "AZURE_CLIENT_SECRET", "SYSTEM_ACCESSTOKEN", "ACTIONS_RUNTIME_TOKEN"]
)
def test_our_own_credentials_reach_no_build_and_no_container_whoever_names_them(kit: Kit, name: str) -> None:
    value = {name: "hunter2-hunter2"}
    build = kit("build", "--secret", f"id=x,env={name}", **value)
    assert (build.code, f"names {name}" in build.stderr) == (64, True), build.stderr
    local = kit("run", "--local", "--set", f"deploy.variables={name}", **value)
    assert (local.code, f"names {name}" in local.stderr) == (64, True), local.stderr
    configure(kit, f"secrets: ['id=x,env={name}']")
    build = kit("build", **value)
    assert (build.code, f"names {name}" in build.stderr) == (64, True), build.stderr


def test_a_name_is_a_credential_of_ours_in_any_case() -> None:
    ours = (
        "PIPELINE_KIT_GITHUB_TOKEN github_token ARM_CLIENT_SECRET ACTIONS_ID_TOKEN_REQUEST_TOKEN CI_JOB_TOKEN idToken"
    )
    assert all(map(is_credential, ours.split()))
    assert not any(map(is_credential, ("NPM_TOKEN", "PACKAGES_TOKEN", "MY_AZURE_THING", "", "PATH")))
