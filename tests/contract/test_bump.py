"""``bump`` on real repositories with a real remote: one commit, one tag, all or none, and a kill at every moment."""

from __future__ import annotations

import shutil
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from tests.world.bumping import CHANGELOG, FILES, PYPROJECT, Project, at, project, tags
from tests.world.git_server import GitServer
from tests.world.kit import Kit
from tests.world.repository import Repository

EXAMPLES = Path(__file__).parents[2] / "examples" / "configuration"


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    return project(tmp_path)


def assert_released(shop: Project, version: str = "1.1.0") -> None:
    """Remote and clone have the release, once, and nothing else has changed."""
    tag = f"v{version}"
    assert tags(shop.remote) == ["v1.0.0", tag]
    assert at(shop.remote, "main") == at(shop.remote, f"{tag}^{{commit}}")
    assert at(shop.work, "HEAD") == at(shop.remote, "main")
    assert at(shop.work, tag) == at(shop.remote, tag)
    assert shop.work("symbolic-ref", "HEAD").strip() == "refs/heads/main"
    assert shop.work("status", "--porcelain") == ""
    assert shop.work("log", "--format=%s", "-2").splitlines() == [f"chore(release): {version}", "fix: a typo"]
    assert not (shop.work.folder / ".git" / "pipeline-kit-bump.json").exists()


def assert_untouched(shop: Project, before: dict[str, str]) -> None:
    assert snapshot(shop) == before


def snapshot(shop: Project) -> dict[str, str]:
    """All that a bump may change here: refs, index, files."""
    git = shop.work.folder / ".git"
    return {
        "refs": shop.work("for-each-ref", "refs/heads", "refs/tags"),
        "head": shop.work("rev-parse", "HEAD"),
        "index": shop.work("ls-files", "--stage"),
        "status": shop.work("status", "--porcelain"),
        "changelog": (shop.work.folder / "CHANGELOG.md").read_text(),
        "ours": " ".join(sorted(path.name for path in git.iterdir() if path.name.startswith("pipeline-kit"))),
    }


def test_a_release_is_one_commit_and_one_tag(shop: Project) -> None:
    run = shop.kit("bump", *FILES, "--notes", ".pipeline-kit/notes.md")
    assert run.code == 0, run.stderr
    assert run.result == "v1.1.0"
    assert_released(shop)
    assert (shop.work.folder / "pyproject.toml").read_text() == PYPROJECT.replace("1.0.0", "1.1.0")
    changelog = (shop.work.folder / "CHANGELOG.md").read_text()
    assert "## [Unreleased]\n\n## [1.1.0] - 20" in changelog
    assert "- By hand.\n- **web:** greet people (\\#12)" in changelog
    assert "### Features\n\n- **web:** greet people" in (shop.work.folder / ".pipeline-kit" / "notes.md").read_text()
    assert shop.work("cat-file", "-t", "v1.1.0").strip() == "tag"
    assert shop.work("log", "-1", "--format=%an <%ae> %cn").strip() == "Release <release@example.com> Release"


def test_a_second_run_makes_no_second_release_and_says_so(shop: Project) -> None:
    assert shop.kit("bump", *FILES).code == 0
    again = shop.kit("bump", *FILES, "--notes", ".pipeline-kit/notes.md")
    assert (again.code, again.result) == (0, "v1.1.0")
    assert "nothing to do: v1.1.0 is on this commit, and origin has it" in again.line("bump")
    assert "greet people" in (shop.work.folder / ".pipeline-kit" / "notes.md").read_text()
    assert_released(shop)


def test_json_has_all_of_it(shop: Project) -> None:
    made = shop.kit("bump", *FILES, "--format", "json").json
    (noted,) = made["releases"]
    assert (noted["release"]["version"], noted["release"]["tag"]) == ("1.1.0", "v1.1.0")
    assert "greet people" in noted["notes"]
    assert [file["path"] for file in made["files"]] == ["CHANGELOG.md", "pyproject.toml"]
    assert made["commit"] == at(shop.remote, "main")
    assert made["refs"] == [f"{made['commit']}:refs/heads/main", f"{at(shop.remote, 'v1.1.0')}:refs/tags/v1.1.0"]
    assert (made["made"], made["pushed"], made["message"]) == (True, True, "chore(release): 1.1.0\n")


def test_a_dry_run_shows_everything_and_needs_nothing(shop: Project) -> None:
    shop.work("config", "--unset", "user.name")
    shop.work("remote", "set-url", "origin", "https://registry.invalid/shop.git")
    before = snapshot(shop)
    run = shop.kit("bump", "--dry-run", *FILES)
    assert run.code == 0, run.stderr
    assert '-version = "1.0.0" # the version\n+version = "1.1.0" # the version' in run.stdout
    assert (
        "commit   chore(release): 1.1.0\ntag      v1.1.0\npush     origin (https://registry.invalid/shop.git)"
        in run.stdout
    )
    assert run.stdout.endswith("         refs/heads/main\n         refs/tags/v1.1.0\n")
    assert_untouched(shop, before)
    assert not (shop.work.folder / ".pipeline-kit" / "run.json").exists()


KILLS = [
    (word, when)
    for word in ("ls-remote", "var", "read-tree", "write-tree", "commit-tree", "mktag", "push")
    for when in ("before", "after")
] + [(word, when) for word in ("diff-tree", "update-index", "update-ref") for when in ("before", "after")]


