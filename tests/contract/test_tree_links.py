"""A working tree full of links: what they lead to is not read into a message, not written, and no artifact."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tests.world.kit import Kit
from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

CI = {
    "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main", "GITHUB_REPOSITORY": "o/r",
}  # fmt: skip
PASSWORD = "hunter2-of-the-environment"
# What a run writes below .pipeline-kit, and what of the way there a commit could make a link.
WRITTEN = (
    *("run.json", ".gitignore", "scan.sarif", "bake", "bake/bake-file.json", "bake/bake-file-tags.json", "logs"),
    *("logs/build.log", "logs/scan.log", "logs/bug.log", "reports", "logs/deploy"),
)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    folder = tmp_path / "shop"
    folder.mkdir()
    repository = Repository(folder)
    repository.write("Dockerfile", "FROM scratch\n", "feat: first")
    repository("tag", "v1.4.2")
    return Kit(folder, {"SECRET": PASSWORD, "RUNNER_TEMP": str(tmp_path / "temp")})


def linked(kit: Kit, name: str) -> Path:
    """Make ``name`` in the tree a link to a file outside, or a folder where others go below it; returns that."""
    outside = kit.folder.parent / "outside"
    if "." in name.rpartition("/")[2][1:]:
        outside.write_text("kept")
    else:
        outside.mkdir()
    (kit.folder / name).parent.mkdir(parents=True, exist_ok=True)
    (kit.folder / name).symlink_to(outside)
    return outside


def untouched(outside: Path) -> bool:
    return outside.read_text() == "kept" if outside.is_file() else not list(outside.iterdir())


def links(folder: Path) -> list[Path]:
    return [path for path in (folder, *folder.rglob("*")) if path.is_symlink()]


@pytest.mark.parametrize("name", WRITTEN)
@pytest.mark.parametrize("command", [("tag",), ("run", "--only", "tag"), ("build",), ("bump", "--dry-run"), ("scan",)])
@pytest.mark.parametrize("ci", [{}, CI], ids=["laptop", "ci"])
def test_nothing_is_written_through_a_link(kit: Kit, name: str, command: tuple[str, ...], ci: dict[str, str]) -> None:
    outside = linked(kit, f".pipeline-kit/{name}")
    run = kit(*command, PIPELINE_KIT_IMAGE="r.example/o/r", **ci)
    assert untouched(outside), run.stderr
    assert "explain run.bug" not in run.stderr
    if ci:
        assert not links(kit.folder / ".pipeline-kit")


@pytest.mark.parametrize("command", ["version", "tag", "plan", "build", "run"])
def test_a_linked_folder_is_refused_and_no_artifact(kit: Kit, command: str) -> None:
    (kit.folder.parent / "outside").mkdir()
    (kit.folder / ".pipeline-kit").symlink_to(kit.folder.parent / "outside")
    run = kit(command, **CI)
    assert (run.code, "explain tree.link" in run.stderr) == (64, True), run.stderr
    assert not os.path.lexists(kit.folder / ".pipeline-kit")
    assert untouched(kit.folder.parent / "outside")


def test_a_linked_folder_is_refused_on_a_laptop(kit: Kit) -> None:
    outside = linked(kit, ".pipeline-kit")
    outside.joinpath("run.json").write_text("{}")
    for command in ("version", "tag", "build"):
        run = kit(command)
        assert (run.code, "explain tree.link" in run.stderr) == (64, True), run.stderr
    assert [path.name for path in outside.iterdir()] == ["run.json"]


@pytest.mark.parametrize("command", ["version", "tag", "plan", "build", "push", "deploy", "run"])
def test_a_record_that_git_tracks_is_refused(kit: Kit, command: str) -> None:
    repository = Repository(kit.folder)
    (kit.folder / ".pipeline-kit").mkdir()
    repository.write(".pipeline-kit/run.json", '{"forged": true}', "feat: forged")
    run = kit(command)
    assert (run.code, "explain tree.tracked" in run.stderr) == (64, True), run.stderr
    repository("rm", "-r", "--cached", ".pipeline-kit")
    assert "tree.tracked" not in kit("version").stderr


@pytest.mark.parametrize("target", ["/proc/self/environ", "/proc/self/cmdline", "/etc/hostname", "../outside.yml"])
@pytest.mark.parametrize("arguments", [(), ("--config", "ci/kit.yml"), ("--config", "sub/kit.yml")])
def test_a_configuration_is_not_read_through_a_link(kit: Kit, target: str, arguments: tuple[str, ...]) -> None:
    (kit.folder.parent / "outside.yml").write_text(f"{PASSWORD}: 1\n")
    (kit.folder / "ci").mkdir()
    if not arguments:
        (kit.folder / "pipeline-kit.yml").symlink_to(target)
    elif arguments[1].startswith("ci"):
        (kit.folder / "ci" / "kit.yml").symlink_to(target if target[0] == "/" else f"../{target}")
    else:
        (kit.folder.parent / "kit.yml").write_text(f"{PASSWORD}: 1\n")
        (kit.folder / "sub").symlink_to(kit.folder.parent)
    run = kit("version", *arguments)
    assert (run.code, "explain tree.link" in run.stderr) == (64, True), run.stderr
    assert PASSWORD not in run.stderr + run.stdout


def test_a_configuration_that_is_a_link_in_the_tree_is_named_itself(kit: Kit) -> None:
    (kit.folder / "shared").mkdir()
    (kit.folder / "shared" / "kit.yml").write_text("image: r.example/other/name\n")
    (kit.folder / "pipeline-kit.yml").symlink_to("shared/kit.yml")
    run = kit("tag")
    assert (run.code, "--config FILE" in run.stderr) == (64, True), run.stderr
    assert kit("tag", PIPELINE_KIT_CONFIG="shared/kit.yml").code == 0


def test_a_configuration_may_be_outside_where_the_caller_says_so(kit: Kit) -> None:
    (kit.folder.parent / "kit.yml").write_text("image: r.example/other/name\n")
    run = kit("tag", "--config", str(kit.folder.parent / "kit.yml"), "--format", "json")
    assert run.code == 0, run.stderr
    (kit.folder.parent / "link.yml").symlink_to("/proc/self/environ")
    run = kit("tag", "--config", "../link.yml")
    assert "explain tree.link" in run.stderr
    assert PASSWORD not in run.stderr


@pytest.mark.parametrize("name", [".dockerignore", "Dockerfile.dockerignore"])
def test_what_a_build_leaves_out_is_not_read_through_a_link(kit: Kit, name: str) -> None:
    (kit.folder / name).symlink_to("/proc/self/environ")
    run = kit("build", PIPELINE_KIT_BUILD_ENGINE="buildah")
    assert run.code == 64, run.stderr
    assert PASSWORD not in run.stderr


def test_a_dockerfile_outside_is_not_quoted(kit: Kit) -> None:
    (kit.folder / "Dockerfile").unlink()
    (kit.folder / "Dockerfile").symlink_to("/proc/self/environ")
    run = kit("build")
    assert (run.code, "explain config.file" in run.stderr) == (64, True), run.stderr
    assert PASSWORD not in run.stderr


def test_a_pipe_does_not_hang(kit: Kit) -> None:
    os.mkfifo(kit.folder / "pipeline-kit.yml")
    run = kit("version")
    assert (run.code, "explain tree.file" in run.stderr) == (64, True), run.stderr


def test_a_workflow_that_is_a_link_is_not_searched(kit: Kit) -> None:
    workflows = kit.folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    (kit.folder.parent / "outside.yml").write_text("uses: actions/checkout@v4\n")
    (workflows / "ci.yml").symlink_to(kit.folder.parent / "outside.yml")
    Repository(kit.folder)("commit", "--allow-empty", "--quiet", "-m", "feat: second")
    shallow = kit.folder.parent / "shallow"
    Repository(kit.folder)("clone", "--quiet", "--depth=1", kit.folder.as_uri(), str(shallow))
    (shallow / ".github" / "workflows").mkdir(parents=True)
    (shallow / ".github" / "workflows" / "ci.yml").symlink_to(kit.folder.parent / "outside.yml")
    run = Kit(shallow, kit.environ)("version", **CI)
    assert "fetch-depth: 0" in run.stderr, run.stderr
    assert "ci.yml" not in run.stderr
