"""How a clone's fetches treated the tags, from what git wrote of them: each way is taken with git itself."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from pipeline_kit.git.fetches import tags_fetched
from tests.world.kit import Kit
from tests.world.repository import IDENTITY, Repository

HOUR = 3600
NOW = int(time.time())


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
    """A folder that git commands fill, as a CI or a person has it; ``ago`` is how many hours ago they were given."""

    def __init__(self, folder: Path, origin: Repository) -> None:
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.origin = origin

    def __call__(self, *lines: str, ago: float = 0) -> None:
        then = NOW - int(ago * HOUR)
        for line in lines:
            main = self.origin("rev-parse", "main").strip()
            words = line.replace("URL", self.origin.folder.as_uri()).replace("MAIN", main).split()
            environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **IDENTITY}
            environ["GIT_COMMITTER_DATE"] = f"{then} +0000"
            subprocess.run(
                ["git", "-c", "protocol.file.allow=always", *words], cwd=self.folder, env=environ, check=True
            )
            if (fetched := self.folder / ".git" / "FETCH_HEAD").exists() and {"fetch", "pull"} & {*words}:
                os.utime(fetched, (then, then))

    @property
    def repository(self) -> Repository:
        return Repository(self.folder, new=False)

    @property
    def fetched(self) -> str:
        git = self.repository.git
        return tags_fetched(git, git.head().branch)

    def came(self) -> bool:
        return bool(self.repository("tag").strip())


@pytest.fixture
def checkout(tmp_path: Path, origin: Repository) -> Checkout:
    return Checkout(tmp_path / "checkout", origin)


INIT = ("init --quiet --initial-branch=main", "remote add origin URL")
MAIN = "checkout --quiet main"
HEADS = "+refs/heads/*:refs/remotes/origin/*"
TAGS = "+refs/tags/*:refs/tags/*"
AZURE = "--force --no-tags --prune --prune-tags --progress --no-recurse-submodules origin"
WAYS = {
    # Clones.
    "clone --quiet URL .": "followed",
    "clone --quiet --single-branch URL .": "followed",
    "clone --quiet --origin other URL .": "followed",
    "clone --quiet --no-tags URL .": "left out",
    "clone --quiet --no-tags URL .; fetch --quiet": "left out",
    # By hand. Git brings the tags of what it stores, and not those of a branch that is named without a place for it.
    f"INIT; fetch --quiet origin; {MAIN}": "followed",
    f"INIT; fetch --quiet --no-tags origin; {MAIN}": "left out",
    f"INIT; fetch --quiet --no-tag origin; {MAIN}": "left out",
    f"INIT; fetch -qn origin; {MAIN}": "left out",
    f"INIT; fetch -tn origin; {MAIN}": "left out",
    f"INIT; fetch --quiet --no-tags --tags origin; {MAIN}": "all",
    f"INIT; fetch -qt origin; {MAIN}": "all",
    f"INIT; fetch --quiet --all --no-tags; {MAIN}": "left out",
    f"INIT; fetch --quiet --all; {MAIN}": "followed",
    f"INIT; fetch --quiet -j 2 --no-tags origin; {MAIN}": "left out",
    f"INIT; fetch --quiet -j 2 origin; {MAIN}": "followed",
    f"INIT; fetch --quiet --multiple origin; {MAIN}": "followed",
    f"INIT; fetch --quiet origin main; {MAIN}": "unasked",
    "INIT; fetch --quiet origin main:local; checkout --quiet local": "followed",
    "INIT; pull --quiet --no-tags origin main": "left out",
    "INIT; pull --quiet origin main": "unasked",
    "INIT; pull --quiet --tags origin main": "all",
    "INIT; pull --quiet -n origin main:local": "followed",
    f"INIT; config remote.origin.tagOpt --no-tags; fetch --quiet; {MAIN}": "left out",
    f"INIT; config --add remote.origin.fetch {TAGS}; fetch --quiet --no-tags; {MAIN}": "all",
    "init --quiet; fetch --quiet URL main; checkout --quiet FETCH_HEAD": "unasked",
    "init --quiet; pull --quiet URL main": "unasked",
    "init --quiet; config remote.origin.url URL; fetch --quiet; checkout --quiet FETCH_HEAD": "unasked",
    # CIs, with all of history.
    f"INIT; fetch --no-tags --prune --no-recurse-submodules origin {HEADS} {TAGS}; {MAIN}": "all",
    f"INIT; fetch {AZURE.replace('--no-tags', '--tags')}; checkout --quiet MAIN": "all",
    # With --prune-tags and without a refspec, git fetches all tags in spite of --no-tags.
    f"INIT; fetch {AZURE}; checkout --quiet MAIN": "all",
    f"INIT; fetch {AZURE} {HEADS} +refs/pull/7/merge:refs/remotes/pull/7/merge; checkout --quiet MAIN": "left out",
    f"INIT; fetch {AZURE} +MAIN:refs/remotes/origin/MAIN; checkout --quiet MAIN": "left out",
    f"INIT; fetch --tags --force --progress -- URL {HEADS}; checkout --quiet MAIN": "all",
    f"INIT; fetch --no-tags --force --progress -- URL {HEADS}; checkout --quiet MAIN": "left out",
}


def lines_of(way: str) -> list[str]:
    return [line for part in way.split("; ") for line in (INIT if part == "INIT" else (part,))]


@pytest.mark.parametrize(("way", "expected"), WAYS.items(), ids=WAYS)
@pytest.mark.parametrize("tagged", [True, False], ids=["tags", "no tags"])
def test_how_tags_came_is_told(checkout: Checkout, way: str, expected: str, *, tagged: bool) -> None:
    if not tagged:
        checkout.origin("tag", "--delete", "v1.0.0")
    checkout(*lines_of(way))
    assert checkout.came() is (tagged and expected in ("all", "followed")), "so does git"
    assert checkout.fetched == expected


MADE_HERE = [
    "init --quiet; commit --quiet --allow-empty --message=a",
    "init --quiet; commit --quiet --allow-empty --message=a; fetch --all",
    "INIT; commit --quiet --allow-empty --message=a",
    "init --quiet; commit --quiet --allow-empty --message=a; remote add origin URL; push --quiet origin HEAD:new",
]


@pytest.mark.parametrize("way", MADE_HERE)
def test_what_was_made_here_was_never_fetched(checkout: Checkout, way: str) -> None:
    checkout(*lines_of(way))
    assert checkout.fetched == ""
    run = Kit(checkout.folder)("version")
    assert run.result.startswith("0.1.0-")
    assert "!" not in run.stderr


def test_only_the_last_fetch_vouches_for_all(checkout: Checkout) -> None:
    """In a folder that a CI uses again, what an earlier run has asked for is not what there is now."""
    tagless = AZURE.replace("--no-tags", "--tags")
    checkout.origin("tag", "--delete", "v1.0.0")
    checkout(*INIT, f"fetch --quiet {tagless}", "checkout --quiet MAIN", ago=9)
    assert checkout.fetched == "all"
    checkout("fetch --quiet --no-tags origin MAIN", ago=8)  # moves nothing
    assert checkout.fetched == "followed"
    checkout.origin.commit("fix: c")
    checkout(f"fetch --quiet {AZURE} {HEADS}", ago=7)
    assert checkout.fetched == "left out"
    checkout.origin.commit("fix: d")
    checkout(f"fetch --quiet {tagless}", "fetch --quiet --no-tags origin MAIN", ago=6)  # as an agent does
    assert checkout.fetched == "all"


def test_a_fetch_that_moves_nothing_takes_the_doubt_away(checkout: Checkout) -> None:
    checkout.origin("tag", "--delete", "v1.0.0")
    checkout(*INIT, "fetch --quiet --no-tags origin", MAIN, ago=1)
    kit = Kit(checkout.folder)
    refused = kit("version")
    assert (refused.code, "it was fetched without them" in refused.stderr) == (64, True), refused.stderr
    assert "fix    git fetch --tags" in refused.stderr
    assert kit("version", PIPELINE_KIT_VERSION_FIRST_RELEASE="true").result == "0.1.0-main.2"
    assert kit("version", PIPELINE_KIT_VERSION_FETCH="true").result == "0.1.0-main.2"
    checkout("fetch --quiet --tags")
    assert kit("version").result == "0.1.0-main.2"


def test_a_clone_that_was_fetched_by_hand_without_tags_is_refused(checkout: Checkout) -> None:
    checkout(*INIT, "fetch --quiet --no-tags origin", MAIN)
    kit = Kit(checkout.folder)
    assert [kit(one).code for one in ("version", "tag", "bump")] == [64, 64, 64]
    checkout("fetch --quiet --tags")
    assert kit("version").result == "1.0.1-main.1"


def test_a_clone_where_tags_were_not_asked_for_is_answered_with_a_warning(checkout: Checkout) -> None:
    checkout(*INIT, "pull --quiet origin main")
    kit = Kit(checkout.folder)
    for run in (kit("version"), kit("version", "--format", "json")):
        assert (
            "! version  no tag is here, and none was asked for: if there are releases, git fetch --tags" in run.stderr
        )
    assert "none was asked for" not in kit("version", PIPELINE_KIT_VERSION_FIRST_RELEASE="true").stderr
    checkout("fetch --quiet --tags")
    assert (kit("version").result, "!" in kit("version").stderr) == ("1.0.1-main.1", False)


def test_a_project_without_releases_is_answered_where_the_tags_were_asked_for(checkout: Checkout) -> None:
    checkout.origin("tag", "--delete", "v1.0.0")
    told = {"TF_BUILD": "True", "BUILD_SOURCEBRANCH": "refs/heads/main"}
    checkout(*INIT, f"fetch --quiet {AZURE} {HEADS}", "checkout --quiet MAIN", ago=1)
    assert Kit(checkout.folder, told)("version").code == 64
    checkout.origin.commit("fix: c")
    checkout(f"fetch --quiet {AZURE.replace('--no-tags', '--tags')}", "checkout --quiet MAIN")
    assert Kit(checkout.folder, told)("version").result == "0.1.0-main.3"


@pytest.mark.parametrize("setting", ["grep.patternType=fixed", "i18n.logOutputEncoding=UTF-16", "log.date=iso"])
def test_what_was_written_is_read_whatever_is_configured(checkout: Checkout, setting: str) -> None:
    checkout(*INIT, "fetch --quiet --no-tags origin", MAIN, f"config {setting.replace('=', ' ')}")
    assert checkout.fetched == "left out"


@pytest.mark.parametrize("trap", ["fifo", "link", "folder", "log", "long"])
def test_what_is_no_file_of_gits_stops_nothing(checkout: Checkout, trap: str) -> None:
    checkout(*INIT, "fetch --quiet --no-tags origin", MAIN)
    git = checkout.folder / ".git"
    (git / "FETCH_HEAD").unlink()
    log = git / "logs" / "refs" / "remotes" / "origin" / "main"
    match trap:
        case "fifo":
            os.mkfifo(git / "FETCH_HEAD")
        case "link":
            (git / "FETCH_HEAD").symlink_to(git / "FETCH_HEAD")
        case "folder":
            (git / "FETCH_HEAD").mkdir()
        case "log":
            log.write_bytes(b"\xff\0 nothing")
        case "long":
            entry = log.read_text().rstrip("\n").partition("\tfetch")[0]
            log.write_text(f"{entry}\tfetch --no-tags {': ' * (5 << 20)}\n" * 5)
    before = time.monotonic()
    assert checkout.fetched == ("" if trap == "log" else "left out")
    assert time.monotonic() - before < 20, "the pattern is no trap for a long line"