@pytest.mark.parametrize(("word", "when"), KILLS)
def test_a_kill_at_any_moment_is_completed_by_the_next_run(shop: Project, word: str, when: str) -> None:
    assert shop.killed(word, when, "bump", *FILES) == -9
    names = tags(shop.remote)
    assert names == ["v1.0.0"] or at(shop.remote, "main") == at(shop.remote, "v1.1.0^{commit}"), "half pushed"
    again = shop.kit("bump", *FILES)
    assert again.code == 0, again.stderr
    assert_released(shop)


@pytest.mark.parametrize(
    ("word", "when"), [("update-index", "after"), ("update-ref", "before"), ("update-ref", "after")]
)
def test_a_kill_while_nothing_is_pushed_is_completed_too(shop: Project, word: str, when: str) -> None:
    assert shop.killed(word, when, "bump", *FILES, "--no-push") == -9
    again = shop.kit("bump", *FILES, "--no-push")
    assert again.code == 0, again.stderr
    assert tags(shop.work) == ["v1.0.0", "v1.1.0"]
    assert at(shop.work, "v1.1.0^{commit}") == at(shop.work, "main")
    assert shop.work("status", "--porcelain") == ""
    assert tags(shop.remote) == ["v1.0.0"]


@pytest.mark.parametrize(("word", "when"), [("push", "before"), ("push", "after"), ("update-ref", "before")])
def test_a_kill_leaves_what_a_tag_alone_needs_too(shop: Project, word: str, when: str) -> None:
    assert shop.killed(word, when, "bump") == -9
    again = shop.kit("bump")
    assert again.code == 0, again.stderr
    assert tags(shop.remote) == tags(shop.work) == ["v1.0.0", "v1.1.0"]
    assert at(shop.work, "v1.1.0^{commit}") == at(shop.work, "HEAD") == at(shop.remote, "main")


def test_a_kill_before_the_push_changes_nothing_that_a_person_sees(shop: Project) -> None:
    before = snapshot(shop)
    assert shop.killed("push", "before", "bump", *FILES) == -9
    assert_untouched(shop, before | {"ours": "pipeline-kit-bump.json"})


def test_after_a_kill_others_may_release_first(shop: Project, tmp_path: Path) -> None:
    assert shop.killed("push", "before", "bump", *FILES) == -9
    other = shop.clone(tmp_path / "other")
    other.work("config", "user.name", "Somebody else")
    assert other.kit("bump", *FILES).code == 0
    lost = shop.kit("bump", *FILES)
    assert lost.code == 1
    assert "main of origin has commits that are not here" in lost.stderr
    assert "git pull --ff-only --tags origin main" in lost.stderr
    shop.work("pull", "--quiet", "--ff-only", "--tags")
    assert "nothing to do: v1.1.0" in shop.kit("bump", *FILES).line("bump")


def test_of_two_at_once_one_wins_and_the_other_says_so(shop: Project, tmp_path: Path) -> None:
    other = shop.clone(tmp_path / "other")
    before = snapshot(other)
    running = [one.kit.start("bump", *FILES) for one in (shop, other)]
    ended = [(process.communicate(timeout=60), process.returncode) for process in running]
    assert sorted(code for _, code in ended) == [0, 1], ended
    loser = other if ended[1][1] else shop
    winner = shop if loser is other else other
    words = ended[1 if loser is other else 0][0][1]
    lost = ("somebody pushed to main first", "did not take the tag", "main of origin has commits that are not here")
    assert any(said in words for said in lost)
    assert "nothing was changed here" in words or "Nothing was pushed" in words
    assert_released(winner)
    assert_untouched(loser, before)


def test_a_lost_race_changes_nothing_and_goes_on_from_the_new_base(shop: Project, tmp_path: Path) -> None:
    other = shop.clone(tmp_path / "other")
    other.work.commit("feat: somebody was quicker")
    other.work("push", "--quiet", "origin", "main")
    before = snapshot(shop)
    lost = shop.kit("bump", *FILES)
    assert lost.code == 1
    assert "somebody pushed to main first" in lost.stderr
    assert "git pull --ff-only origin main" in lost.stderr
    assert lost.stderr.rstrip().endswith("Exit 1. More: pipeline-kit explain bump.raced")
    assert_untouched(shop, before)
    assert tags(shop.remote) == ["v1.0.0"]
    shop.work("pull", "--quiet", "--ff-only", "origin", "main")
    assert shop.kit("bump", *FILES).code == 0
    assert "somebody was quicker" in (shop.work.folder / "CHANGELOG.md").read_text()


def hook(shop: Project, name: str, text: str) -> None:
    path = shop.remote.folder / "hooks" / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.mark.parametrize("name", ["update", "pre-receive"])
def test_a_protected_branch_takes_neither_commit_nor_tag(shop: Project, name: str) -> None:
    refuse = 'case "$1" in refs/heads/*) echo "protected"; exit 1;; esac'
    hook(
        shop,
        name,
        refuse if name == "update" else 'while read old new ref; do case "$ref" in refs/heads/*) exit 1;; esac; done',
    )
    before = snapshot(shop)
    refused = shop.kit("bump", *FILES)
    assert refused.code == 1
    assert "origin takes no commit on main from us" in refused.stderr
    assert "--no-commit tags the commit that is there" in refused.stderr
    assert_untouched(shop, before)
    assert tags(shop.remote) == ["v1.0.0"]
    alone = shop.kit("bump", "--no-commit", *FILES)
    assert alone.code == 0, alone.stderr
    assert at(shop.remote, "v1.1.0^{commit}") == at(shop.work, "HEAD") == at(shop.remote, "main")
    assert shop.work("status", "--porcelain") == ""


