"""``bump`` where git, the remote or a branch is in a state that few repositories are in."""

from __future__ import annotations

import shlex
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.world.bumping import FILES, Project, at, project, tags

if TYPE_CHECKING:
    from pathlib import Path

    from tests.world.kit import Run

PACKAGES = """\
version: 1
image: contosoreg.azurecr.io/shop/web
packages:
  web: { path: web }
  api: { path: api }
"""


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    return project(tmp_path)


def state(shop: Project) -> str:
    """All that a refused bump leaves as it was."""
    ours = sorted(path.name for path in (shop.work.folder / ".git").glob("pipeline-kit*"))
    return f"{shop.work('for-each-ref')}{shop.remote('for-each-ref')}{shop.work('status', '--porcelain')}{ours}"


@pytest.mark.parametrize("options", [(), FILES], ids=["tag", "files"])
@pytest.mark.parametrize(
    "signing",
    ["[user]\n\tsigningKey = /nowhere.pub\n", '[user]\n\tsigningKey = /nowhere.pub\n[gpg "ssh"]\n\tprogram = false\n'],
    ids=["key", "program"],
)
def test_a_release_that_git_did_not_sign_is_not_pushed(
    shop: Project, tmp_path: Path, signing: str, options: tuple[str, ...]
) -> None:
    """Git 2.39 ends with 0 where ssh-keygen fails, and the tag has no signature."""
    (tmp_path / ".gitconfig").write_text(f"[gpg]\n\tformat = ssh\n{signing}")
    # Words of a commit are no signature.
    shop.work.commit("fix: -----BEGIN SSH SIGNATURE-----\n\n-----BEGIN SSH SIGNATURE-----")
    before = state(shop)
    refused = shop.kit("bump", *options, "--sign")
    assert (refused.code, "explain bump.sign" in refused.stderr) == (1, True), refused.stderr
    assert "could not be signed" in refused.stderr
    assert state(shop) == before


@pytest.mark.parametrize("options", [(), FILES], ids=["tag", "files"])
def test_a_key_of_ssh_signs(shop: Project, tmp_path: Path, options: tuple[str, ...]) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    key = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (tmp_path / ".gitconfig").write_text(f"[gpg]\n\tformat = ssh\n[user]\n\tsigningKey = {key}.pub\n")
    run = shop.kit("bump", *options, "--sign")
    assert run.code == 0, run.stderr
    assert "-----BEGIN SSH SIGNATURE-----" in shop.remote("cat-file", "tag", "v1.1.0")
    assert ("gpgsig -----BEGIN SSH" in shop.remote("cat-file", "commit", "v1.1.0^{commit}")) == bool(options)


def test_a_remote_that_can_not_take_two_refs_together_takes_one(shop: Project) -> None:
    shop.remote("config", "receive.advertiseAtomic", "false")
    refused = shop.kit("bump", *FILES)
    assert (refused.code, "--no-commit pushes one tag" in refused.stderr) == (64, True), refused.stderr
    shop.work.commit("fix: here")  # the branch has to go with the tag
    assert "--no-commit pushes one tag" in shop.kit("bump").stderr
    assert tags(shop.remote) == ["v1.0.0"]
    for options in (FILES, ()):
        run = shop.kit("bump", "--no-commit", *options)
        assert run.code == 0, run.stderr
        assert at(shop.remote, f"{run.result}^{{commit}}") == at(shop.work, "HEAD")
        shop.work.commit("fix: more")
    shop.work("push", "--quiet", "origin", "main")
    assert shop.kit("bump").result == "v1.1.2"
    assert tags(shop.remote) == ["v1.0.0", "v1.1.0", "v1.1.1", "v1.1.2"]


def test_several_tags_that_a_remote_can_not_take_together_go_one_by_one(shop: Project) -> None:
    shop.work.write("web/a", "a", "feat(web): a")
    shop.work.write("api/a", "a", "feat(api): a")
    shop.work.write("pipeline-kit.yml", PACKAGES, "build: packages")
    shop.work("push", "--quiet", "origin", "main")
    shop.remote("config", "receive.advertiseAtomic", "false")
    refused = shop.kit("bump", "--all-packages")
    assert refused.code == 64, refused.stderr
    assert "origin can't take several tags together" in refused.stderr
    assert "--package NAME pushes one tag" in refused.stderr
    for name in ("web", "api"):
        assert shop.kit("bump", "--package", name).result == f"{name}-v0.1.0"
    assert tags(shop.remote) == ["api-v0.1.0", "v1.0.0", "web-v0.1.0"]


