"""Every kind of clone gets the right answer, or says what it lacks."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_kit.errors import Failure
from pipeline_kit.git import Git
from pipeline_kit.model.git_state import GitState
from pipeline_kit.process import Runner
from tests.world.kit import Kit
from tests.world.repository import IDENTITY, Repository


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    """v1.0.0, a fix, and a branch that goes on from there."""
    folder = tmp_path / "origin"
    folder.mkdir()
    repository = Repository(folder)
    repository.write("a", "1", "feat: first")
    repository("tag", "--annotate", "v1.0.0", "--message", "x")
    repository.write("a", "2", "fix: second")
    repository("checkout", "--quiet", "-b", "topic")
    repository.write("b", "1", "feat: topic")
    repository("checkout", "--quiet", "main")
    return repository


def told(state: GitState) -> tuple[str, list[str]]:
    """The last release and the subjects since."""
    return state.latest.name if state.latest else "", [one.message.strip() for one in state.since]


def test_a_merge_of_a_pull_request_has_the_commits_of_both_sides(origin: Repository, tmp_path: Path) -> None:
    origin("checkout", "--quiet", "--detach", "main")
    origin("merge", "--quiet", "--no-ff", "topic", "--message", "Merge abc into def")
    merge = origin("rev-parse", "HEAD").strip()
    origin("update-ref", "refs/pull/7/merge", merge)
    origin("checkout", "--quiet", "main")
    clone = origin.clone(tmp_path / "clone")
    clone("fetch", "--quiet", "origin", "+refs/pull/7/merge:refs/remotes/pull/7/merge")
    clone("checkout", "--quiet", "--force", "refs/remotes/pull/7/merge")
    state = clone.git.state()
    assert (state.commit, state.branch) == (merge, "")
    assert told(state) == ("v1.0.0", ["Merge abc into def", "feat: topic", "fix: second"])
    assert len(state.since[0].parents) == 2


def test_a_worktree(origin: Repository, tmp_path: Path) -> None:
    origin("worktree", "add", "--quiet", str(tmp_path / "tree"), "topic")
    state = Repository(tmp_path / "tree", new=False).git.state()
    assert (state.branch, state.dirty) == ("topic", 0)
    assert told(state) == ("v1.0.0", ["feat: topic", "fix: second"])


def test_inside_a_submodule_and_in_the_repository_that_has_one(origin: Repository, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    whole = Repository(outer)
    whole("submodule", "--quiet", "add", origin.folder.as_uri(), "library")
    whole.commit("feat: with a library")
    assert told(Repository(outer / "library", new=False).git.state()) == ("v1.0.0", ["fix: second"])
    assert whole.git.state().dirty == 0
    (outer / "library" / "left by a build").touch()
    assert whole.git.state().dirty == 0
    Repository(outer / "library", new=False).commit("fix: moved")
    assert whole.git.state().dirty == 1


def test_a_folder_below_the_top(origin: Repository) -> None:
    below = origin.folder / "below"
    below.mkdir()
    (below / "new").touch()
    state = Repository(below, new=False).git.state()
    assert (told(state), state.dirty) == (("v1.0.0", ["fix: second"]), 1)


@pytest.mark.parametrize("inside", ["", ".git"])
def test_a_bare_repository_says_how_to_have_files(origin: Repository, tmp_path: Path, inside: str) -> None:
    if not inside:
        origin.clone(tmp_path / "bare.git", "--bare")
    folder = origin.folder / inside if inside else tmp_path / "bare.git"
    with pytest.raises(Failure) as refused:
        Repository(folder, new=False).git.state()
    assert refused.value.kind == "git.bare"


def test_the_way_out_of_a_bare_repository_works(origin: Repository, tmp_path: Path) -> None:
    bare = origin.clone(tmp_path / "bare.git", "--bare")
    with pytest.raises(Failure) as refused:
        bare.git.state()
    (line,) = [note.text for note in refused.value.notes if note.label == "fix"]
    subprocess.run(["sh", "-c", line], cwd=bare.folder, check=True, capture_output=True)
    assert told(Repository(tmp_path / "checkout", new=False).git.state())[0] == "v1.0.0"


def test_below_a_bare_repository_the_way_out_names_the_repository(origin: Repository, tmp_path: Path) -> None:
    bare = origin.clone(tmp_path / "bare.git", "--bare")
    refused = Kit(bare.folder / "refs" / "heads")("version")
    assert (refused.code, "explain git.bare" in refused.stderr) == (64, True), refused.stderr
    (line,) = [line for line in refused.stderr.splitlines() if line.startswith("  fix")]
    command = line.removeprefix("  fix").strip()
    subprocess.run(["sh", "-c", command], cwd=bare.folder / "refs" / "heads", check=True, capture_output=True)
    assert Kit(tmp_path / "checkout")("version").code == 0


def test_inside_of_git_s_own_folder_the_command_answers_for_its_working_tree(origin: Repository) -> None:
    assert Kit(origin.folder / ".git" / "refs")("version").result == "1.0.1-main.1"


def test_a_worktree_of_a_bare_repository(origin: Repository, tmp_path: Path) -> None:
    bare = origin.clone(tmp_path / "bare.git", "--bare")
    bare("worktree", "add", "--quiet", str(tmp_path / "tree"), "main")
    assert Kit(tmp_path / "tree")("version").result == "1.0.1-main.1"


def test_a_worktree_whose_repository_is_gone_says_where_it_was(origin: Repository, tmp_path: Path) -> None:
    origin("worktree", "add", "--quiet", str(tmp_path / "tree"), "topic")
    shutil.move(origin.folder, tmp_path / "moved")
    refused = Kit(tmp_path / "tree")("version")
    assert (refused.code, "explain git.missing" in refused.stderr) == (64, True), refused.stderr
    assert f"is not at {origin.folder}/.git/worktrees/tree" in refused.stderr
    (line,) = [line for line in refused.stderr.splitlines() if "worktree repair" in line]
    command = line.partition(": ")[2].replace("REPOSITORY", str(tmp_path / "moved"))
    subprocess.run(["sh", "-c", command], check=True, capture_output=True)
    assert Kit(tmp_path / "tree")("version").code == 0


@pytest.mark.parametrize("command", ["version", "tag"])
def test_git_dir_is_not_followed_in_silence(origin: Repository, tmp_path: Path, command: str) -> None:
    bare = origin.clone(tmp_path / "bare.git", "--bare")
    kit = Kit(origin.folder)
    for here in (".git", str(origin.folder / ".git"), ""):
        assert kit(command, GIT_DIR=here).code == 0
    for other in ("../bare.git", str(bare.folder), "nowhere"):
        refused = kit(command, GIT_DIR=other)
        assert (refused.code, f"GIT_DIR is {other}, and {origin.folder} is" in refused.stderr) == (64, True)
    outside = Kit(tmp_path)(command, GIT_DIR=str(bare.folder))
    assert (outside.code, "GIT_DIR is not followed" in outside.stderr) == (64, True), outside.stderr
    assert Kit(bare.folder)(command, GIT_DIR=".").code == 64


def test_a_hook_of_the_repository_may_ask(origin: Repository, tmp_path: Path) -> None:
    """git sets GIT_DIR for it, in a linked working tree to the folder of that one."""
    hook = origin.folder / ".git" / "hooks" / "post-commit"
    kit = Kit(origin.folder)
    hook.write_text(f"#!/bin/sh\n{shlex.join(kit.argv('version'))} > {tmp_path}/told 2>&1\n")
    hook.chmod(0o755)
    origin("worktree", "add", "--quiet", str(tmp_path / "tree"), "topic")
    for folder in (origin.folder, tmp_path / "tree"):
        Repository(folder, new=False).commit("fix: more")
        assert (tmp_path / "told").read_text().splitlines()[-1].startswith("1."), (tmp_path / "told").read_text()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_a_repository_of_another_user_says_which_to_trust(origin: Repository) -> None:
    for path in (origin.folder, origin.folder / ".git"):
        os.chown(path, 65534, 65534)
    (origin.folder / "below").mkdir()
    home = origin.folder.parent / "home"
    home.mkdir()
    environ = {"PATH": os.environ["PATH"], "HOME": str(home)}
    with pytest.raises(Failure) as refused:
        Git(origin.folder / "below", Runner(environ)).state()
    assert refused.value.kind == "git.unsafe"
    (line,) = [note.text for note in refused.value.notes if note.label == "fix"]
    subprocess.run(["sh", "-c", line], env=environ, check=True)
    assert told(Git(origin.folder / "below", Runner(environ)).state())[0] == "v1.0.0"
    (home / ".gitconfig").unlink()
    named = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": str(origin.folder)}
    assert told(Git(origin.folder, Runner(environ), named).state())[0] == "v1.0.0"


def test_a_shallow_clone_is_known_as_one(origin: Repository, tmp_path: Path) -> None:
    state = origin.clone(tmp_path / "clone", "--depth=1").git.state()
    assert (state.shallow, state.has_tags, told(state)) == (True, False, ("", ["fix: second"]))


def test_a_clone_without_tags_is_known_as_one(origin: Repository, tmp_path: Path) -> None:
    state = origin.clone(tmp_path / "clone", "--no-tags").git.state()
    assert (state.shallow, state.has_tags, state.latest, state.fetched) == (False, False, None, "left out")


@pytest.mark.parametrize("kind", ["blob:none", "tree:0"])
def test_a_partial_clone_is_read_without_the_network(origin: Repository, tmp_path: Path, kind: str) -> None:
    origin("config", "uploadpack.allowFilter", "true")
    origin("tag", "v9.9.9", "HEAD:a")  # of a file, so it is not even in the clone
    clone = origin.clone(tmp_path / "clone", f"--filter={kind}")
    clone("tag", "--delete", "v9.9.9")
    (clone.folder / "a").write_text("changed")
    shutil.move(origin.folder, tmp_path / "gone")
    state = clone.git.state()
    assert (told(state), state.dirty) == (("v1.0.0", ["fix: second"]), 1)


def test_a_partial_clone_has_its_changed_paths_without_the_network(origin: Repository, tmp_path: Path) -> None:
    origin("config", "uploadpack.allowFilter", "true")
    origin("merge", "--quiet", "--no-ff", "topic", "--message", "merge")
    clone = origin.clone(tmp_path / "clone", "--filter=blob:none", "--no-checkout")
    shutil.move(origin.folder, tmp_path / "gone")
    assert [one.paths for one in clone.git.states({"": "v"}, paths=True)[""].since] == [("b",), ("b",), ("a",)]


def test_a_partial_clone_without_folders_says_how_to_have_them(origin: Repository, tmp_path: Path) -> None:
    origin("config", "uploadpack.allowFilter", "true")
    clone = origin.clone(tmp_path / "clone", "--filter=tree:0")
    with pytest.raises(Failure) as refused:
        clone.git.states({"": "v"}, paths=True)
    assert refused.value.kind == "git.partial"
    (line,) = [note.text for note in refused.value.notes if note.label == "fix"]
    clone(*line.split()[1:])
    assert [one.paths for one in clone.git.states({"": "v"}, paths=True)[""].since] == [("a",)]


@pytest.mark.parametrize(("option", "needs"), [("--object-format=sha256", "2.29"), ("--ref-format=reftable", "2.45")])
def test_another_format_of_repository(tmp_path: Path, option: str, needs: str) -> None:
    try:
        repository = Repository(tmp_path, option)
    except subprocess.CalledProcessError:
        pytest.skip(f"this git is older than {needs} and can't make such a repository")
    repository.commit("feat: a")
    repository("tag", "--annotate", "v1.0.0", "--message", "x")
    head = repository.commit("fix: b")
    state = repository.git.state()
    assert (state.commit, told(state)) == (head, ("v1.0.0", ["fix: b"]))
    assert repository.git.is_ancestor(state.since[0].parents[0], head)


def test_a_format_that_this_git_does_not_know_says_so(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit("feat: a")
    repository("config", "core.repositoryFormatVersion", "1")
    repository("config", "extensions.tomorrow", "true")
    with pytest.raises(Failure) as refused:
        repository.git.state()
    assert refused.value.kind == "git.old"


def test_what_only_this_clone_replaces_or_grafts_does_not_count(origin: Repository) -> None:
    other = origin.commit("fix: third")
    expected = told(origin.git.state())
    origin("replace", "--graft", other)
    (origin.folder / ".git" / "info" / "grafts").write_text(f"{other}\n")
    assert told(origin.git.state()) == expected == ("v1.0.0", ["fix: third", "fix: second"])


def test_objects_of_another_repository_are_read(origin: Repository, tmp_path: Path) -> None:
    borrowed = origin.clone(tmp_path / "clone", "--shared")
    origin("clone", "--quiet", "--shared", str(origin.folder), str(tmp_path / "shared"))
    borrowed = Repository(tmp_path / "shared", new=False)
    assert (borrowed.folder / ".git" / "objects" / "info" / "alternates").exists()
    assert told(borrowed.git.state()) == ("v1.0.0", ["fix: second"])


def broken_head(repository: Repository) -> None:
    (repository.folder / ".git" / "HEAD").unlink()


def lost_commit(repository: Repository) -> None:
    (repository.folder / ".git" / "refs" / "heads" / "main").write_text("1" * 40 + "\n")


def unborn(repository: Repository) -> None:
    repository("checkout", "--quiet", "--orphan", "fresh")


def damaged_configuration(repository: Repository) -> None:
    (repository.folder / ".git" / "config").write_text("[core")


@pytest.mark.parametrize(
    ("damage", "kind", "words"),
    [
        (broken_head, "git.missing", "is not in a git repository"),
        (lost_commit, "git.broke", "HEAD names a commit that is not here"),
        (unborn, "git.empty", "the branch fresh has no commit"),
        (damaged_configuration, "git.broke", "git could not read this repository"),
    ],
)
def test_a_damaged_repository_says_so(
    origin: Repository, damage: Callable[[Repository], None], kind: str, words: str
) -> None:
    damage(origin)
    with pytest.raises(Failure) as refused:
        origin.git.state()
    assert (refused.value.kind, words in refused.value.headline) == (kind, True)


def test_a_git_that_does_not_take_our_settings_is_refused(origin: Repository, tmp_path: Path) -> None:
    """As git before 2.31, which would run whatever the repository names."""
    old = tmp_path / "bin" / "git"
    old.parent.mkdir()
    old.write_text(f'#!/bin/sh\nunset GIT_CONFIG_COUNT\nexec {shutil.which("git")} "$@"\n')
    old.chmod(0o755)
    environ = {**IDENTITY, "HOME": str(tmp_path), "PATH": f"{old.parent}:{os.environ['PATH']}"}
    with pytest.raises(Failure) as refused:
        Git(origin.folder, Runner(environ)).state()
    assert refused.value.kind == "git.old"