def test_a_rule_for_tags_is_told_apart(shop: Project) -> None:
    hook(shop, "update", 'case "$1" in refs/tags/*) echo "no tags"; exit 1;; esac')
    before = snapshot(shop)
    refused = shop.kit("bump", *FILES)
    assert (refused.code, "origin did not take the tag v1.1.0" in refused.stderr) == (1, True)
    assert_untouched(shop, before)
    assert at(shop.remote, "main") == at(shop.work, "main")


def test_a_remote_that_can_not_take_both_together_is_named(shop: Project) -> None:
    shop.remote("config", "receive.advertiseAtomic", "false")
    before = snapshot(shop)
    refused = shop.kit("bump", *FILES)
    assert (refused.code, "origin can't take commit and tag together" in refused.stderr) == (64, True)
    assert_untouched(shop, before)


def test_a_remote_that_is_not_there_is_seen_first(shop: Project) -> None:
    shop.work("remote", "set-url", "origin", str(shop.remote.folder.parent / "nowhere.git"))
    before = snapshot(shop)
    refused = shop.kit("bump", *FILES)
    assert (refused.code, "origin could not be reached" in refused.stderr) == (1, True)
    assert_untouched(shop, before)


def test_changed_files_are_refused_and_new_ones_left_alone(shop: Project) -> None:
    (shop.work.folder / "pyproject.toml").write_text("mine\n")
    dirty = shop.kit("bump", *FILES)
    assert (dirty.code, "1 changed file" in dirty.stderr) == (64, True)
    assert (shop.work.folder / "pyproject.toml").read_text() == "mine\n"
    shop.work("checkout", "--quiet", ".")
    (shop.work.folder / "new file").write_text("mine\n")
    assert shop.kit("bump", *FILES).code == 0
    assert shop.work("status", "--porcelain") == '?? "new file"\n'
    assert (shop.work.folder / "new file").read_text() == "mine\n"


def test_a_file_that_git_does_not_know_is_not_written_over(shop: Project) -> None:
    (shop.work.folder / "NEWS.md").write_text("mine\n")
    before = snapshot(shop)
    refused = shop.kit("bump", "--changelog", "NEWS.md")
    assert (refused.code, "NEWS.md is here, but not in HEAD" in refused.stderr) == (64, True)
    assert_untouched(shop, before)


def test_a_file_changed_while_the_release_was_pushed_is_kept(shop: Project) -> None:
    """The remote's hook writes into the clone: the moment between the push and what follows it here."""
    file = shop.work.folder / "CHANGELOG.md"
    hook(shop, "post-receive", f"echo mine > '{file}'")
    run = shop.kit("bump", *FILES)
    assert run.code == 0, run.stderr
    assert "CHANGELOG.md was changed in the meantime; it is left as it is" in run.stderr
    assert file.read_text() == "mine\n"
    assert shop.work("status", "--porcelain") == " M CHANGELOG.md\n"
    assert at(shop.work, "HEAD") == at(shop.remote, "main")


def test_a_locked_index_is_told_and_completed_later(shop: Project) -> None:
    lock = shop.work.folder / ".git" / "index.lock"
    lock.touch()
    stuck = shop.kit("bump", *FILES)
    assert (stuck.code, "this working tree could not follow" in stuck.stderr) == (1, True)
    assert tags(shop.remote) == ["v1.0.0", "v1.1.0"]
    lock.unlink()
    assert shop.kit("bump", *FILES).code == 0
    assert_released(shop)


def test_a_ci_that_repeats_a_run_finds_the_release_that_it_made(shop: Project, tmp_path: Path) -> None:
    """It checks out the same commit again, without its branch."""
    commit = at(shop.work, "HEAD")
    assert shop.kit("bump", *FILES).code == 0
    again = shop.clone(tmp_path / "again")
    again.work("checkout", "--quiet", "--detach", commit)
    run = again.kit("bump", *FILES)
    assert (run.code, run.result) == (0, "v1.1.0"), run.stderr
    assert at(again.work, "HEAD") == at(shop.remote, "main")
    assert again.work("status", "--porcelain") == ""
    assert tags(shop.remote) == ["v1.0.0", "v1.1.0"]


def test_a_commit_that_changes_more_is_no_release_of_ours(shop: Project, tmp_path: Path) -> None:
    base = at(shop.work, "HEAD")
    (shop.work.folder / "code").write_text("x\n")
    shop.work("add", ".")
    shop.work.commit("feat: more")
    shop.work("tag", "v1.1.0")
    shop.work("push", "--quiet", "origin", "main", "v1.1.0")
    shop.work("checkout", "--quiet", "--detach", base)
    refused = shop.kit("bump", *FILES)
    assert refused.code == 64
    assert "v1.1.0" in refused.stderr
    assert at(shop.work, "HEAD") == base


def test_without_a_branch_there_is_nowhere_for_the_commit(shop: Project) -> None:
    shop.work("checkout", "--quiet", "--detach")
    refused = shop.kit("bump", *FILES)
    assert (refused.code, "HEAD is on no branch" in refused.stderr) == (64, True)
    assert shop.kit("bump", "--no-commit", *FILES).code == 0


