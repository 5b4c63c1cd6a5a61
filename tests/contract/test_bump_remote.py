"""``bump`` and the remote: which one it is, and what is known when a push is cut off."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.world.bumping import FILES, Project, at, project, tags
from tests.world.git_server import GitServer
from tests.world.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    return project(tmp_path)


@pytest.fixture
def upstream(shop: Project) -> Project:
    """The remote has another name than git's own."""
    shop.work("remote", "rename", "origin", "upstream")
    return shop


def test_the_only_remote_is_taken_whatever_its_name(upstream: Project) -> None:
    dry = upstream.kit("bump", *FILES, "--dry-run")
    assert f"push     upstream ({upstream.remote.folder}), all or none" in dry.stdout
    run = upstream.kit("bump", *FILES)
    assert "pushed v1.1.0 to upstream" in run.line("bump"), run.stderr
    assert at(upstream.remote, "main") == at(upstream.remote, "v1.1.0^{commit}") == at(upstream.work, "HEAD")
    assert "v1.1.0 is on this commit, and upstream has it" in upstream.kit("bump", *FILES).line("bump")


def test_of_several_the_branch_s_own_is_taken(upstream: Project, tmp_path: Path) -> None:
    fork = Repository(upstream.remote.clone(tmp_path / "fork.git", "--bare").folder, new=False)
    upstream.work("remote", "add", "origin", str(fork.folder))
    assert "pushed v1.1.0 to upstream" in upstream.kit("bump").line("bump")
    assert (tags(upstream.remote), tags(fork)) == (["v1.0.0", "v1.1.0"], ["v1.0.0"])
    upstream.work("config", "branch.main.remote", "origin")
    upstream.work.commit("fix: more")
    assert "pushed v1.1.1 to origin" in upstream.kit("bump").line("bump")
    assert tags(upstream.remote) == ["v1.0.0", "v1.1.0"]


@pytest.mark.parametrize("place", ["{path}", "file://{path}", "./elsewhere.git", "../elsewhere.git", "-x", "."])
def test_a_branch_sends_us_nowhere_that_is_no_remote(shop: Project, tmp_path: Path, place: str) -> None:
    """The repository's configuration is anyone's: what it may name is one of its remotes."""
    elsewhere = shop.remote.clone(tmp_path / "elsewhere.git", "--bare")
    shop.work.clone(shop.work.folder / "elsewhere.git", "--bare")
    shop.work("config", "branch.main.remote", place.format(path=elsewhere.folder))
    assert "pushed v1.1.0 to origin" in shop.kit("bump").line("bump")
    assert tags(shop.remote) == ["v1.0.0", "v1.1.0"]
    assert tags(Repository(elsewhere.folder, new=False)) == ["v1.0.0"]
    assert tags(Repository(shop.work.folder / "elsewhere.git", new=False)) == ["v1.0.0"]


def test_a_branch_that_follows_one_of_another_name_is_not_published_by_a_release(shop: Project) -> None:
    shop.work("switch", "--quiet", "--create", "fix/a", "--track", "origin/main")
    shop.work.commit("fix: here")
    for options in ((), FILES, ("--dry-run",)):
        refused = shop.kit("bump", *options)
        assert (refused.code, "explain bump.upstream" in refused.stderr) == (64, True), refused.stderr
        assert "fix/a follows main of origin" in refused.stderr
    assert tags(shop.work) == tags(shop.remote) == ["v1.0.0"]
    assert shop.kit("bump", "--no-commit").code == 0
    shop.work.commit("fix: more")
    shop.work("branch", "--unset-upstream")
    assert shop.kit("bump").code == 0
    assert at(shop.remote, "fix/a") == at(shop.work, "HEAD")
    shop.work("branch", "--quiet", "--set-upstream-to=main")  # of this clone itself: that is no remote's
    shop.work.commit("fix: again")
    assert shop.kit("bump").code == 0
    assert at(shop.remote, "fix/a") == at(shop.work, "HEAD")


def test_messages_name_the_remote(upstream: Project, tmp_path: Path) -> None:
    other = upstream.clone(tmp_path / "other")
    other.work.commit("fix: first")
    other.work("push", "--quiet", "origin", "main")
    lost = upstream.kit("bump", *FILES)
    assert "git pull --ff-only upstream main" in lost.stderr
    behind = upstream.kit("bump")
    assert "main of upstream has commits that are not here" in behind.stderr
    upstream.work("fetch", "--quiet", "upstream")
    assert "main of upstream has commits" in upstream.kit("bump", "--dry-run").stderr
    upstream.remote("tag", "v9.0.0", "main")
    assert "git fetch --tags upstream" in upstream.kit("bump", *FILES).stderr
    upstream.work("remote", "set-url", "upstream", "/nowhere")
    assert "upstream could not be reached" in upstream.kit("bump", *FILES).stderr


