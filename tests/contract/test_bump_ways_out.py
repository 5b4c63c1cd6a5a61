"""What a refused ``bump`` offers to paste works when it is pasted."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest

from tests.world.bumping import FILES, Project, at, project, tags
from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.kit import Run


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    return project(tmp_path)


@pytest.fixture
def quicker(shop: Project, tmp_path: Path) -> Project:
    """Another clone, whose commit the remote has."""
    other = shop.clone(tmp_path / "quicker")
    other.work.commit("fix: somebody was quicker")
    other.work("push", "--quiet", "origin", "main")
    return other


def pasted(shop: Project, run: Run, start: str) -> str:
    """Run the line that begins with ``start``, up to the comma or comment behind it; what was run."""
    line = next(line for line in run.stderr.splitlines() if start in line)
    command = line[line.index(start) :].partition(", ")[0].partition(" #")[0].rstrip()
    for one in command.split(" && "):
        program, *arguments = shlex.split(one)
        assert program == "git"
        shop.work(*arguments)
    return command


@pytest.mark.usefixtures("quicker")
@pytest.mark.parametrize("options", [(), FILES])
@pytest.mark.parametrize("fetched", [False, True])
def test_commits_that_were_not_pushed_are_put_on_top(shop: Project, options: tuple[str, ...], fetched: bool) -> None:
    shop.work.commit("feat: mine")
    shop.work("config", "pull.ff", "only")
    if fetched:
        shop.work("fetch", "--quiet")
    lost = shop.kit("bump", *options)
    assert lost.code == 1
    assert pasted(shop, lost, "git pull") == "git pull --rebase origin main"
    again = shop.kit("bump", *options)
    assert again.code == 0, again.stderr
    assert at(shop.work, "HEAD") == at(shop.remote, "main") == at(shop.remote, "v1.1.0^{commit}")
    assert "feat: mine\nfix: somebody was quicker" in shop.work("log", "--format=%s")


@pytest.mark.usefixtures("quicker")
@pytest.mark.parametrize("options", [(), FILES])
def test_a_release_that_was_not_pushed_is_merged(shop: Project, options: tuple[str, ...]) -> None:
    assert shop.kit("bump", *FILES, "--no-push").code == 0
    released = at(shop.work, "v1.1.0^{commit}")
    shop.work.commit("fix: mine")
    shop.work("config", "pull.ff", "only")
    lost = shop.kit("bump", *options)
    assert lost.code == 1
    assert "--rebase" not in lost.stderr
    assert pasted(shop, lost, "git pull").endswith("git push --follow-tags origin HEAD:refs/heads/main")
    assert tags(shop.remote) == ["v1.0.0", "v1.1.0"]
    assert shop.kit("bump", *options).code == 0
    assert tags(shop.remote) == ["v1.0.0", "v1.1.0", "v1.1.1"]
    assert at(shop.remote, "v1.1.0^{commit}") == released
    shop.remote("merge-base", "--is-ancestor", "v1.1.0", "main")
    assert at(shop.work, "HEAD") == at(shop.remote, "main") == at(shop.remote, "v1.1.1^{commit}")


@pytest.mark.usefixtures("quicker")
def test_what_can_t_be_told_is_said_both_ways(shop: Project) -> None:
    shop.work("update-ref", "-d", "refs/remotes/origin/main")
    lost = shop.kit("bump")
    assert "where a release stands here that was not pushed: git pull --no-rebase" in lost.stderr
    pasted(shop, lost, "git pull --rebase")
    assert shop.kit("bump").code == 0


@pytest.mark.parametrize("branch", ["main", "it's"])
def test_a_remote_is_chosen_that_was_never_fetched(shop: Project, tmp_path: Path, branch: str) -> None:
    up = Repository(shop.remote.clone(tmp_path / "up.git", "--bare").folder, new=False)
    shop.work("remote", "rename", "origin", "fork")
    shop.work("remote", "set-url", "fork", str(up.folder))
    shop.work("remote", "add", "a", str(shop.remote.folder))
    shop.work("switch", "--quiet", "--no-track", "-c", "new", "main")
    shop.work("branch", "--quiet", "-D", "main")
    shop.work("branch", "-m", branch)
    refused = shop.kit("bump")
    assert refused.code == 64, refused.stderr
    pasted(shop, refused, "git config")
    assert shop.kit("bump").code == 0


def test_a_file_that_is_not_there_is_not_to_be_added(shop: Project) -> None:
    refused = shop.kit("bump", "--file", "my VERSION")
    assert "HEAD has no file my VERSION, and there is none in the working tree" in refused.stderr
    assert "make it, with a version in it, and git add 'my VERSION' && git commit" in refused.stderr
    assert "leave it away from --file" in refused.stderr
    (shop.work.folder / "my VERSION").write_text("1.0.0\n")
    refused = shop.kit("bump", "--file", "my VERSION")
    assert "none in the working tree" not in refused.stderr
    assert "leave it away" not in refused.stderr
    assert "git add 'my VERSION' && git commit" in refused.stderr


def test_a_lock_that_was_left_behind_is_named(shop: Project) -> None:
    lock = shop.work.folder / ".git" / "index.lock"
    lock.touch()
    stuck = shop.kit("bump", *FILES)
    assert f"│ fatal: Unable to create '{lock}': File exists." in stuck.stderr
    assert f"rm {shlex.quote(str(lock))}    # if no other git is at work; then the same command again" in stuck.stderr


def test_a_maintenance_branch_that_a_later_release_was_merged_into_is_made_anew(shop: Project) -> None:
    shop.work("branch", "1.0.x", "v1.0.0")
    assert shop.kit("bump").result == "v1.1.0"
    shop.work("switch", "--quiet", "1.0.x")
    shop.work.commit("fix: mine")
    wanted = at(shop.work, "HEAD")
    shop.work("merge", "--quiet", "--no-edit", "v1.1.0")
    shop.work("push", "--quiet", "origin", "1.0.x")
    for command in ("version", "bump"):
        refused = shop.kit(command)
        assert (refused.code, "1.0.x has v1.1.0 in its history" in refused.stderr) == (2, True), refused.stderr
    pasted(shop, refused, "git branch -m")
    shop.work("cherry-pick", "--allow-empty", wanted)
    shop.work("push", "--quiet", "--force-with-lease", "origin", "1.0.x")
    assert shop.kit("bump").result == "v1.0.1"
    assert at(shop.remote, "v1.0.1^{commit}") == at(shop.remote, "1.0.x")


def test_a_candidate_s_branch_goes_on_with_candidates(shop: Project) -> None:
    assert shop.kit("bump", "--pre", "rc").result == "v1.1.0-rc.1"
    shop.work.commit("fix: more")
    refused = shop.kit("bump", "--pre", "beta")
    assert (refused.code, "bump --to 1.1.1-beta.1" in refused.stderr) == (2, True), refused.stderr
    assert "go on with rc: pipeline-kit bump --pre rc" in refused.stderr
    assert shop.kit("bump", "--pre", "rc").result == "v1.1.0-rc.2"
    shop.work.commit("docs: more")
    nothing = shop.kit("bump", "--pre", "rc")
    assert "pipeline-kit bump --pre rc --as patch" in nothing.stderr
    assert shop.kit("bump", "--pre", "rc", "--as", "patch").result == "v1.1.0-rc.3"
