"""Whether a clone's fetches asked for the tags, from what git wrote of them: each way is taken with git itself."""

import os
import subprocess
from pathlib import Path

import pytest

from pipeline_kit.git.fetches import asked_for_tags
from tests.world.kit import Kit
from tests.world.repository import IDENTITY, Repository

HOUR = 3600


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    folder = tmp_path / "origin"
    folder.mkdir()
    repository = Repository(folder)
    repository.commit("feat: a")
    repository("tag", "v1.0.0")
    repository.commit("fix: b")
    repository("update-ref", "refs/pull/7/merge", "main")
    return repository


class Checkout:
    """A folder that git commands fill, as a CI or a person has it; ``at`` is the hour in which they are given."""

    def __init__(self, folder: Path, origin: Repository) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.origin = origin

    def __call__(self, line: str, at: int = 0) -> None:
        words = (
            line.replace("URL", self.origin.folder.as_uri())
            .replace("MAIN", self.origin("rev-parse", "main").strip())
            .split()
        )
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **IDENTITY}
        environ["GIT_COMMITTER_DATE"] = f"{1700000000 + at * HOUR} +0000"
        subprocess.run(["git", "-c", "protocol.file.allow=always", *words], cwd=self.folder, env=environ, check=True)

    @property
    def repository(self) -> Repository:
        return Repository(self.folder, new=False)

    def asked(self, *, lately: bool = False) -> bool | None:
        git = self.repository.git
        return asked_for_tags(git, git.head().commit, lately=lately)


@pytest.fixture
def checkout(tmp_path: Path, origin: Repository) -> Checkout:
    return Checkout(tmp_path / "checkout", origin)


INIT = ["init --quiet --initial-branch=main", "remote add origin URL"]
HEADS = "+refs/heads/*:refs/remotes/origin/*"
AZURE = "--force --no-tags --prune --prune-tags --progress --no-recurse-submodules origin"
WAYS = [
    # Clones.
    (["clone --quiet URL ."], True),
    (["clone --quiet --single-branch URL ."], True),
    (["clone --quiet --origin other URL ."], True),
    (["clone --quiet --no-tags URL ."], False),
    (["clone --quiet --no-tags URL .", "fetch --quiet"], False),
    (["clone --quiet --no-tags URL .", "config remote.origin.tagOpt --tags"], True),
    # By hand. Git brings the tags of what it stores, and not those of a branch that is named without a place for it.
    ([*INIT, "fetch --quiet origin", "checkout --quiet main"], True),
    ([*INIT, "fetch --quiet --no-tags origin", "checkout --quiet main"], False),
    ([*INIT, "fetch -qn origin", "checkout --quiet main"], False),
    ([*INIT, "fetch --quiet --no-tags --tags origin", "checkout --quiet main"], True),
    ([*INIT, "fetch --quiet --all --no-tags", "checkout --quiet main"], False),
    ([*INIT, "fetch --quiet --all", "checkout --quiet main"], True),
    ([*INIT, "fetch --quiet -j 2 --no-tags origin", "checkout --quiet main"], False),
    ([*INIT, "fetch --quiet -j 2 origin", "checkout --quiet main"], True),
    ([*INIT, "fetch --quiet origin main", "checkout --quiet main"], False),
    ([*INIT, "fetch --quiet origin main:local", "checkout --quiet local"], True),
    ([*INIT, "pull --quiet --no-tags origin main"], False),
    ([*INIT, "pull --quiet origin main"], False),
    ([*INIT, "pull --quiet --tags origin main"], True),
    ([*INIT, "pull --quiet -n origin main:local"], True),
    ([*INIT, "config remote.origin.tagOpt --no-tags", "fetch --quiet", "checkout --quiet main"], False),
    ([*INIT, "config remote.origin.tagOpt --tags", "fetch --quiet origin main", "checkout --quiet main"], True),
    (["init --quiet", "fetch --quiet URL main", "checkout --quiet FETCH_HEAD"], False),
    (["init --quiet", "fetch --quiet --tags URL main", "checkout --quiet FETCH_HEAD"], None),
    (["init --quiet", "pull --quiet URL main"], False),
    (["init --quiet", "config remote.origin.url URL", "fetch --quiet", "checkout --quiet FETCH_HEAD"], False),
    # CIs, with all of history.
    ([*INIT, f"fetch --no-tags --prune --no-recurse-submodules origin {HEADS} +refs/tags/*:refs/tags/*",
      "checkout --quiet main"], True),
    ([*INIT, f"fetch {AZURE.replace('--no-tags', '--tags')}", "checkout --quiet MAIN"], True),
    # With --prune-tags and without a refspec, git fetches all tags in spite of --no-tags.
    ([*INIT, f"fetch {AZURE}", "checkout --quiet MAIN"], True),
    ([*INIT, f"fetch {AZURE} {HEADS} +refs/pull/7/merge:refs/remotes/pull/7/merge", "checkout --quiet MAIN"], False),
    ([*INIT, f"fetch {AZURE} +MAIN:refs/remotes/origin/MAIN", "checkout --quiet MAIN"], False),
    ([*INIT, f"fetch --tags --force --progress -- URL {HEADS}", "checkout --quiet MAIN"], True),
    ([*INIT, f"fetch --no-tags --force --progress -- URL {HEADS}", "checkout --quiet MAIN"], False),
    # Made here.
    (["init --quiet", "commit --quiet --allow-empty --message=a"], None),
    ([*INIT, "commit --quiet --allow-empty --message=a"], None),
]  # fmt: skip


