"""Packages of one repository: each its own tags and its own commits, all read at once."""

import os
import random
from pathlib import Path
from typing import Any

import pytest

from pipeline_kit.git import Git
from pipeline_kit.model.git_state import Commit, GitState
from pipeline_kit.model.rules import Rules
from pipeline_kit.process import Command, Completed, Runner
from tests.world.repository import IDENTITY, Repository

PREFIXES = {"web": "web-v", "store": "store-v", "all": "v"}
PATHS = {"web": "web", "store": "services/store", "shop": "webshop"}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "repository"
    folder.mkdir()
    repository = Repository(folder)
    repository.write("web/a", "1", "feat: web")
    repository("tag", "web-v1.0.0")
    repository.write("services/store/a", "1", "feat: store")
    repository("tag", "--annotate", "store-v0.1.0", "--message", "x")
    repository("tag", "v1.0.0")
    repository.write("web/a", "2", "fix: web")
    repository.write("webshop/a", "2", "fix: another folder that begins alike")
    repository("tag", "web-v1.1.0-rc.1")
    repository.write("services/store/ü\nb", "2", "fix: store")
    return repository


def of(state: GitState, name: str) -> list[Commit]:
    """The commits of a package."""
    rules = Rules(path=PATHS.get(name, ""))
    return [one for one in state.since if rules.counts(one.paths)]


def subjects(state: GitState, name: str) -> list[str]:
    return [one.message.strip() for one in of(state, name)]


def test_each_package_has_its_own_releases_and_commits(repository: Repository) -> None:
    states = repository.git.states(PREFIXES, paths=True)
    assert {name: state.latest and state.latest.name for name, state in states.items()} == {
        "web": "web-v1.0.0",
        "store": "store-v0.1.0",
        "all": "v1.0.0",
    }
    assert subjects(states["web"], "web") == ["fix: web"]
    assert subjects(states["store"], "store") == ["fix: store"]
    assert len(states["all"].since) == 3
    assert [tag.name for tag in states["web"].tags] == ["web-v1.1.0-rc.1", "web-v1.0.0"]
    assert of(states["store"], "store")[0].paths == ("services/store/ü\nb",)


def test_one_package_alone_has_the_same_state(repository: Repository) -> None:
    states = repository.git.states(PREFIXES, paths=True)
    for name in ("web", "store"):
        assert repository.git.states({"": PREFIXES[name]}, paths=True)[""] == states[name]
    assert not any(one.paths for one in repository.git.state().since)


def test_a_package_without_a_release_has_all_commits_that_touch_it(repository: Repository) -> None:
    states = repository.git.states({**PREFIXES, "shop": "shop-v"}, paths=True)
    assert subjects(states["shop"], "shop") == ["fix: another folder that begins alike"]
    assert subjects(states["web"], "web") == ["fix: web"]


def test_a_merge_touches_what_it_brings_and_a_moved_file_both_its_places(repository: Repository) -> None:
    repository("checkout", "--quiet", "-b", "topic")
    repository.write("web/b", "1", "feat: topic")
    repository("checkout", "--quiet", "main")
    repository.write("other", "1", "docs: other")
    repository("merge", "--quiet", "--no-ff", "topic", "--message", "feat: merged")
    repository("mv", "web/a", "webshop/moved")
    repository.commit("refactor: moved")
    assert subjects(repository.git.states({"": "web-v"}, paths=True)[""], "web") == [
        "refactor: moved",
        "feat: merged",
        "feat: topic",
        "fix: web",
    ]


def test_the_repositorys_settings_hide_no_path(repository: Repository) -> None:
    expected = repository.git.states(PREFIXES, paths=True)
    for key, value in {
        "diff.relative": "true", "log.showRoot": "false", "diff.renames": "copies", "log.diffMerges": "off",
        "diff.orderFile": "/dev/null", "color.ui": "always", "diff.noprefix": "true", "core.quotePath": "true",
        "log.follow": "true", "diff.ignoreSubmodules": "all", "format.pretty": "oneline", "log.decorate": "full",
        "i18n.logOutputEncoding": "latin1", "log.date": "relative", "log.abbrevCommit": "true", "status.short": "true",
        "status.branch": "true", "status.showStash": "true", "status.showUntrackedFiles": "no",
    }.items():  # fmt: skip
        repository("config", key, value)
    below = Git(repository.folder / "web", Runner({**IDENTITY, "HOME": "/", "PATH": os.environ["PATH"]}))
    assert below.states(PREFIXES, paths=True) == repository.git.states(PREFIXES, paths=True) == expected


class Counting(Runner):
    """Counts the processes."""

    count = 0

    def run(self, command: Command, *arguments: Any, **options: Any) -> Completed:
        self.count += 1
        return super().run(command, *arguments, **options)


def test_the_number_of_git_processes_does_not_grow_with_the_packages(repository: Repository) -> None:
    def count(prefixes: dict[str, str]) -> int:
        runner = Counting({**IDENTITY, "PATH": os.environ["PATH"], "HOME": "/"})
        Git(repository.folder, runner).states(prefixes, paths=True)
        return runner.count

    many = {f"{name}{number}": prefix for name, prefix in PREFIXES.items() for number in range(20)}
    assert count({"web": "web-v"}) == 5
    assert count(many) == 6


@pytest.mark.parametrize("seed", range(3))
def test_all_at_once_is_as_one_by_one(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    repository = Repository(tmp_path)
    made = [repository.write("a/0", "0", "feat: first")]
    for number in range(18):
        repository("checkout", "--quiet", "--detach", chance.choice(made[-4:]))
        if chance.random() < 0.3:
            repository("merge", "--quiet", "--no-ff", "--message", f"m {number}", "-X", "ours", chance.choice(made))
        made.append(repository.write(f"{chance.choice('abc')}/{number}", "x", f"fix: {number}"))
        for name in "abc":
            if chance.random() < 0.2:
                repository("tag", f"{name}-v{chance.randint(1, 2)}.{number}.0{chance.choice(('', '-rc.1'))}")
    states = repository.git.states({name: f"{name}-v" for name in "abc"}, paths=True)
    for name, state in states.items():
        assert state == repository.git.states({"": f"{name}-v"}, paths=True)[""]
        stable = [tag for tag in state.tags if tag.stable and tag.commit != state.commit]
        reached = [tag for tag in stable if repository.git.is_ancestor(tag.commit, state.commit)]
        assert state.latest == next(iter(reached), None)
        span = [state.commit, *([f"^{state.latest.commit}"] if state.latest else [])]
        counted = repository("rev-list", "--full-history", "--no-merges", *span, "--", name).split()
        rules = Rules(path=name)
        assert {one.id for one in state.since if len(one.parents) < 2 and rules.counts(one.paths)} == set(counted)
