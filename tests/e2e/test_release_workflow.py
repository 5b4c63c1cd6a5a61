"""The pasted release workflow, under act: one run makes the release, publishes its image, and makes the page."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.generate.action import DOWNLOAD, SCANNER, UPLOAD
from tests.e2e.test_github import ACTIONS, PAYLOAD, TOP, Hub, hub, pip_cache
from tests.world.act import run_workflow
from tests.world.repository import Repository

if TYPE_CHECKING:
    from tests.world.act import WorkflowRun

__all__ = ["hub"]  # a fixture of the workflows' own tests
WORKFLOW = (TOP / "examples" / "github" / "release.yml").read_text()

GH = """\
#!/bin/sh
echo "$@" >> '{asked}'
[ "$2" = create ] || exit 1
for last; do :; done
cp "$last" '{page}'
"""


@pytest.fixture
def remote(hub: Hub) -> Repository:
    bare = hub.folder / "remote.git"
    hub.repository("clone", "--quiet", "--bare", str(hub.repository.folder), str(bare))
    hub.repository("remote", "add", "origin", str(bare))
    return Repository(bare, new=False)


def released(hub: Hub) -> WorkflowRun:
    """A person starts the workflow. ``gh`` writes down what it is asked for, and knows of no page yet."""
    programs = hub.folder / "programs"
    programs.mkdir(exist_ok=True)
    asked, page = hub.folder / "asked", hub.folder / "page.md"
    (programs / "gh").write_text(GH.format(asked=asked, page=page))
    (programs / "gh").chmod(0o755)
    path = os.pathsep.join([str(programs), hub.kit.environ["PATH"]])
    return run_workflow(
        hub.repository.folder,
        hub.folder / "home",
        event="workflow_dispatch",
        payload=PAYLOAD,
        repositories={
            "OWNER/pipeline-kit@v0": TOP,
            UPLOAD.partition(" ")[0]: ACTIONS / "upload-artifact",
            DOWNLOAD.partition(" ")[0]: ACTIONS / "download-artifact",
            SCANNER.partition(" ")[0]: ACTIONS / "no-scanner",
        },
        environ={
            **hub.kit.environ,
            "PATH": path,
            "TEST_ARTIFACTS": str(hub.artifacts),
            "PIP_CACHE_DIR": pip_cache(),
        },
    )


def write_workflow(folder: Path) -> None:
    (folder / ".github" / "workflows").mkdir(parents=True)
    (folder / ".github" / "workflows" / "release.yml").write_text(WORKFLOW.replace("@SHA", "@v0"))


def test_where_nothing_is_to_be_released_the_pasted_workflow_ends_well(hub: Hub, remote: Repository) -> None:
    write_workflow(hub.repository.folder)
    hub.repository("add", ".")
    hub.repository.commit("ci: release by hand")
    hub.repository("push", "--quiet", "origin", "main")
    run = released(hub)
    assert run.code == 0, run.text + run.stderr
    assert "nothing to release" in run.text
    assert remote("tag", "--list").split() == ["v1.0.0", "v1.1.0"]
    assert "release" not in (hub.folder / "asked").read_text()


def test_the_pasted_workflow_makes_a_release_with_its_page(hub: Hub, remote: Repository) -> None:
    folder = hub.repository.folder
    write_workflow(folder)
    (folder / "VERSION").write_text("1.1.0\n")
    settings = folder / "pipeline-kit.yml"
    settings.write_text(settings.read_text() + "bump: { files: [VERSION], changelog: CHANGELOG.md }\n")
    hub.repository("add", ".")
    hub.repository.commit("feat: say @everyone which version it is")
    hub.repository("push", "--quiet", "origin", "main")
    run = released(hub)
    assert run.code == 0, run.text + run.stderr
    assert remote("tag", "--list").split() == ["v1.0.0", "v1.1.0", "v1.2.0"]
    commit = remote("rev-parse", "main").strip()
    assert remote("rev-parse", "v1.2.0^{commit}").strip() == commit
    assert remote("log", "-1", "--format=%an: %s", "main").strip() == "github-actions[bot]: chore(release): 1.2.0"
    assert remote("show", "main:VERSION") == "1.2.0\n"
    assert hub.record()["commit"] == commit
    pushed = next(entry["value"]["push"] for entry in hub.record()["entries"] if entry["step"] == "push")
    assert pushed["tags"][0]["name"] == "1.2.0"
    # act itself asks gh for a token first.
    assert (hub.folder / "asked").read_text().splitlines()[-2:] == [
        "release view v1.2.0",
        "release create v1.2.0 --verify-tag --title v1.2.0 --notes-file .pipeline-kit/notes.md",
    ]
    assert "### Features\n\n- say `@everyone` which version it is" in (hub.folder / "page.md").read_text()
    assert Path(folder / "VERSION").read_text() == "1.1.0\n"  # act works in a copy