@pytest.mark.parametrize(("lines", "expected"), WAYS, ids=["; ".join(lines) for lines, _ in WAYS])
@pytest.mark.parametrize("tagged", [True, False], ids=["tags", "no tags"])
def test_what_was_asked_for_is_what_came(
    checkout: Checkout, lines: list[str], expected: bool | None, *, tagged: bool
) -> None:
    if not tagged:
        checkout.origin("tag", "--delete", "v1.0.0")
    for line in lines:
        checkout(line)
    came = bool(checkout.repository("tag").strip())
    if expected is None:
        # Only where there is nothing to doubt.
        assert checkout.asked() is (True if came else False if "FETCH_HEAD" in lines[-1] else None)
        return
    if "tagOpt" not in lines[-1]:  # it was set afterwards
        assert came is (tagged and expected)
    assert checkout.asked() is expected
    assert checkout.asked(lately=True) is expected


def test_the_folder_of_an_earlier_run_is_told_by_its_last_fetch(checkout: Checkout) -> None:
    for line in (*INIT, f"fetch --quiet {AZURE}", "checkout --quiet origin/main"):
        checkout(line)
    assert checkout.asked(lately=True) is True
    checkout.origin("tag", "v1.1.0")
    checkout.origin.commit("fix: c")
    checkout.origin("update-ref", "refs/pull/7/merge", "main")
    pull = f"{HEADS} +refs/pull/7/merge:refs/remotes/pull/7/merge"
    checkout(f"fetch --quiet {AZURE} {pull}", at=1)
    checkout("checkout --quiet pull/7/merge", at=1)
    assert (checkout.asked(lately=True), checkout.asked()) == (False, True)
    checkout(f"fetch --quiet {AZURE.replace('--no-tags', '--tags')} {pull}", at=2)  # moves no branch
    assert checkout.asked(lately=True) is True


def test_a_commit_that_was_made_in_the_run_is_told_by_all_that_was_fetched(checkout: Checkout) -> None:
    for line in (*INIT, f"fetch --quiet {AZURE.replace('--no-tags', '--tags')}", "checkout --quiet MAIN"):
        checkout(line)
    checkout.repository.commit("chore: made here")
    assert checkout.asked(lately=True) is True


