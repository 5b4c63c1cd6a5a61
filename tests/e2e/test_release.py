"""``run --release``: the tag first, on a real remote; a lost race is seen; a second run only completes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.kit import Kit


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


def tags(repository: Repository) -> list[str]:
    return repository("tag", "--list").split()


def test_a_release_is_tagged_pushed_and_published(kit: Kit, remote: Repository) -> None:
    run = kit("run", "--local", "--release", "--until", "push")
    assert run.code == 0, run.stderr
    assert kit.value("version")["version"] == "1.2.0"
    assert tags(remote) == ["v1.0.0", "v1.1.0", "v1.2.0"]
    assert next(tag["name"] for tag in kit.value("push")["tags"]) == "1.2.0"
    again = kit("run", "--local", "--release", "--until", "push")
    assert again.code == 0, again.stderr
    assert again.result.partition("@")[2] == run.result.partition("@")[2]
    assert tags(remote) == ["v1.0.0", "v1.1.0", "v1.2.0"]


def test_a_lost_race_is_seen_before_anything_is_built(kit: Kit, remote: Repository) -> None:
    remote("tag", "v1.2.0", "v1.0.0")
    run = kit("run", "--local", "--release")
    assert run.code == 1
    assert "origin did not take the tag v1.2.0" in run.stderr
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
    nothing = kit("run", "--local", "--release")
    assert (nothing.code, "nothing to release since 1.2.0" in nothing.stderr) == (64, True)