def test_azure_pipelines_checks_out_no_branch_and_names_it(shop: Project) -> None:
    shop.work("checkout", "--quiet", "--detach")
    azure = {"TF_BUILD": "True", "BUILD_REASON": "IndividualCI", "BUILD_SOURCEBRANCH": "refs/heads/main"}
    azure |= {"BUILD_SOURCEBRANCHNAME": "main", "AGENT_TEMPDIRECTORY": str(shop.remote.folder.parent)}
    run = shop.kit("bump", *FILES, **azure)
    assert run.code == 0, run.stderr
    assert at(shop.remote, "main") == at(shop.work, "HEAD") == at(shop.remote, "v1.1.0^{commit}")
    assert shop.work("status", "--porcelain") == ""


def test_a_pull_request_makes_nothing(shop: Project, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(
        '{"pull_request": {"number": 3, "head": {"ref": "x", "repo": {"fork": false}}, "base": {"ref": "main"}}}'
    )
    github = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event)}
    github |= {"GITHUB_REF": "refs/pull/3/merge", "GITHUB_BASE_REF": "main", "GITHUB_HEAD_REF": "x"}
    github |= {"PIPELINE_KIT_VERSION_CHANNELS": "main=stable"}
    before = snapshot(shop)
    run = shop.kit("bump", *FILES, **github)
    assert (run.code, run.stdout) == (0, "")
    assert "pull request; main would release v1.1.0" in run.stderr
    dry = shop.kit("bump", "--dry-run", *FILES, **github)
    assert (dry.code, dry.stdout, "main would release v1.1.0" in dry.stderr) == (0, "", True)
    assert_untouched(shop, before)


def test_a_plan_of_a_run_with_a_release_says_what_is_released(shop: Project) -> None:
    before = snapshot(shop)
    run = shop.kit(
        "run", "--release", "--dry-run", "--local", "--until", "version", "--set", "bump.files=pyproject.toml"
    )
    assert run.code == 0, run.stderr
    assert run.stdout.splitlines()[1] == "bump     change 1 file, commit, and push v1.1.0"
    assert_untouched(shop, before)


def test_nothing_to_release_is_no_failure(shop: Project) -> None:
    assert shop.kit("bump", *FILES).code == 0
    shop.work.commit("docs: say it")
    before = snapshot(shop)
    for options in ((), ("--dry-run",), ("--format", "json"), ("--notes", ".pipeline-kit/notes.md")):
        nothing = shop.kit("bump", *FILES, *options)
        assert (nothing.code, nothing.stdout) == (0, ""), nothing.stderr
        assert "nothing to release since 1.1.0 (1 commit: 1 other); " in nothing.line("bump")
        assert "release all the same: pipeline-kit bump --as patch" in nothing.line("bump")
    assert_untouched(shop, before)
    plan = shop.kit("run", "--release", "--dry-run", "--local", "--until", "tag")
    assert plan.code == 0, plan.stderr
    assert "  nothing to release since 1.1.0" in plan.stdout
    assert "1.1.1-main.1" in plan.stdout
    assert (
        shop.kit("bump", *FILES, "--allow-empty", "--dry-run", "--format", "json").json["releases"][0]["release"][
            "version"
        ]
        == "1.1.1"
    )


@pytest.mark.parametrize(
    ("asked", "version"),
    [
        (("--as", "major"), "2.0.0"),
        (("--to", "v3.1.4"), "3.1.4"),
        (("--pre", "rc"), "1.1.0-rc.1"),
        (("--as", "major", "--pre", "beta"), "2.0.0-beta.1"),
    ],
)
def test_what_is_asked_for_wins_over_the_commits(shop: Project, asked: tuple[str, ...], version: str) -> None:
    run = shop.kit("bump", *asked, *FILES)
    assert (run.code, run.result) == (0, f"v{version}"), run.stderr
    assert f'version = "{version}"' in (shop.work.folder / "pyproject.toml").read_text()
    assert shop.kit("bump", *asked, *FILES).result == f"v{version}"


def test_a_pre_release_becomes_the_release_on_the_same_commit(shop: Project) -> None:
    assert shop.kit("bump", "--pre", "rc").result == "v1.1.0-rc.1"
    assert shop.kit("bump").result == "v1.1.0"
    assert at(shop.remote, "v1.1.0^{commit}") == at(shop.remote, "v1.1.0-rc.1^{commit}") == at(shop.remote, "main")


def test_without_push_nothing_leaves_and_the_next_run_completes(shop: Project) -> None:
    made = shop.kit("bump", *FILES, "--no-push")
    assert made.code == 0, made.stderr
    assert "not pushed" in made.line("bump")
    assert tags(shop.remote) == ["v1.0.0"]
    assert shop.kit("bump", *FILES).code == 0
    assert_released(shop)


def test_packages_are_released_together(shop: Project) -> None:
    for name in ("web", "api"):
        (shop.work.folder / name).mkdir()
        (shop.work.folder / name / "VERSION").write_text("0.0.0\n")
    (shop.work.folder / "pipeline-kit.yml").write_text("packages: { web: { path: web }, api: { path: api } }\n")
    shop.work("add", ".")
    shop.work.commit("feat: two packages")
    shop.work("push", "--quiet", "origin", "main")
    asked = ("bump", "--all-packages", "--file", "VERSION", "--changelog", "CHANGELOG.md")
    run = shop.kit(*asked)
    assert run.code == 0, run.stderr
    assert run.result.splitlines() == ["web-v0.1.0", "api-v0.1.0"]
    assert (shop.work.folder / "web" / "VERSION").read_text() == "0.1.0\n"
    assert (shop.work.folder / "api" / "CHANGELOG.md").read_text().startswith("# Changelog\n")
    assert (shop.work.folder / "CHANGELOG.md").read_text() == CHANGELOG
    assert at(shop.remote, "web-v0.1.0^{commit}") == at(shop.remote, "api-v0.1.0^{commit}") == at(shop.remote, "main")
    assert "nothing to do" in shop.kit(*asked).line("bump")
    (shop.work.folder / "web" / "more").write_text("x\n")
    shop.work("add", ".")
    shop.work.commit("fix: the web alone")
    one = shop.kit("bump", "--all-packages", "--file", "VERSION")
    assert one.result == "web-v0.1.1", one.stderr
    assert "nothing to do" in shop.kit("bump", "--all-packages", "--file", "VERSION").line("bump")


