"""Git answers from real repositories, whatever they hold."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_kit.errors import Failure
from pipeline_kit.git import Git
from pipeline_kit.process import Runner
from tests.world.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "repository"
    folder.mkdir()
    return Repository(folder)


def test_head_tags_and_commits_since_the_last_release(repository: Repository) -> None:
    repository.commit("feat: first")
    repository("tag", "--annotate", "v1.0.0", "--message", "x")
    first = repository("rev-parse", "HEAD").strip()
    repository("tag", "v0.9.0")
    repository.commit("fix: second\n\nwith a body")
    head = repository.commit("docs: third")
    state = repository.git.state()
    assert (state.commit, state.time, state.branch) == (head, 1_700_000_000, "main")
    assert state.latest is not None
    assert (state.latest.name, state.latest.commit) == ("v1.0.0", first)
    assert [commit.message.strip() for commit in state.since] == ["docs: third", "fix: second\n\nwith a body"]
    assert not state.here
    assert not state.dirty


def test_a_tag_on_another_branch_is_not_the_last_release(repository: Repository) -> None:
    repository.commit("feat: a")
    repository("tag", "v1.0.0")
    repository("checkout", "--quiet", "-b", "next")
    repository.commit("feat!: b")
    repository("tag", "v2.0.0")
    repository("checkout", "--quiet", "main")
    repository.commit("fix: c")
    latest = repository.git.state().latest
    assert latest is not None
    assert latest.name == "v1.0.0"


def test_of_many_unreachable_tags_the_reachable_one_is_found(repository: Repository) -> None:
    repository.commit("feat: a")
    repository("tag", "v1.0.0")
    repository("checkout", "--quiet", "-b", "next")
    repository.commit("feat!: b")
    for number in range(30):
        repository("tag", f"v2.0.{number}")
    repository("checkout", "--quiet", "main")
    repository.commit("fix: c")
    latest = repository.git.state().latest
    assert latest is not None
    assert latest.name == "v1.0.0"


def test_changed_and_new_files_are_counted(repository: Repository) -> None:
    (repository.folder / "a").write_text("1")
    repository("add", "a")
    repository.commit("feat: a")
    (repository.folder / "a").write_text("2")
    (repository.folder / "new file").write_text("")
    (repository.folder / ".gitignore").write_text("ignored\n.gitignore\n")
    (repository.folder / "ignored").write_text("")
    assert repository.git.state().dirty == 2


def test_a_detached_head_has_no_branch(repository: Repository) -> None:
    repository("checkout", "--quiet", "--detach", repository.commit("feat: a"))
    assert repository.git.state().branch == ""


def test_the_remote_is_told_without_its_credentials(repository: Repository) -> None:
    repository.commit("feat: a")
    repository("remote", "add", "origin", "https://user:secret@example.com/o/r.git")
    assert repository.git.state().remote == "https://example.com/o/r.git"


def test_a_shallow_clone_is_known_as_one(repository: Repository, tmp_path: Path) -> None:
    repository.commit("feat: a")
    repository.commit("feat: b")
    repository("clone", "--quiet", "--depth=1", repository.folder.as_uri(), str(tmp_path / "clone"))
    runner = Runner({"PATH": os.environ["PATH"], "HOME": str(tmp_path)})
    assert Git(tmp_path / "clone", runner).state().shallow


@pytest.mark.parametrize(
    ("prepare", "kind"),
    [
        (lambda folder: None, "git.missing"),
        (Repository, "git.empty"),
    ],
)
def test_without_a_commit_there_is_a_way_out(tmp_path: Path, prepare: Callable[[Path], object], kind: str) -> None:
    folder = tmp_path / "x"
    folder.mkdir()
    prepare(folder)
    with pytest.raises(Failure) as refused:
        Git(folder, Runner({"PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": str(tmp_path)})).state()
    assert refused.value.kind == kind
    assert any(note.label == "fix" for note in refused.value.notes)


def test_outside_of_the_one_clone_below_that_one_is_named(tmp_path: Path) -> None:
    """A checkout with a path of its own, and a step that works in the folder above."""
    git = Git(tmp_path, Runner({"PATH": os.environ["PATH"], "GIT_CEILING_DIRECTORIES": str(tmp_path.parent)}))

    def ways() -> list[str]:
        with pytest.raises(Failure) as refused:
            git.state()
        return [note.text for note in refused.value.notes if note.label in ("fix", "or")]

    assert ways()[0].startswith("git init")
    for name in ("my src", "other"):
        (tmp_path / name).mkdir()
        Repository(tmp_path / name)
        named = ["cd 'my src'", "in a CI: working-directory: my src (on Azure Pipelines workingDirectory)"]
        assert (ways() == named) is (name == "my src")


def test_a_ref_that_looks_like_an_option_is_no_option(repository: Repository, tmp_path: Path) -> None:
    head = repository.commit("feat: a")
    for ref in ("refs/tags/--upload-pack=id", "refs/tags/v1.0.0-$(id)", "refs/heads/--output=x", "refs/tags/v1.1.0"):
        repository("update-ref", ref, head)
    state = repository.git.state()
    assert [tag.name for tag in state.here] == ["v1.1.0"]
    assert not (repository.folder / "x").exists()
