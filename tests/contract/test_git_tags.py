"""The last release is the highest stable tag that HEAD descends from, whatever else refs/tags holds."""

import random
from pathlib import Path

import pytest

from pipeline_kit.errors import Failure
from pipeline_kit.model.git_state import GitState
from tests.world.history import write_history
from tests.world.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "repository"
    folder.mkdir()
    return Repository(folder)


def names(state: GitState) -> tuple[str, list[str], list[str]]:
    return state.latest.name if state.latest else "", [tag.name for tag in state.here], [t.name for t in state.tags]


def test_a_pre_release_is_not_the_last_release_but_stays_a_tag(repository: Repository) -> None:
    repository.commit("feat: a")
    repository("tag", "v1.0.0")
    first = repository.commit("feat: b")
    repository("tag", "v1.1.0-rc.1")
    head = repository.commit("fix: c")
    repository("tag", "v1.1.0-rc.2")
    state = repository.git.state()
    assert names(state) == ("v1.0.0", ["v1.1.0-rc.2"], ["v1.1.0-rc.2", "v1.1.0-rc.1", "v1.0.0"])
    assert (state.since[0].id, state.since[0].parents) == (head, (first,))
    assert {tag.name for tag in state.tags if tag.commit in {one.id for one in state.since}} == {
        "v1.1.0-rc.1",
        "v1.1.0-rc.2",
    }


def test_the_tags_of_the_commit_itself_are_not_the_last_release(repository: Repository) -> None:
    repository.commit("feat: a")
    repository("tag", "v1.0.0")
    repository.commit("feat: b")
    repository("tag", "v1.1.0")
    repository("tag", "v2.0.0")
    repository("tag", "--annotate", "1.1.0", "--message", "x")
    assert names(repository.git.state())[:2] == ("v1.0.0", ["v2.0.0", "v1.1.0", "1.1.0"])


def test_an_old_commit_has_the_release_before_it(repository: Repository) -> None:
    old = repository.commit("feat: a")
    repository("tag", "v1.0.0")
    middle = repository.commit("feat: b")
    repository.commit("feat: c")
    repository("tag", "v2.0.0")
    repository("checkout", "--quiet", "--detach", middle)
    state = repository.git.state()
    assert (names(state)[0], state.time) == ("v1.0.0", 1_700_000_000)
    assert [one.id for one in state.since] == [middle]
    repository("checkout", "--quiet", "--detach", old)
    state = repository.git.state()
    assert (state.latest, names(state)[1], [one.id for one in state.since]) == (None, ["v1.0.0"], [old])


def test_a_higher_version_further_back_wins(repository: Repository) -> None:
    """Someone released 2.0.0, thought better of it, and went on with 1.x on the same line."""
    repository.commit("feat: a")
    repository("tag", "v2.0.0")
    repository.commit("feat: b")
    repository("tag", "v1.9.0")
    repository.commit("feat: c")
    state = repository.git.state()
    assert (names(state)[0], len(state.since)) == ("v2.0.0", 2)


def test_odd_tags_are_left_out(repository: Repository) -> None:
    repository.write("a", "1", "feat: a")
    repository("tag", "--annotate", "v1.0.0", "--message", "x")
    repository("tag", "--annotate", "v1.1.0", "v1.0.0", "--message", "a tag of a tag")
    repository("tag", "--annotate", "deep", "v1.1.0", "--message", "and of that")
    repository("branch", "v1.2.0")
    repository.write("a", "2", "fix: b")
    repository("tag", "v8.0.0", "HEAD^{tree}")
    repository("tag", "--annotate", "v9.0.0", "HEAD:a", "--message", "a tag of a file")
    state = repository.git.state()
    assert state.latest is not None
    assert (state.latest.name, state.latest.commit) == ("v1.1.0", state.since[0].parents[0])
    assert len(state.since) == 1