def test_two_releases_on_a_commit_are_told_as_two(shop: Project) -> None:
    (shop.work.folder / "pipeline-kit.yml").write_text("packages: { web: { path: web }, api: { path: api } }\n")
    shop.work.write("web/a", "x", "feat: web")
    shop.work.write("api/a", "x", "feat: api")
    shop.work("push", "--quiet", "origin", "main")
    assert shop.kit("bump", "--all-packages").code == 0
    again = shop.kit("bump", "--all-packages").line("bump")
    assert "nothing to do: web-v0.1.0 api-v0.1.0 are on this commit, and origin has them" in again


def test_a_file_that_is_changelog_and_version_file_is_refused(shop: Project) -> None:
    before = snapshot(shop)
    refused = shop.kit("bump", "--changelog", "CHANGELOG.md", "--file", "CHANGELOG.md")
    assert (refused.code, snapshot(shop)) == (64, before)
    assert "CHANGELOG.md is asked for as the changelog and as a version file" in refused.stderr


def test_line_ends_that_git_converts_stay_as_they_lie(shop: Project) -> None:
    shop.work("config", "core.autocrlf", "true")
    file = shop.work.folder / "CHANGELOG.md"
    file.unlink()
    shop.work("checkout", "--quiet", ".")
    assert b"\r\n" in file.read_bytes()
    assert shop.kit("bump", *FILES).code == 0
    assert file.read_bytes().count(b"\n") == file.read_bytes().count(b"\r\n") > 10
    assert "\r" not in shop.work("show", "HEAD:CHANGELOG.md")
    assert shop.work("status", "--porcelain") == ""