def test_a_shallow_clone_is_completed_from_it(shop: Project, tmp_path: Path) -> None:
    clone = shop.remote.clone(tmp_path / "shallow", "--depth=1", "--origin=upstream")
    clone.git.unshallow()
    state = clone.git.state()
    assert (state.latest and state.latest.name, state.remote) == ("v1.0.0", shop.remote.folder.as_uri())


@pytest.fixture
def served(shop: Project) -> Iterator[Project]:
    """The remote is a server: it goes on with what it has whatever becomes of us."""
    with GitServer(shop.remote.folder.parent).running() as server:
        shop.work("remote", "set-url", "origin", f"{server.url}remote.git")
        yield shop


def slow(shop: Project, name: str, seconds: float, *, then: int = 0) -> Path:
    """Have the remote take its time once; the file is there from when it began."""
    began = shop.remote.folder.parent / "began"
    path = shop.remote.folder / "hooks" / name
    path.write_text(f"#!/bin/sh\n[ -e '{began}' ] || {{ : > '{began}'; sleep {seconds}; exit {then}; }}\n")
    path.chmod(0o755)
    return began


def interrupted(shop: Project, began: Path, number: int, *arguments: str) -> tuple[int, str]:
    """Run it, and interrupt it once the remote is at it; exit code and what was said."""
    with shop.kit.start("bump", *arguments) as running:
        deadline = time.monotonic() + 30
        while not began.exists():
            assert time.monotonic() < deadline, "the remote was never asked to take it"
            time.sleep(0.02)
        running.send_signal(number)
        started = time.monotonic()
        _, said = running.communicate(timeout=30)
    assert time.monotonic() - started < 5, "it waited for the remote"
    return running.returncode, said


INT, TERM = (signal.SIGINT, 130, "run.interrupted"), (signal.SIGTERM, 143, "run.terminated")


@pytest.mark.parametrize(("options", "ends"), [(FILES, INT), ((), INT), (FILES, TERM)])
def test_a_push_that_is_interrupted_says_what_is_known_and_is_completed(
    served: Project, options: tuple[str, ...], ends: tuple[int, int, str]
) -> None:
    shop, hook = served, "pre-receive"
    number, code, kind = ends
    began = slow(shop, hook, 1)
    before = shop.work("for-each-ref")
    ended, said = interrupted(shop, began, number, *options)
    assert ended == code, said
    assert "stopped while the release was pushed; origin may take it all the same" in said
    assert "run the same command again: it looks first" in said
    assert said.rstrip().endswith(f"Exit {code}. More: pipeline-kit explain {kind}")
    assert "nothing is half-published" not in said
    assert shop.work("for-each-ref") == before, "nothing is changed here"
    deadline = time.monotonic() + 30
    while tags(shop.remote) == ["v1.0.0"]:
        assert time.monotonic() < deadline, "this remote goes on with what it has"
        time.sleep(0.05)
    again = shop.kit("bump", *options)
    assert (again.code, again.result) == (0, "v1.1.0"), again.stderr
    assert tags(shop.remote) == tags(shop.work) == ["v1.0.0", "v1.1.0"]
    assert at(shop.remote, "main") == at(shop.work, "HEAD") == at(shop.remote, "v1.1.0^{commit}")
    assert at(shop.remote, "v1.1.0") == at(shop.work, "v1.1.0")
    assert shop.work("status", "--porcelain") == ""
    assert "nothing to do" in shop.kit("bump", *options).line("bump")


def test_a_push_that_was_interrupted_and_refused_is_made_anew(served: Project) -> None:
    shop = served
    began = slow(shop, "pre-receive", 1.0, then=1)
    assert interrupted(shop, began, signal.SIGINT, *FILES)[0] == 130
    time.sleep(2)
    assert tags(shop.remote) == ["v1.0.0"]
    assert shop.kit("bump", *FILES).result == "v1.1.0"
    assert at(shop.remote, "main") == at(shop.work, "HEAD") == at(shop.remote, "v1.1.0^{commit}")


@pytest.mark.parametrize(("options", "has"), [((), ", and origin has it"), (("--no-push",), "")], ids=["pushed", "not"])
@pytest.mark.parametrize("word", ["diff-tree", "update-ref"])
def test_an_interrupt_after_the_push_says_that_the_release_is_made(
    shop: Project, word: str, options: tuple[str, ...], has: str
) -> None:
    stopped = shop.stopped(word, "before", signal.SIGINT, "bump", *FILES, *options)
    assert stopped.code == 130, stopped.stderr
    assert f"stopped when the release was made{has}  " in stopped.stderr
    assert "Commit and tag are made. Exit 130." in stopped.stderr
    assert shop.kit("bump", *FILES, *options).code == 0
    assert tags(shop.work) == ["v1.0.0", "v1.1.0"]
    assert at(shop.work, "v1.1.0^{commit}") == at(shop.work, "HEAD") != at(shop.work, "HEAD~1")
    assert shop.work("status", "--porcelain") == ""