def test_a_commit_in_no_branch_is_not_released(shop: Project) -> None:
    shop.work("checkout", "--quiet", "--detach")
    # The remote's branch has it.
    assert shop.kit("bump").result == "v1.1.0"
    shop.work.commit("feat: lost")
    lost = at(shop.work, "HEAD")
    before = state(shop)
    for options in ((), ("--no-push",), ("--dry-run",)):
        refused = shop.kit("bump", *options)
        assert (refused.code, "explain bump.no-branch" in refused.stderr) == (64, True), refused.stderr
        assert f"HEAD is on no branch, and no branch has {lost[:7]}" in refused.stderr
        assert f"git switch BRANCH && git merge {lost[:7]}" in refused.stderr
    assert state(shop) == before
    assert "would tag v1.2.0" in shop.kit("bump", "--no-commit", "--dry-run").line("bump")
    shop.work("branch", "kept")
    assert "would tag v1.2.0" in shop.kit("bump", "--dry-run").line("bump")
    shop.work("branch", "-D", "kept")
    shop.work("switch", "--quiet", "main")
    shop.work("merge", "--quiet", lost)
    assert shop.kit("bump").result == "v1.2.0"
    assert at(shop.remote, "main") == at(shop.remote, "v1.2.0^{commit}") == lost


def test_a_ci_releases_what_it_checked_out(shop: Project) -> None:
    shop.work("checkout", "--quiet", "--detach")
    shop.work.commit("fix: more")
    assert shop.kit("bump", CI="true").result == "v1.1.0"


def test_a_candidate_that_was_released_is_told_by_its_release(shop: Project) -> None:
    channels = "version: 1\nimage: shop\nversioning:\n  channels: { main: stable, next: rc }\n"
    shop.work.write("pipeline-kit.yml", channels, "build: channels")
    shop.work("push", "--quiet", "origin", "main")
    shop.work("switch", "--quiet", "--create", "next")
    shop.work("push", "--quiet", "--set-upstream", "origin", "next")
    assert shop.kit("bump").result == "v1.1.0-rc.1"
    assert "bump --to 1.1.0 releases it" in shop.kit("bump").line("bump")
    assert shop.kit("bump", "--to", "1.1.0").result == "v1.1.0"
    for options in ((), ("--dry-run",)):
        again = shop.kit("bump", *options)
        assert again.code == 0, again.stderr
        assert " v1.1.0 is on this commit" in again.line("bump")
        assert "releases it" not in again.stderr
    assert shop.kit("bump").result == "v1.1.0"
    # Whoever asks for the candidate gets it, without the advice to release what is released.
    asked = shop.kit("bump", "--pre", "rc")
    assert (asked.result, "releases it" in asked.stderr) == ("v1.1.0-rc.1", False)


def test_a_hotfix_stays_below_what_it_lacks(shop: Project) -> None:
    for version in ("1.4.2", "1.5.0", "2.0.0"):
        shop.work.commit("feat: more")
        assert shop.kit("bump", "--to", version).code == 0
    shop.work("switch", "--quiet", "--create", "hotfix", "v1.4.2")
    shop.work.commit("fix: here")
    assert shop.kit("bump").result == "v1.4.3"
    shop.work.commit("feat: back")
    refused = shop.kit("bump")
    assert (refused.code, "explain bump.taken" in refused.stderr) == (64, True), refused.stderr
    assert "release 1.4.4 from here: pipeline-kit bump --as patch" in refused.stderr
    assert "--to" not in refused.stderr
    assert shop.kit("bump", "--as", "patch").result == "v1.4.4"
    shop.work("switch", "--quiet", "--create", "1.4.x")
    shop.work.commit("feat: more")
    refused = shop.kit("bump")
    assert (refused.code, "bump --as patch" in refused.stderr) == (2, True), refused.stderr
    assert shop.kit("bump", "--as", "patch").result == "v1.4.5"