def test_a_link_out_of_the_repository_is_not_followed(shop: Project, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("mine\n")
    (shop.work.folder / "NEWS.md").symlink_to(outside)
    (shop.work.folder / "docs").symlink_to(tmp_path)
    shop.work("add", ".")
    shop.work.commit("docs: links")
    for path in ("NEWS.md", "docs/outside.md", "../outside.md", "/etc/passwd", ".git/config"):
        refused = shop.kit("bump", "--changelog", path, "--no-push")
        assert (refused.code, "bump.file" in refused.stderr) == (64, True), path
        notes = shop.kit("bump", "--notes", path, "--no-push")
        assert (notes.code, "bump.file" in notes.stderr) == (64, True), path
    assert outside.read_text() == "mine\n"
    assert tags(shop.work) == ["v1.0.0"]


def test_a_repository_in_a_worktree_is_released_as_well(shop: Project, tmp_path: Path) -> None:
    shop.work("checkout", "--quiet", "--detach")
    shop.work("worktree", "add", "--quiet", str(tmp_path / "tree"), "main")
    tree = Repository(tmp_path / "tree", new=False)
    run = Kit(tree.folder, shop.kit.environ)("bump", *FILES)
    assert run.code == 0, run.stderr
    assert at(tree, "HEAD") == at(shop.remote, "main")
    assert tree("status", "--porcelain") == ""


class TestSigning:
    @pytest.fixture(autouse=True)
    def _program(self) -> None:
        if shutil.which("ssh-keygen") is None:
            pytest.skip("ssh-keygen is not installed")

    def key(self, tmp_path: Path) -> None:
        key = tmp_path / "key"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
        (tmp_path / ".gitconfig").write_text(f"[gpg]\n\tformat = ssh\n[user]\n\tsigningKey = {key}\n")

    def test_commit_and_tag_are_signed_when_asked(self, shop: Project, tmp_path: Path) -> None:
        self.key(tmp_path)
        # The repository's own word on programs doesn't count.
        shop.work("config", "gpg.ssh.program", "/nowhere")
        shop.work("config", "gpg.ssh.defaultKeyCommand", "/nowhere")
        run = shop.kit("bump", *FILES, "--sign", HOME=str(tmp_path))
        assert run.code == 0, run.stderr
        assert "SSH SIGNATURE" in shop.work("cat-file", "tag", "v1.1.0")
        assert "SSH SIGNATURE" in shop.work("cat-file", "commit", "HEAD")
        assert_released(shop)

    def test_nothing_is_signed_unasked(self, shop: Project, tmp_path: Path) -> None:
        self.key(tmp_path)
        shop.work("config", "commit.gpgSign", "true")
        shop.work("config", "tag.gpgSign", "true")
        assert shop.kit("bump", *FILES, HOME=str(tmp_path)).code == 0
        assert "SIGNATURE" not in shop.work("cat-file", "tag", "v1.1.0") + shop.work("cat-file", "commit", "HEAD")

    @pytest.mark.parametrize(
        ("word", "when"), [("tag", "before"), ("tag", "after"), ("-d", "before"), ("push", "before")]
    )
    def test_a_kill_while_signing_is_completed(self, shop: Project, tmp_path: Path, word: str, when: str) -> None:
        self.key(tmp_path)
        assert shop.killed(word, when, "bump", *FILES, "--sign") == -9
        assert shop.kit("bump", *FILES).code == 0
        assert_released(shop)

    def test_a_failed_signature_changes_nothing(self, shop: Project, tmp_path: Path) -> None:
        (tmp_path / ".gitconfig").write_text("[gpg]\n\tformat = ssh\n[user]\n\tsigningKey = /nowhere\n")
        before = snapshot(shop)
        refused = shop.kit("bump", *FILES, "--sign", HOME=str(tmp_path))
        assert (refused.code, "bump.sign" in refused.stderr) == (1, True)
        assert_untouched(shop, before)


def test_nothing_that_the_repository_names_is_run(shop: Project, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\necho \"$0 $@\" >> '{ran}'\nexit 1\n")
    program.chmod(0o755)
    for name in ("pre-commit", "commit-msg", "post-commit", "pre-push", "reference-transaction", "post-index-change"):
        (shop.work.folder / ".git" / "hooks" / name).write_text(f"#!/bin/sh\nexec '{program}'\n")
        (shop.work.folder / ".git" / "hooks" / name).chmod(0o755)
    for key in ("gpg.program", "gpg.ssh.program", "core.sshCommand", "core.askPass", "core.fsmonitor", "core.editor"):
        shop.work("config", key, str(program))
    shop.work("config", "credential.helper", f"!{program}")
    shop.work("config", "remote.origin.receivepack", str(program))
    shop.work("config", "remote.origin.uploadpack", str(program))
    shop.work("config", "filter.evil.clean", str(program))
    shop.work("config", "filter.evil.smudge", str(program))
    (shop.work.folder / ".git" / "info" / "attributes").write_text("* filter=evil\n")
    run = shop.kit("bump", *FILES)
    assert run.code == 0, run.stderr
    assert not ran.exists(), ran.read_text()
    assert at(shop.work, "HEAD") == at(shop.remote, "main")


def test_without_an_identity_the_ci_s_own_account_commits(shop: Project) -> None:
    shop.work("config", "--unset", "user.name")
    shop.work("config", "--unset", "user.email")
    refused = shop.kit("bump", *FILES)
    assert (refused.code, "git config user.name NAME" in refused.stderr) == (64, True)
    github = {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/main", "GITHUB_EVENT_NAME": "push"}
    assert shop.kit("bump", *FILES, **github).code == 0
    assert shop.work("log", "-1", "--format=%cn").strip() == "github-actions[bot]"


def test_hostile_commits_stay_words(shop: Project) -> None:
    shop.work.commit(
        "feat: <img src=x onerror=y> [a](http://evil.example) @everyone ##vso[task.complete] \u202ereversed\n\n"
        "BREAKING CHANGE: ![i](http://evil.example/x.png) ${{ secrets.X }}"
    )
    run = shop.kit("bump", *FILES, "--no-push", "--notes", ".pipeline-kit/notes.md")
    assert run.code == 0, run.stderr
    for text in (
        (shop.work.folder / "CHANGELOG.md").read_text(),
        (shop.work.folder / ".pipeline-kit" / "notes.md").read_text(),
    ):
        assert "<img" not in text
        assert "](http" not in text
        assert "`@everyone`" in text
        assert "\u202e" not in text


class TestOverHttp:
    """The remote is a server that knows who asks."""

    TOKEN = "a-token-of-the-job"
    HEADER = "basic " + b64encode(f"x-access-token:{TOKEN}".encode()).decode()

    def github(self, server: GitServer) -> dict[str, str]:
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_SERVER_URL": server.url.rstrip("/"),
            "PIPELINE_KIT_GITHUB_TOKEN": self.TOKEN,
        }

    def test_the_job_s_token_pushes_and_stays_in_memory(self, shop: Project) -> None:
        with GitServer(shop.remote.folder.parent, self.HEADER).running() as server:
            shop.work("remote", "set-url", "origin", f"{server.url}remote.git")
            run = shop.kit("bump", *FILES, **self.github(server))
            assert run.code == 0, run.stderr
            assert "nothing to do" in shop.kit("bump", *FILES, **self.github(server)).stderr
        assert_released(shop)
        assert self.TOKEN not in (shop.work.folder / ".git" / "config").read_text() + run.stderr + run.stdout

    def test_azure_pipelines_has_one_too(self, shop: Project) -> None:
        with GitServer(shop.remote.folder.parent, f"bearer {self.TOKEN}").running() as server:
            shop.work("remote", "set-url", "origin", f"{server.url}remote.git")
            azure = {"TF_BUILD": "True", "BUILD_REASON": "IndividualCI", "BUILD_SOURCEBRANCH": "refs/heads/main"}
            azure |= {"SYSTEM_COLLECTIONURI": server.url, "SYSTEM_ACCESSTOKEN": self.TOKEN}
            run = shop.kit("bump", *FILES, AGENT_TEMPDIRECTORY=str(shop.remote.folder.parent), **azure)
        assert run.code == 0, run.stderr
        assert_released(shop)

    def test_no_other_server_gets_it(self, shop: Project) -> None:
        with GitServer(shop.remote.folder.parent).running() as server:
            shop.work("remote", "set-url", "origin", f"{server.url}remote.git")
            elsewhere = self.github(server) | {"GITHUB_SERVER_URL": "https://github.com"}
            assert shop.kit("bump", *FILES, **elsewhere).code == 0
            assert set(server.seen) == {""}

    def test_what_the_checkout_left_is_preferred(self, shop: Project) -> None:
        with GitServer(shop.remote.folder.parent, "basic b3duZXI=").running() as server:
            shop.work("remote", "set-url", "origin", f"{server.url}remote.git")
            shop.work("config", f"http.{server.url}.extraheader", "AUTHORIZATION: basic b3duZXI=")
            assert shop.kit("bump", *FILES, **self.github(server)).code == 0

    def test_nobody_is_asked_for_a_password(self, shop: Project) -> None:
        with GitServer(shop.remote.folder.parent, self.HEADER).running() as server:
            shop.work("remote", "set-url", "origin", f"{server.url}remote.git")
            before = snapshot(shop)
            refused = shop.kit("bump", *FILES)
            assert (refused.code, "bump.push" in refused.stderr) == (1, True), refused.stderr
            assert_untouched(shop, before)

    def test_a_connection_that_breaks_after_the_push_is_completed_later(self, shop: Project) -> None:
        with GitServer(shop.remote.folder.parent).running() as server:
            shop.work("remote", "set-url", "origin", f"{server.url}remote.git")
            server.breaks = True
            broken = shop.kit("bump", *FILES)
            assert broken.code == 75, broken.stderr
            assert "broke while it took the release" in broken.stderr
            assert tags(shop.work) == ["v1.0.0"]
            server.breaks = server.broken = False
            assert shop.kit("bump", *FILES).code == 0
        assert_released(shop)


@pytest.mark.parametrize(
    "path", [*sorted(EXAMPLES.glob("from-*.yml")), EXAMPLES / "release.yml"], ids=lambda path: path.name
)
def test_the_configurations_that_the_documentation_shows_make_a_release(shop: Project, path: Path) -> None:
    files = {
        "package.json": '{ "name": "shop", "version": "1.0.0" }\n',
        "src/shop/__init__.py": '__version__ = "1.0.0"\n',
        "web/__init__.py": '__version__ = "1.0.0"\n',
        "charts/web/Chart.yaml": "version: 0.1.0\nappVersion: 1.0.0\n",
        "docs/conf.py": 'release = "1.0.0"\n',
        "pipeline-kit.yml": path.read_text(),
    }
    for name, text in files.items():
        file = shop.work.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    shop.work("add", ".")
    shop.work.commit("feat: all files")
    run = shop.kit("bump", "--format", "json")
    assert run.code == 0, run.stderr
    changed = {file["path"] for file in run.json["files"]}
    assert "CHANGELOG.md" in changed
    assert len(changed) >= 2
    assert shop.work("status", "--porcelain") == ""


def test_a_partial_clone_has_all_that_it_needs(shop: Project, tmp_path: Path) -> None:
    shop.remote("config", "uploadpack.allowFilter", "true")
    shop.work("clone", "--quiet", "--filter=blob:none", shop.remote.folder.as_uri(), str(tmp_path / "partial"))
    partial = Repository(tmp_path / "partial", new=False)
    partial("config", "user.name", "Release")
    partial("config", "user.email", "release@example.com")
    run = Kit(partial.folder, shop.kit.environ)("bump", *FILES)
    assert run.code == 0, run.stderr
    assert at(partial, "HEAD") == at(shop.remote, "main") == at(shop.remote, "v1.1.0^{commit}")


def test_a_shallow_clone_is_refused(shop: Project, tmp_path: Path) -> None:
    shop.work("clone", "--quiet", "--depth=1", shop.remote.folder.as_uri(), str(tmp_path / "shallow"))
    refused = Kit(tmp_path / "shallow", shop.kit.environ)("bump", *FILES)
    assert (refused.code, "git.shallow" in refused.stderr) == (64, True)
    assert tags(shop.remote) == ["v1.0.0"]
    line = "git fetch --unshallow --tags"
    assert (line in refused.stderr, "&& pipeline-kit bump" in refused.stderr, "--fetch" in refused.stderr) == (
        True,
        True,
        False,
    )


@pytest.mark.parametrize("asked", [(), ("--to", "0.2.0"), FILES])
def test_a_clone_without_tags_is_refused_where_the_remote_has_a_release(
    shop: Project, tmp_path: Path, asked: tuple[str, ...]
) -> None:
    shop.work("clone", "--quiet", "--no-tags", str(shop.remote.folder), str(tmp_path / "bare of tags"))
    clone = Repository(tmp_path / "bare of tags", new=False)
    clone("config", "--unset", "remote.origin.tagOpt")
    clone("config", "user.name", "Release")
    clone("config", "user.email", "release@example.com")
    kit = Kit(clone.folder, shop.kit.environ)
    refused = kit("bump", *asked)
    assert (refused.code, "bump.unfetched" in refused.stderr) == (64, True), refused.stderr
    assert "origin has the release v1.0.0" in refused.stderr
    assert (tags(shop.remote), tags(clone)) == (["v1.0.0"], [])
    clone("fetch", "--quiet", "--tags", "origin")
    assert kit("bump").result == "v1.1.0"


def test_a_newer_release_that_was_not_fetched_is_refused_and_another_line_is_not(shop: Project) -> None:
    tree = at(shop.remote, "main^{tree}")
    other = shop.remote("-c", "user.name=a", "-c", "user.email=a@b", "commit-tree", "-m", "x", tree).strip()
    for name in ("web-v9.0.0", "v9.0.0-beta.1", "2024", "v0.9.0"):
        shop.remote("update-ref", f"refs/tags/{name}", other)
    assert shop.kit("bump").result == "v1.1.0"
    shop.work.commit("fix: more")
    shop.remote("update-ref", "refs/tags/v3.0.0", other)
    refused = shop.kit("bump")
    assert (refused.code, "origin has the release v3.0.0" in refused.stderr) == (64, True), refused.stderr
    assert shop.kit("bump", "--to", "1.1.1").result == "v1.1.1"


def test_a_broken_message_is_found_first(shop: Project) -> None:
    before = snapshot(shop)
    for message in ("{foo}", "{version"):
        refused = shop.kit("bump", "--message", message)
        assert (refused.code, "bump.message" in refused.stderr) == (64, True), refused.stderr
    assert_untouched(shop, before)


def test_outside_of_a_repository_it_says_so(tmp_path: Path) -> None:
    refused = Kit(tmp_path)("bump")
    assert (refused.code, "git.missing" in refused.stderr) == (64, True), refused.stderr


def test_what_race_was_lost_is_said_without_advice_for_another_command(shop: Project, tmp_path: Path) -> None:
    other = shop.clone(tmp_path / "other")
    other.work.commit("fix: first")
    other.work("push", "--quiet", "origin", "main")
    refused = shop.kit("bump", *FILES)
    assert ("bump.raced" in refused.stderr, "hint:" in refused.stderr) == (True, False), refused.stderr


def test_the_way_out_of_a_package_keeps_its_name(shop: Project) -> None:
    (shop.work.folder / "web").mkdir()
    (shop.work.folder / "web" / "VERSION").write_text("0.0.0\n")
    (shop.work.folder / "pipeline-kit.yml").write_text("packages: { web: { path: web } }\n")
    shop.work("add", ".")
    shop.work.commit("feat: a package")
    shop.work("tag", "web-v1.0.0")
    shop.work.commit("chore: nothing")
    nothing = shop.kit("bump", "--package", "web")
    assert (nothing.code, "nothing to release of web since" in nothing.stderr) == (0, True), nothing.stderr


@pytest.mark.parametrize("channel", ["1", "rc.1", "stable"])
def test_a_channel_that_is_none_is_a_usage_error(shop: Project, channel: str) -> None:
    refused = shop.kit("bump", "--pre", channel)
    assert (refused.code, "config.usage" in refused.stderr) == (64, True), refused.stderr


def test_after_a_pre_release_the_commits_since_that_are_told(shop: Project) -> None:
    assert shop.kit("bump", "--pre", "rc").result == "v1.1.0-rc.1"
    shop.work.commit("docs: a page")
    refused = shop.kit("bump", "--pre", "rc")
    assert "nothing to release since 1.1.0-rc.1 (1 commit: 1 other)" in refused.stderr


def test_a_tag_alone_takes_its_commit_into_the_branch(shop: Project) -> None:
    """A released commit that is in no branch would be met by nobody's next release."""
    commit = shop.work.commit("fix: only here")
    assert "refs/heads/main" in shop.kit("bump", "--dry-run").stdout
    assert shop.kit("bump").result == "v1.1.0"
    assert at(shop.remote, "main") == at(shop.remote, "v1.1.0^{commit}") == commit
    assert "refs/heads/main" not in shop.kit("bump", "--as", "minor", "--dry-run").stdout


def test_a_branch_behind_its_remote_releases_nothing(shop: Project, tmp_path: Path) -> None:
    other = shop.clone(tmp_path / "other")
    other.work.commit("fix: of somebody else")
    other.work("push", "--quiet", "origin", "main")
    before = snapshot(shop)
    refused = shop.kit("bump")
    assert (refused.code, "explain bump.raced" in refused.stderr) == (1, True)
    assert_untouched(shop, before)
    assert tags(shop.remote) == ["v1.0.0"]
    shop.work("fetch", "--quiet")
    assert "commits that are not here: without --dry-run that is refused" in shop.kit("bump", "--dry-run").stderr
    assert shop.kit("bump", "--no-commit").result == "v1.1.0"
    assert at(shop.remote, "v1.1.0^{commit}") == at(shop.work, "HEAD") != at(shop.remote, "main")


def test_a_plan_goes_on_from_the_release(shop: Project) -> None:
    """Version and tags are those that the run would have, not those of the commit before it."""
    plan = ("run", "--release", "--dry-run", "--local", "--until", "tag")
    alone = shop.kit(*plan).stdout
    assert "push v1.1.0" in alone
    assert "1.1.0: from the tag" in alone
    assert f"1.1.0 1.1 1 latest sha-{at(shop.work, 'HEAD')[:7]}" in alone
    assert "1.1.0 1.1 1 latest sha-0000000" in shop.kit(*plan, "--set", "bump.files=pyproject.toml").stdout
    nothing = shop.kit(*plan, "--set", "bump.files=nothing").stdout
    assert "fail: HEAD has no file nothing" in nothing
    assert "1.1.0-main.2" in nothing


def test_a_pre_release_on_head_says_how_it_is_released(shop: Project) -> None:
    assert shop.kit("bump", "--pre", "rc").result == "v1.1.0-rc.1"
    again = shop.kit("bump", "--pre", "rc")
    assert "v1.1.0-rc.1 is on this commit, and origin has it; bump --to 1.1.0 releases it" in again.line("bump")
    assert shop.kit("bump", "--to", "1.1.0").result == "v1.1.0"


def test_a_tag_that_differs_from_the_remote_s_is_named(shop: Project) -> None:
    shop.remote("tag", "v1.1.0", "v1.0.0")
    shop.work("tag", "v1.1.0")
    refused = shop.kit("bump")
    assert (refused.code, "the tag v1.1.0 here is another one than that of origin" in refused.stderr) == (1, True)
