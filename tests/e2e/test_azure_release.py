"""The pasted release pipeline, expanded and run as Azure's agent does: one run makes the release, publishes its image,
and puts its notes into the wiki.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.e2e.test_azure_pipelines import TOP, Organisation, organisation, wheel
from tests.world.azure_pipelines.expansion import expand_pipeline
from tests.world.azure_pipelines.run import run_pipeline
from tests.world.git_server import GitServer
from tests.world.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.world.azure_pipelines.run import PipelineRun

__all__ = ["organisation", "wheel"]  # fixtures of the pipelines' own tests
PIPELINE = (TOP / "examples" / "azure-pipelines" / "release.yml").read_text(encoding="utf-8")
TOKEN = "token-of-the-job"
# It has no page of that name yet.
AZ = """\
#!/bin/sh
echo "$@" >> '{asked}'
[ "$4" = create ] || exit 3
for last; do :; done
cp "$last" '{page}'
"""


class Azure:
    """The repository at a server that takes the job's token alone, and the Azure CLI, which writes down its words."""

    def __init__(self, organisation: Organisation, server: GitServer) -> None:
        self.organisation = organisation
        self.server = server
        self.folder = organisation.folder
        work = organisation.repository
        work("clone", "--quiet", "--bare", str(work.folder), str(self.folder / "remote.git"))
        self.remote = Repository(self.folder / "remote.git", new=False)
        (work.folder / "azure-pipelines.yml").write_text(
            PIPELINE.replace("parameters:\n", f"parameters:\n      package: '{organisation.wheel}'\n")
        )
        (work.folder / "VERSION").write_text("1.1.0\n")
        settings = work.folder / "pipeline-kit.yml"
        settings.write_text(settings.read_text() + "bump: { files: [VERSION], changelog: CHANGELOG.md }\n")
        work("add", ".")
        work.commit("feat: say ##vso[task.complete] which version it is")
        work("push", "--quiet", str(self.remote.folder), "main")
        work("remote", "add", "origin", f"{server.url}remote.git")
        work("checkout", "--quiet", "--detach")  # as the agent checks out
        programs = self.folder / "programs"
        programs.mkdir()
        (programs / "az").write_text(AZ.format(asked=self.folder / "asked", page=self.folder / "page.md"))
        (programs / "az").chmod(0o755)
        self.path = os.pathsep.join([str(programs), organisation.kit.environ["PATH"]])

    def run(self, token: str = TOKEN) -> PipelineRun:
        """A person starts the pipeline."""
        work = self.organisation.repository.folder
        return run_pipeline(
            expand_pipeline(work, "azure-pipelines.yml"),
            work,
            self.folder / "agent",
            variables={
                "Build.Reason": "Manual",
                "Build.SourceBranch": "refs/heads/main",
                "System.CollectionUri": self.server.url,
                "System.TeamProject": "shop",
            },
            secrets={"REGISTRY_PASSWORD": "pw-123456", "System.AccessToken": token},
            environ={
                **self.organisation.kit.environ,
                "PATH": self.path,
                "PIP_CACHE_DIR": os.path.expanduser("~/.cache/pip"),  # noqa: PTH111 - a text
            },
        )


@pytest.fixture
def azure(organisation: Organisation) -> Iterator[Azure]:
    with GitServer(organisation.folder, f"bearer {TOKEN}").running() as server:
        yield Azure(organisation, server)


def test_the_pasted_pipeline_makes_a_release_with_its_page(azure: Azure) -> None:
    run = azure.run()
    assert run.succeeded, run.text
    remote = azure.remote
    assert remote("tag", "--list").split() == ["v1.0.0", "v1.1.0", "v1.2.0"]
    commit = remote("rev-parse", "main").strip()
    assert remote("rev-parse", "v1.2.0^{commit}").strip() == commit
    assert remote("log", "-1", "--format=%an: %s", "main").strip() == "An Owner: chore(release): 1.2.0"
    assert remote("show", "main:VERSION") == "1.2.0\n"
    record = azure.organisation.record()
    assert record["commit"] == commit
    pushed = next(entry["value"]["push"] for entry in record["entries"] if entry["step"] == "push")
    assert pushed["tags"][0]["name"] == "1.2.0"
    wiki = f"--organization {azure.server.url} --project shop --wiki shop.wiki --path v1.2.0"
    assert (azure.folder / "asked").read_text().splitlines() == [
        f"devops wiki page show {wiki}",
        f"devops wiki page create {wiki} --file-path .pipeline-kit/notes.md",
    ]
    assert "### Features" in (azure.folder / "page.md").read_text()
    assert TOKEN not in run.text


def test_where_nothing_is_to_be_released_the_pasted_pipeline_ends_well(azure: Azure) -> None:
    work = azure.organisation.repository
    work("commit", "--quiet", "--amend", "--message", "docs: say more")
    work("push", "--quiet", "--force", str(azure.remote.folder), "HEAD:main")
    run = azure.run()
    assert run.succeeded, run.text
    assert "nothing to release" in run.text
    assert not (azure.folder / "asked").exists()


def test_a_job_that_may_not_push_publishes_nothing(azure: Azure) -> None:
    run = azure.run(token="another")
    assert not run.succeeded
    assert "bump.push" in run.text
    assert azure.remote("tag", "--list").split() == ["v1.0.0", "v1.1.0"]
    assert not (azure.folder / "asked").exists()