def test_a_remote_that_does_not_answer_is_left_alone_too(shop: Project) -> None:
    """What asks the remote ends with us, and with it the connection; nothing was on its way yet."""
    ssh = shop.remote.folder.parent / "ssh"
    began = shop.remote.folder.parent / "began"
    ssh.write_text(f"#!/bin/sh\necho $$ > '{began}.new' && mv '{began}.new' '{began}'\nexec cat\n")
    ssh.chmod(0o755)
    shop.work("remote", "set-url", "origin", "ssh://nobody@registry.invalid/shop.git")
    with shop.kit.start("bump", *FILES, GIT_SSH=str(ssh), GIT_SSH_VARIANT="simple") as running:
        deadline = time.monotonic() + 30
        while not began.exists():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=10)
    assert running.returncode == 130, said
    assert "nothing is half-published" in said
    deadline = time.monotonic() + 10
    while Path(f"/proc/{began.read_text().strip()}").exists():
        assert time.monotonic() < deadline, "the connection outlived us"
        time.sleep(0.05)


def test_the_addresses_of_a_changelog_move_on(shop: Project) -> None:
    page = "https://code.contoso.example/shop/web"
    text = (shop.work.folder / "CHANGELOG.md").read_text()
    text += f"\n[Unreleased]: {page}/compare/v1.0.0...HEAD\n[1.0.0]: {page}/releases/tag/v1.0.0\n"
    shop.work.write("CHANGELOG.md", text, "docs: addresses")
    assert shop.kit("bump", *FILES).result == "v1.1.0"
    shop.work.commit("fix: more")
    assert shop.kit("bump", *FILES).result == "v1.1.1"
    made = (shop.work.folder / "CHANGELOG.md").read_text()
    assert made.endswith(
        "- The first.\n\n"
        f"[Unreleased]: {page}/compare/v1.1.1...HEAD\n"
        f"[1.1.1]: {page}/compare/v1.1.0...v1.1.1\n"
        f"[1.1.0]: {page}/compare/v1.0.0...v1.1.0\n"
        f"[1.0.0]: {page}/releases/tag/v1.0.0\n"
    )
    assert "## [1.1.1] - 20" in made
    assert shop.remote("show", "main:CHANGELOG.md") == made


def test_of_several_one_has_to_be_chosen(upstream: Project, tmp_path: Path) -> None:
    fork = Repository(upstream.remote.clone(tmp_path / "fork.git", "--bare").folder, new=False)
    upstream.work("remote", "add", "fork", str(fork.folder))
    upstream.work("branch", "--unset-upstream")
    for options in ((), FILES, ("--dry-run",)):
        run = upstream.kit("bump", *options)
        assert run.code == 64, run.stderr
        assert "There are upstream, fork, and none is called origin" in run.stderr
        assert tags(upstream.work) == ["v1.0.0"]
    assert upstream.kit("bump", "--no-push").code == 0
    upstream.work("branch", "--set-upstream-to=upstream/main")
    assert "pushed v1.1.0 to upstream" in upstream.kit("bump").line("bump")
    assert (tags(upstream.remote), tags(fork)) == (["v1.0.0", "v1.1.0"], ["v1.0.0"])


def test_a_release_that_was_not_pushed_is_told_of_by_the_next(shop: Project) -> None:
    assert shop.kit("bump", "--no-push").code == 0
    shop.work.commit("fix: more")
    run = shop.kit("bump")
    assert "origin lacks v1.1.0, which this follows: git push origin v1.1.0" in run.stderr
    assert tags(shop.remote) == ["v1.0.0", "v1.1.1"]
    shop.work("push", "--quiet", "origin", "v1.1.0")
    shop.work.commit("fix: more")
    assert "lacks" not in shop.kit("bump").stderr


@pytest.mark.parametrize("name", ["CHANGELOG.md", "pyproject.toml"])
def test_notes_do_not_replace_what_git_tracks(shop: Project, name: str) -> None:
    for options in ((), ("--dry-run",)):
        refused = shop.kit("bump", *FILES, "--notes", name, *options)
        assert refused.code == 64
        assert f"--notes would write over {name}, which git tracks" in refused.stderr
    assert tags(shop.remote) == ["v1.0.0"]


def test_a_merge_queue_releases_nothing(shop: Project, tmp_path: Path) -> None:
    payload = tmp_path / "event.json"
    payload.write_text('{"merge_group": {"base_ref": "refs/heads/main"}}')
    queue = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "merge_group",
        "GITHUB_REF": "refs/heads/gh-readonly-queue/main/pr-1-abc",
        "GITHUB_EVENT_PATH": str(payload),
    }
    run = shop.kit("bump", **queue)
    assert run.code == 0
    assert "main would release v1.1.0" in run.stderr
    assert tags(shop.remote) == ["v1.0.0"]