def test_a_tag_named_like_a_branch_or_like_head_confuses_nobody(repository: Repository) -> None:
    repository.commit("feat: a")
    repository("tag", "v1.0.0")
    repository("branch", "v1.0.0")
    repository("tag", "main")
    repository("update-ref", "refs/tags/HEAD", "HEAD")
    repository("update-ref", "refs/heads/HEAD", "HEAD")
    head = repository.commit("fix: b")
    state = repository.git.state()
    assert (state.commit, state.branch, names(state)[0]) == (head, "main", "v1.0.0")


def test_a_name_may_hold_what_looks_like_the_end_of_a_line(repository: Repository) -> None:
    repository.commit("feat: a")
    repository("tag", "v1.0.0")
    repository("checkout", "--quiet", "-b", "a\u2028b\x85c")
    repository("tag", "a\u2028v9.9.9\x85c")
    repository.commit("fix: b")
    state = repository.git.state()
    (repository.folder / ".git" / "refs" / "tags" / "broken").write_text("garbage")
    assert repository.git.state() == state
    assert (state.branch, names(state)) == ("a\u2028b\x85c", ("v1.0.0", [], ["v1.0.0"]))


@pytest.mark.parametrize("content", ["garbage\n", "1" * 40 + "\n", ""])
def test_a_broken_release_tag_is_named_and_another_one_is_no_trouble(repository: Repository, content: str) -> None:
    repository.commit("feat: a")
    repository("tag", "v1.0.0")
    repository("tag", "--annotate", "v0.9.0", "--message", "x")
    repository.commit("fix: b")
    refs = repository.folder / ".git" / "refs" / "tags"
    (refs / "nightly").write_text(content)
    assert names(repository.git.state())[0] == "v1.0.0"
    (refs / "v1.1.0").write_text(content)
    with pytest.raises(Failure) as refused:
        repository.git.state()
    assert (refused.value.kind, "v1.1.0" in refused.value.headline) == ("git.broken-tag", True)


def test_release_tags_of_a_line_that_has_none_on_it(tmp_path: Path) -> None:
    """A maintenance branch below hundreds of newer releases."""
    repository = write_history(tmp_path / "long", commits=1300, tags=1100, after=5)
    repository("checkout", "--quiet", "-b", "1.x", "v0.30.0")
    head = repository.commit("fix: on the old line")
    state = repository.git.state()
    assert (names(state)[0], [one.id for one in state.since]) == ("v0.30.0", [head])
    assert len(state.tags) == 1100


@pytest.mark.parametrize("seed", range(6))
def test_the_answer_is_that_of_counting_by_hand(repository: Repository, seed: int) -> None:
    """Branches, merges and tags by chance, all in the same second, against git's answer for each tag alone."""
    chance = random.Random(seed)
    made = [repository.commit("feat: first")]
    for number in range(18):
        repository("checkout", "--quiet", "--detach", chance.choice(made[-6:]))
        if chance.random() < 0.3:
            others = chance.sample(made, min(len(made), 2))
            repository("merge", "--quiet", "--no-ff", "--message", f"merge {number}", "-X", "ours", *others)
        commit = repository.commit(f"fix: {number}")
        made.append(commit)
        if chance.random() < 0.5:
            repository("tag", f"v{chance.randint(1, 3)}.{number}.0{chance.choice(('', '', '-rc.1'))}")
    repository("checkout", "--quiet", "--detach", chance.choice(made))
    state = repository.git.state()
    stable = [tag for tag in state.tags if tag.stable and tag.commit != state.commit]
    expected = next((tag for tag in stable if repository.git.is_ancestor(tag.commit, state.commit)), None)
    assert state.latest == expected
    span = [state.commit, f"^{expected.commit}"] if expected else [state.commit]
    assert {one.id for one in state.since} == set(repository("rev-list", *span).split())
    assert [tag.name for tag in state.here] == [tag.name for tag in state.tags if tag.commit == state.commit]
    seen: set[str] = set()
    for one in state.since:
        assert not seen & set(one.parents), "a commit comes before its parents"
        seen.add(one.id)
