"""``run --release``: the git tag first, on a real remote; a lost race is seen; a second run only completes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.world.bumping import killed
from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.kit import Kit

RELEASE = ("run", "--local", "--release", "--until", "push")


@pytest.fixture
def remote(kit: Kit, tmp_path: Path) -> Repository:
    """The project's remote; the project has a commit that nobody has released."""
    project = Repository(kit.folder, new=False)
    bare = tmp_path / "remote.git"
    project("clone", "--quiet", "--bare", str(kit.folder), str(bare))
    project("remote", "add", "origin", str(bare))
    (kit.folder / "www" / "more").write_text("x\n")
    project("add", ".")
    project.commit("feat: more")
    project("config", "user.name", "Release")
    project("config", "user.email", "release@example.com")
    return Repository(bare, new=False)


@pytest.fixture
def versioned(kit: Kit, remote: Repository) -> Repository:
    """The project says in a file and in a changelog which version it is."""
    project = Repository(kit.folder, new=False)
    settings = kit.folder / "pipeline-kit.yml"
    settings.write_text(settings.read_text() + "bump: { files: [www/VERSION], changelog: CHANGELOG.md }\n")
    (kit.folder / "www" / "VERSION").write_text("1.1.0\n")
    project("add", ".")
    project.commit("feat: say which version it is")
    return project


def tags(repository: Repository) -> list[str]:
    return repository("tag", "--list").split()


def test_a_release_is_tagged_pushed_and_published(kit: Kit, remote: Repository) -> None:
    run = kit(*RELEASE)
    assert run.code == 0, run.stderr
    assert "pushed v1.2.0 to origin" in run.line("bump")
    assert kit.value("version")["version"] == "1.2.0"
    assert tags(remote) == ["v1.0.0", "v1.1.0", "v1.2.0"]
    assert next(tag["name"] for tag in kit.value("push")["tags"]) == "1.2.0"
    again = kit(*RELEASE)
    assert again.code == 0, again.stderr
    assert "nothing to do: v1.2.0 is on this commit, and origin has it" in again.line("bump")
    assert again.result.partition("@")[2] == run.result.partition("@")[2]
    assert tags(remote) == ["v1.0.0", "v1.1.0", "v1.2.0"]


def test_a_lost_race_is_seen_before_anything_is_built(kit: Kit, remote: Repository) -> None:
    remote("tag", "v1.2.0", "v1.0.0")
    run = kit("run", "--local", "--release")
    assert run.code == 1
    assert "origin did not take the tag v1.2.0" in run.stderr
    assert "Stopped before login" in run.stderr
    assert tags(Repository(kit.folder, new=False)) == ["v1.0.0", "v1.1.0"]
    assert not (kit.folder / ".pipeline-kit" / "logs" / "build.log").exists()


def test_changed_files_and_nothing_new_are_no_release(kit: Kit, remote: Repository) -> None:
    (kit.folder / "www" / "more").write_text("y\n")
    dirty = kit("run", "--local", "--release")
    assert (dirty.code, "1 changed file" in dirty.stderr) == (64, True)
    project = Repository(kit.folder, new=False)
    project("checkout", "--quiet", ".")
    project("tag", "v1.2.0")
    project.commit("docs: say it")
    before = tags(remote), tags(project)
    nothing = kit("run", "--local", "--release")
    assert nothing.code == 0, nothing.stderr
    assert "nothing to release since 1.2.0 (1 commit: 1 other)" in nothing.line("bump")
    # It goes on as a run without a release.
    assert kit.value("version")["version"] == "1.2.1-main.1"
    assert {tag["name"] for tag in kit.value("tag")["tags"]} == {"main", f"sha-{kit.record()['commit'][:7]}"}
    assert (tags(remote), tags(project)) == before


def test_with_version_files_the_release_s_own_commit_is_built(
    kit: Kit, versioned: Repository, remote: Repository
) -> None:
    run = kit(*RELEASE)
    assert run.code == 0, run.stderr
    commit = remote("rev-parse", "v1.2.0^{commit}").strip()
    assert remote("rev-parse", "main").strip() == commit == versioned("rev-parse", "HEAD").strip()
    assert versioned("log", "-1", "--format=%s").strip() == "chore(release): 1.2.0"
    assert (kit.folder / "www" / "VERSION").read_text() == "1.2.0\n"
    assert (kit.record()["commit"], kit.value("version")["version"]) == (commit, "1.2.0")
    assert kit.value("tag")["labels"]["org.opencontainers.image.revision"] == commit
    again = kit(*RELEASE)
    assert again.code == 0, again.stderr
    assert again.result.partition("@")[2] == run.result.partition("@")[2]
    assert remote("rev-parse", "main").strip() == commit


@pytest.mark.parametrize(("word", "when"), [("push", "before"), ("push", "after"), ("update-ref", "before")])
def test_a_run_that_is_killed_around_the_tag_is_completed(
    kit: Kit, versioned: Repository, remote: Repository, tmp_path: Path, word: str, when: str
) -> None:
    assert killed(kit, tmp_path, word, when, *RELEASE) == -9
    run = kit(*RELEASE)
    assert run.code == 0, run.stderr
    assert tags(remote) == ["v1.0.0", "v1.1.0", "v1.2.0"]
    assert remote("rev-parse", "v1.2.0^{commit}") == remote("rev-parse", "main") == versioned("rev-parse", "HEAD")
    assert next(tag["name"] for tag in kit.value("push")["tags"]) == "1.2.0"
    assert versioned("status", "--porcelain") == ""


def test_a_tag_that_is_only_here_is_pushed_first(kit: Kit, remote: Repository) -> None:
    project = Repository(kit.folder, new=False)
    project("tag", "--annotate", "v1.2.0", "--message", "by hand")
    run = kit(*RELEASE)
    assert run.code == 0, run.stderr
    assert remote("rev-parse", "v1.2.0") == project("rev-parse", "v1.2.0")
    assert next(tag["name"] for tag in kit.value("push")["tags"]) == "1.2.0"