def test_a_branch_that_moves_during_the_checkout_is_fetched_again_without_doubt(checkout: Checkout) -> None:
    """As actions/checkout has it: all, with the tags, and a moment later the one branch."""
    fetch = "fetch --quiet --no-tags --prune --no-recurse-submodules origin"
    for line in (*INIT, f"{fetch} {HEADS} +refs/tags/*:refs/tags/*"):
        checkout(line)
    checkout.origin.commit("fix: c")
    checkout(f"{fetch} +MAIN:refs/remotes/origin/main")
    checkout("checkout --quiet origin/main")
    assert checkout.asked(lately=True) is True


PULL_REQUEST = {
    "TF_BUILD": "True", "BUILD_REASON": "PullRequest", "BUILD_SOURCEBRANCH": "refs/pull/7/merge",
    "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/x", "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
}  # fmt: skip


def test_the_version_of_a_clone_whose_last_fetch_left_the_tags_out_is_refused(checkout: Checkout) -> None:
    for line in (*INIT, f"fetch --quiet {AZURE}"):
        checkout(line)
    checkout.origin("tag", "v1.1.0")
    checkout.origin.commit("fix: c")
    checkout.origin("update-ref", "refs/pull/7/merge", "main")
    checkout(f"fetch --quiet {AZURE} {HEADS} +refs/pull/7/merge:refs/remotes/pull/7/merge", at=1)
    checkout("checkout --quiet pull/7/merge", at=1)
    kit = Kit(checkout.folder, PULL_REQUEST)
    refused = kit("version")
    assert (refused.code, "explain git.no-tags" in refused.stderr) == (64, True), refused.stderr
    assert "the tags of this clone are of an earlier fetch" in refused.stderr
    assert "fetchTags: true" in refused.stderr
    assert "From those that are here it would be 1.0.1" in refused.stderr
    assert "FIRST_RELEASE" not in refused.stderr
    assert kit("version", PIPELINE_KIT_VERSION_FIRST_RELEASE="true").code == 64
    assert kit("version", "--fetch").result.startswith("1.1.1-")
    assert kit("version").result.startswith("1.1.1-"), "the next step finds what was fetched"


def test_a_project_without_releases_is_answered_where_the_tags_were_asked_for(checkout: Checkout) -> None:
    checkout.origin("tag", "--delete", "v1.0.0")
    for line in (*INIT, f"fetch --quiet {AZURE.replace('--no-tags', '--tags')}", "checkout --quiet MAIN"):
        checkout(line)
    told = {"TF_BUILD": "True", "BUILD_SOURCEBRANCH": "refs/heads/main"}
    assert Kit(checkout.folder, told)("version").result == "0.1.0-main.2"


def test_a_clone_that_was_fetched_by_hand_without_tags_is_refused(checkout: Checkout) -> None:
    for line in (*INIT, "fetch --quiet --no-tags origin", "checkout --quiet main"):
        checkout(line)
    kit = Kit(checkout.folder)
    refused = kit("version")
    assert (refused.code, "it was fetched without them" in refused.stderr) == (64, True), refused.stderr
    assert kit("version", PIPELINE_KIT_VERSION_FIRST_RELEASE="true").result == "0.1.0-main.2"
    checkout("fetch --quiet --tags")
    assert kit("version").result == "1.0.1-main.1"


@pytest.mark.parametrize("trap", ["fifo", "link", "folder", "log"])
def test_what_is_no_file_of_gits_is_not_read(checkout: Checkout, trap: str) -> None:
    for line in (*INIT, "fetch --quiet --no-tags origin", "checkout --quiet main"):
        checkout(line)
    written = checkout.folder / ".git" / "FETCH_HEAD"
    written.unlink()
    match trap:
        case "fifo":
            os.mkfifo(written)
        case "link":
            (checkout.folder / "aside").write_text("x\t\ttag 'v1' of y\n")
            written.symlink_to(checkout.folder / "aside")
        case "folder":
            written.mkdir()
        case "log":
            (checkout.folder / ".git" / "logs" / "refs" / "remotes" / "origin" / "main").write_bytes(b"\xff\0 nothing")
    assert checkout.asked() is (None if trap == "log" else False)