@pytest.mark.parametrize("fetched", ["nothing", "tags", "all"])
@pytest.mark.parametrize("first", [(), FILES], ids=["tag", "files"])
@pytest.mark.parametrize("second", [(), FILES], ids=["tag", "files"])
def test_a_clone_that_is_behind_pulls_what_has_its_version(
    shop: Project, tmp_path: Path, first: tuple[str, ...], second: tuple[str, ...], fetched: str
) -> None:
    other = shop.clone(tmp_path / "other")
    other.work.commit("feat: theirs")
    assert other.kit("bump", *first).result == "v1.1.0"
    mine = shop.work.commit("feat: mine")
    if fetched != "nothing":
        shop.work("fetch", "--quiet", "origin", *(["tag", "v1.1.0"] if fetched == "tags" else []))
    before = state(shop)
    behind = shop.kit("bump", *second)
    assert (behind.code, "explain bump.raced" in behind.stderr) == (1, True), behind.stderr
    assert "main of origin has commits that are not here" in behind.stderr
    assert "--no-commit" not in behind.stderr, "its tag is taken"
    assert state(shop) == before
    pasted(shop, behind, "git pull --rebase")
    assert shop.kit("bump", *second).result == "v1.2.0"
    assert at(shop.remote, "main") == at(shop.work, "HEAD") == at(shop.remote, "v1.2.0^{commit}") != mine
    shop.work("merge-base", "--is-ancestor", "v1.1.0", "v1.2.0")


def pasted(shop: Project, run: Run, start: str) -> None:
    """Have a shell run the line that begins with ``start``, whole."""
    line = next(line for line in run.stderr.splitlines() if start in line)
    done = subprocess.run(
        ["sh", "-ec", line[line.index(start) :]], cwd=shop.work.folder, capture_output=True, text=True
    )
    assert done.returncode == 0, (line, done.stderr)


def test_a_release_that_is_not_here_is_fetched_by_the_line_that_says_so(shop: Project, tmp_path: Path) -> None:
    other = shop.clone(tmp_path / "other")
    assert other.kit("bump", "--as", "major").result == "v2.0.0"
    pasted(shop, shop.kit("bump"), "git fetch --tags")
    assert "v2.0.0 is on this commit" in shop.kit("bump").line("bump")


def test_a_lock_is_removed_by_the_line_that_says_so(shop: Project) -> None:
    (shop.work.folder / ".git" / "index.lock").touch()
    pasted(shop, shop.kit("bump", *FILES), "rm ")
    assert shop.kit("bump", *FILES).code == 0
    assert shop.work("status", "--porcelain") == ""


def test_a_commit_made_during_the_push_is_told_how_it_gets_the_release(shop: Project) -> None:
    during = shop.remote.folder / "hooks" / "pre-receive"
    identity = "-c user.name=a -c user.email=a@example.com"
    folder = shlex.quote(str(shop.work.folder))
    commit = f"git -C {folder} {identity} commit --quiet --allow-empty -m 'fix: meanwhile'"
    during.write_text(f"#!/bin/sh\nunset GIT_QUARANTINE_PATH $(git rev-parse --local-env-vars)\n{commit}\n")
    during.chmod(0o755)
    run = shop.kit("bump", *FILES)
    assert (run.code, run.result) == (0, "v1.1.0"), run.stderr
    assert "main here moved on in the meantime and lacks the release" in run.stderr
    during.unlink()
    pasted(shop, run, "git rebase v1.1.0 main")
    assert shop.work("log", "-2", "--format=%s").splitlines() == ["fix: meanwhile", "chore(release): 1.1.0"]
    again = shop.kit("bump", *FILES)
    assert (again.result, "moved on" in again.stderr) == ("v1.1.1", False)


@pytest.mark.parametrize("options", [(), FILES], ids=["tag", "files"])
def test_the_branch_that_a_cut_off_push_moved_is_known_to_be_moved(shop: Project, options: tuple[str, ...]) -> None:
    shop.work.commit("fix: here")
    assert shop.killed("push", "after", "bump", *options) == -9
    # What a push that is cut off doesn't come to.
    shop.work("update-ref", "refs/remotes/origin/main", "HEAD~1")
    run = shop.kit("bump", *options)
    assert (run.code, run.result) == (0, "v1.1.0"), run.stderr
    assert at(shop.work, "origin/main") == at(shop.remote, "main") == at(shop.work, "HEAD")


def test_a_tag_that_is_written_in_another_way_than_the_last_is_told(shop: Project) -> None:
    shop.work("tag", "1.0.0", "v1.0.0^{}")
    shop.work("tag", "--delete", "v1.0.0")
    shop.work("push", "--quiet", "origin", "1.0.0", ":v1.0.0")
    for run in (shop.kit("bump", "--dry-run"), shop.kit("bump", "--no-push")):
        assert "! bump     v1.1.0 follows 1.0.0, which has no v: versioning.prefix: '' keeps it so" in run.stderr
    shop.work("tag", "--delete", "v1.1.0")
    (shop.work.folder / "pipeline-kit.yml").write_text("versioning: { prefix: '' }\n")
    kept = shop.kit("bump", "--no-push")
    assert (kept.result, "which has no v" in kept.stderr) == ("1.1.0", False), kept.stderr
