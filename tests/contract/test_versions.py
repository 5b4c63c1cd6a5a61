"""Versions of real repositories, as the command gives them."""

import shutil
from pathlib import Path

import pytest

from tests.world.kit import Kit
from tests.world.repository import Repository

PACKAGES = """\
packages:
  web: { path: web }
  libs: { path: libs/, prefix: libs@ }
  core: { path: libs/core }
"""
ON_GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push"}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "shop"
    folder.mkdir()
    found = Repository(folder)
    write(found, "feat: first", "readme.md")
    found("tag", "--annotate", "v1.4.2", "--message", "x")
    return found


@pytest.fixture
def kit(repository: Repository) -> Kit:
    return Kit(repository.folder)


def write(repository: Repository, message: str, *paths: str) -> str:
    """A commit that changes the files."""
    for name in paths:
        path = repository.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(f"{message}\n")
    repository("add", ".")
    repository("commit", "--quiet", "--allow-empty", "--message", message)
    return repository("rev-parse", "HEAD").strip()


def packaged(repository: Repository) -> Kit:
    (repository.folder / "pipeline-kit.yml").write_text(PACKAGES)
    write(repository, "chore: packages")
    return Kit(repository.folder)


def versions(kit: Kit) -> dict[str, str]:
    """Of all packages."""
    return {name: found["version"] for name, found in kit("version", "--all-packages", "--format", "json").json.items()}


def test_the_command_says_what_it_follows_from(repository: Repository, kit: Kit) -> None:
    write(repository, "feat: a page", "a")
    write(repository, "fix: a link", "a")
    run = kit("version", "--format", "json")
    assert run.json == {
        "version": "1.5.0-main.2",
        "origin": "2 commits since 1.4.2: 1 feat, 1 fix",
        "released": False,
        "previous": "1.4.2",
        "channel": "",
        "bump": "minor",
        "distance": 2,
        "changes": ["fix: a link", "feat: a page"],
        "package": "",
    }
    assert "2 commits since 1.4.2: 1 feat, 1 fix" in run.line("version")


def test_the_rules_come_from_flags_environment_and_configuration(repository: Repository, kit: Kit) -> None:
    write(repository, "docs: a page", "a")
    assert kit("version").result == "1.4.3-main.1"
    assert kit("version", "--bump", "docs=minor").result == "1.5.0-main.1"
    assert kit("version", PIPELINE_KIT_VERSION_BUMPS="fix=none\ndocs=major").result == "2.0.0-main.1"
    settings = 'versioning:\n  bumps: { docs: minor }\n  channels: { main: rc, "feature/*": "+", 1.x: 1.x }\n'
    (repository.folder / "pipeline-kit.yml").write_text(settings)
    repository("add", ".")
    repository("commit", "--quiet", "--amend", "--no-edit")
    assert kit("version").result == "1.5.0-rc.0.main.1"
    assert kit("version", "--channel", "main=stable").result == "1.5.0-main.1"
    assert kit("tag", "--format", "json").json["version"] == "1.5.0-rc.0.main.1"
    repository("checkout", "--quiet", "-b", "feature/a")
    assert kit("version").result == "1.4.2+feature-a.1"
    repository("checkout", "--quiet", "-b", "1.x")
    assert kit("version").result == "1.5.0-1-x.1"


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["--preset", "other"], "config.usage"),
        (["--bump", "docs=big"], "config.usage"),
        (["--bump", "docs"], "config.usage"),
        (["--channel", "main=1"], "config.usage"),
        (["--channel", "main=--upload-pack=x"], "config.usage"),
        (["--initial", "1.0"], "config.usage"),
        (["--initial", "1.0.0-rc.1"], "config.usage"),
        (["--prefix", "-x"], "config.usage"),
        (["--prefix", "a..b"], "config.usage"),
        (["--prefix", "a b"], "config.usage"),
        (["--path", "../other"], "config.usage"),
        (["--path", "/etc"], "config.usage"),
        (["--zero", "some"], "config.usage"),
        (["--package", "web"], "version.package"),
        (["--all-packages"], "version.package"),
    ],
)
def test_what_can_not_be_is_refused_by_name(kit: Kit, arguments: list[str], kind: str) -> None:
    run = kit("version", *arguments)
    assert run.code == 64
    assert f"explain {kind}" in run.stderr
    assert run.stdout == ""


def test_a_package_with_a_bad_path_is_refused(repository: Repository, kit: Kit) -> None:
    (repository.folder / "pipeline-kit.yml").write_text("packages: { web: { path: ../web } }\n")
    run = kit("version", "--package", "web")
    assert run.code == 64
    assert "packages.web.path: ../web is outside of the repository" in run.stderr


def test_two_packages_with_one_prefix_are_refused(repository: Repository, kit: Kit) -> None:
    (repository.folder / "pipeline-kit.yml").write_text("packages: { a: { path: a, prefix: v }, b: { prefix: v } }\n")
    run = kit("version", "--all-packages")
    assert run.code == 64
    assert "a and b have the same prefix" in run.stderr


def test_a_run_counts_by_what_is_set_for_it(repository: Repository, kit: Kit) -> None:
    repository("tag", "rel-2.0.0", "HEAD~0")
    write(repository, "docs: a", "a")
    run = kit("plan", "--set", "version.prefix=rel-", "--set", "version.bumps=docs=minor", "--format", "json")
    assert run.json["plan"]["version"] == "2.1.0-main.1"


def test_git_s_own_revert_takes_a_commit_back(repository: Repository, kit: Kit) -> None:
    write(repository, "fix: a", "a")
    feature = write(repository, "feat: b", "b")
    repository("revert", "--no-edit", feature)
    assert kit("version").result == "1.4.3-main.3"
    repository("revert", "--no-edit", "HEAD")
    assert kit("version").result == "1.5.0-main.4"


def test_the_revert_of_a_merge_takes_back_what_was_merged(repository: Repository, kit: Kit) -> None:
    repository("checkout", "--quiet", "-b", "topic")
    write(repository, "feat!: new", "new")
    repository("checkout", "--quiet", "main")
    write(repository, "fix: meanwhile", "a")
    repository("merge", "--quiet", "--no-ff", "--no-edit", "topic")
    assert kit("version").result == "2.0.0-main.3"
    repository("revert", "--no-edit", "--mainline", "1", "HEAD")
    assert kit("version").result == "1.4.3-main.4"


def test_a_squash_of_git_s_own_counts_where_that_is_asked_for(repository: Repository, kit: Kit) -> None:
    repository("checkout", "--quiet", "-b", "topic")
    write(repository, "feat: new", "new")
    write(repository, "fix: new", "new")
    repository("checkout", "--quiet", "main")
    repository("merge", "--quiet", "--squash", "topic")
    repository("commit", "--quiet", "--no-edit")
    assert kit("version").result == "1.4.3-main.1"
    assert kit("version", "--squash").result == "1.5.0-main.1"


def test_a_maintenance_branch_refuses_what_is_not_its_own(repository: Repository, kit: Kit) -> None:
    repository("checkout", "--quiet", "-b", "1.4.x")
    write(repository, "fix: a", "a")
    assert kit("version").result == "1.4.3-1-4-x.1"
    write(repository, "feat: b", "b")
    run = kit("version")
    assert run.code == 2
    assert "1.5.0 is outside of 1.4.x, and 1.4.x keeps to that" in run.line("version")


def test_packages_have_versions_of_their_own(repository: Repository) -> None:
    kit = packaged(repository)
    write(repository, "feat: a page", "web/a")
    write(repository, "fix: shared", "libs/util", "web/b")
    write(repository, "feat!: heart", "libs/core/a")
    write(repository, "feat: nobody's", "makefile")
    assert versions(kit) == {"web": "0.1.0-main.2", "libs": "0.1.0-main.1", "core": "0.1.0-main.1"}
    for tag in ("web-v1.0.0", "libs@1.0.0", "core-v1.0.0", "v9.0.0", "9.1.0"):
        repository("tag", tag)
    assert versions(kit) == {"web": "1.0.0", "libs": "1.0.0", "core": "1.0.0"}
    write(repository, "fix: heart", "libs/core/a")
    run = kit("version", "--all-packages")
    assert run.stdout.splitlines() == [
        "package  version       previous  why",
        "web      1.0.1-main.0  1.0.0     no commit since 1.0.0",
        "libs     1.0.1-main.0  1.0.0     no commit since 1.0.0",
        "core     1.0.1-main.1  1.0.0     1 commit since 1.0.0: 1 fix",
    ]
    assert "3 packages" in run.line("version")
    assert kit("version", "--package", "core").result == "1.0.1-main.1"
    assert kit("version", "--path", "libs", "--prefix", "libs@").result == "1.0.1-main.1"


def test_a_file_that_moves_changes_both_packages(repository: Repository) -> None:
    kit = packaged(repository)
    write(repository, "feat: all", "web/a", "web/b", "libs/a", "libs/core/a")
    for tag in ("web-v1.0.0", "libs@1.0.0", "core-v1.0.0"):
        repository("tag", tag)
    repository("mv", "web/a", "libs/core/b")
    write(repository, "feat: where it belongs")
    assert versions(kit) == {"web": "1.1.0-main.1", "libs": "1.0.1-main.0", "core": "1.1.0-main.1"}


def test_a_merge_counts_by_the_commits_that_it_brings(repository: Repository) -> None:
    kit = packaged(repository)
    write(repository, "feat: all", "web/a", "libs/a", "libs/core/a")
    for tag in ("web-v1.0.0", "libs@1.0.0", "core-v1.0.0"):
        repository("tag", tag)
    repository("checkout", "--quiet", "-b", "topic")
    write(repository, "feat: a page", "web/b")
    repository("checkout", "--quiet", "main")
    write(repository, "fix: shared", "libs/a")
    repository("merge", "--quiet", "--no-ff", "--no-edit", "topic")
    assert versions(kit) == {"web": "1.1.0-main.2", "libs": "1.0.1-main.1", "core": "1.0.1-main.0"}


def test_a_pre_release_of_a_package_stands_on_any_commit(repository: Repository) -> None:
    kit = packaged(repository)
    write(repository, "feat: a page", "web/a")
    write(repository, "fix: elsewhere", "libs/a")
    repository("tag", "web-v0.1.0-rc.1")
    write(repository, "fix: a page", "web/a")
    assert kit("version", "--package", "web", "--channel", "main=rc").result == "0.1.0-rc.1.main.1"


@pytest.fixture
def shallow(repository: Repository, tmp_path: Path) -> Kit:
    """A clone of the last commit alone."""
    write(repository, "feat: a page", "a")
    repository("clone", "--quiet", "--depth", "1", f"file://{repository.folder}", str(tmp_path / "clone"))
    return Kit(tmp_path / "clone", ON_GITHUB)


def test_a_shallow_clone_is_completed_where_that_is_allowed(shallow: Kit) -> None:
    refused = shallow("version")
    assert refused.code == 64
    assert "explain git.shallow" in refused.stderr
    assert "fetch-depth: 0" in refused.stderr
    assert "PIPELINE_KIT_VERSION_FETCH=true" in refused.stderr
    assert shallow("version", "--fetch").result == "1.5.0-main.1"
    assert shallow("version").result == "1.5.0-main.1"


def test_all_packages_of_a_shallow_clone_are_refused_together(shallow: Kit) -> None:
    (shallow.folder / "pipeline-kit.yml").write_text("packages: { web: { path: . } }\n")
    run = shallow("version", "--all-packages")
    assert run.code == 64
    assert "explain git.shallow" in run.stderr


def test_a_clone_without_tags_is_completed_where_that_is_allowed(repository: Repository, tmp_path: Path) -> None:
    write(repository, "feat: a page", "a")
    repository("clone", "--quiet", "--no-tags", f"file://{repository.folder}", str(tmp_path / "clone"))
    kit = Kit(tmp_path / "clone", {"TF_BUILD": "True"})
    refused = kit("version")
    assert refused.code == 64
    assert "fetchTags: true" in refused.stderr
    assert kit("version", "--fetch").result == "1.5.0-main.1"


@pytest.mark.parametrize(
    ("options", "environ"),
    [(["--no-tags"], {}), (["--no-tags"], {"GITLAB_CI": "true", "CI": "true"}), ([], {"CI": "true"})],
)
def test_a_clone_that_may_lack_tags_has_a_way_out(
    repository: Repository, tmp_path: Path, options: list[str], environ: dict[str, str]
) -> None:
    write(repository, "feat: a page", "a")
    folder = tmp_path / "clone"
    repository("clone", "--quiet", *options, f"file://{repository.folder}", str(folder))
    clone = Repository(folder, new=False)
    if not options:  # and nothing that tells how it came here
        clone("tag", "--delete", *clone("tag").split())
        shutil.rmtree(folder / ".git" / "logs")
    kit = Kit(folder, environ)
    for command in ("version", "tag"):
        refused = kit(command)
        assert (refused.code, "explain git.no-tags" in refused.stderr) == (64, True), refused.stderr
        assert "git fetch --tags" in refused.stderr
        assert "--unshallow" not in refused.stderr
    assert kit("version", PIPELINE_KIT_VERSION_FIRST_RELEASE="true").result.startswith("0.1.0-main.")
    assert kit("version", PIPELINE_KIT_VERSION_FETCH="true").result == "1.5.0-main.1"
    assert kit("version").result == "1.5.0-main.1"


def test_a_clone_that_has_what_its_remote_has_is_not_doubted(repository: Repository, tmp_path: Path) -> None:
    repository("tag", "--delete", *repository("tag").split())
    for name, options in (("clone", []), ("told", ["--no-tags"])):
        repository("clone", "--quiet", *options, f"file://{repository.folder}", str(tmp_path / name))
    assert Kit(tmp_path / "clone")("version").result.startswith("0.1.0-main.")
    for environ in ({}, {"CI": "true"}, {"TF_BUILD": "True"}):
        asked = Kit(tmp_path / "told", environ)("version", "--fetch")
        assert asked.result.startswith("0.1.0-"), asked.stderr
    Repository(tmp_path / "told", new=False)("config", "remote.origin.tagOpt", "--tags")
    assert Kit(tmp_path / "told")("version").result.startswith("0.1.0-main.")
    alone = Kit(repository.folder, {"CI": "true"})
    assert alone("version").result.startswith("0.1.0-main.")


def test_hostile_messages_and_branches_end_in_a_version(repository: Repository, kit: Kit) -> None:
    for message in ("feat: $(touch x)\n\n##vso[task.setvariable variable=a]b", "fix: \u202egnp.exe", "`x`; rm -rf ."):
        write(repository, message, "a")
    repository("checkout", "--quiet", "-b", "x;$(touch${IFS}y)&&`z`")
    run = kit("version", "--format", "json", GITHUB_ACTIONS="true")
    assert run.json["version"] == "1.5.0-x-touch-ifs-y-z.3"
    assert sorted(path.name for path in repository.folder.iterdir()) == [".git", ".pipeline-kit", "a", "readme.md"]
    assert not any(line.startswith(("##", "::set")) for line in (run.stdout + run.stderr).splitlines())


@pytest.mark.parametrize("path", ["nix", "readme.md", "a/../nix", "nix\nHEAD"])
def test_a_folder_that_head_lacks_is_refused(repository: Repository, kit: Kit, path: str) -> None:
    refused = kit("version", "--path", path)
    assert (refused.code, "version.path" in refused.stderr) == (64, True), refused.stderr
    (repository.folder / "pipeline-kit.yml").write_text("packages: { web: { path: wbe } }\n")
    write(repository, "feat: a page", "web/a")
    for asked in ("--package=web", "--all-packages"):
        refused = kit("version", asked)
        assert (refused.code, "packages.web.path: HEAD has no folder wbe" in refused.stderr) == (64, True)


def test_one_package_and_all_of_them_exclude_each_other(repository: Repository) -> None:
    refused = packaged(repository)("version", "--package", "web", "--all-packages")
    assert (refused.code, "exclude each other" in refused.stderr) == (64, True)


@pytest.mark.parametrize(
    ("written", "meant"), [("stabel", "stable"), ("Stable", "stable"), ("maintenence", "maintenance")]
)
def test_a_misspelt_channel_is_no_channel_of_that_name(kit: Kit, written: str, meant: str) -> None:
    refused = kit("version", "--channel", f"main={written}")
    assert (refused.code, f"did you mean {meant}?" in refused.stderr) == (64, True), refused.stderr
    assert kit("version", "--channel", "main=stage").code == 0


UNFIT = [
    ("prefix", "-x", "-x can't start the name of a tag"),
    ("bumps", "docs=tiny", "docs=tiny is not a bump"),
    ("channels", "next=rc!", "next=rc! is not a channel"),
    ("channels", "next=stabel", "next=stabel: did you mean stable?"),
    ("initial", "1", "1 is not three numbers"),
    ("path", "../x", "../x is outside of the repository"),
]


@pytest.mark.parametrize(("key", "value", "said"), UNFIT, ids=[said for *_, said in UNFIT])
def test_a_value_that_is_not_taken_is_named_by_where_it_comes_from(
    repository: Repository, kit: Kit, key: str, value: str, said: str
) -> None:
    flag = {"bumps": "--bump", "channels": "--channel"}.get(key, f"--{key}")
    for told, run in (
        (flag, kit("version", f"{flag}={value}")),
        (f"PIPELINE_KIT_VERSION_{key.upper()}", kit("tag", **{f"PIPELINE_KIT_VERSION_{key.upper()}": value})),
    ):
        assert (run.code, f"{told}: {said}" in run.stderr, "  why " in run.stderr) == (64, True, True), run.stderr
    branch, equals, text = value.partition("=")
    written = f"{{ {branch}: {text} }}" if equals else f'"{value}"'
    (repository.folder / "pipeline-kit.yml").write_text(
        f"versioning:\n  {key}: {written}\nenvironments: {{ test: {{ versioning: {{ {key}: {written} }} }} }}\n"
    )
    for place, name, options in (("2:", "versioning", ()), ("3:", "environments.test.versioning", ("--env=test",))):
        run = kit("bump", "--dry-run", *options)
        assert run.code == 64
        assert f"pipeline-kit.yml:{place}" in run.stderr
        assert f"{name}.{key}: {said}" in run.stderr, run.stderr


def test_a_pushed_tag_of_a_package_is_told_as_one(repository: Repository, kit: Kit) -> None:
    (repository.folder / "pipeline-kit.yml").write_text(PACKAGES)
    write(repository, "feat: a page", "web/a")
    repository("tag", "web-v2.0.0")
    pushed = {**ON_GITHUB, "GITHUB_REF": "refs/tags/web-v2.0.0", "GITHUB_REF_TYPE": "tag"}
    whole = kit("version", **pushed)
    assert "web-v2.0.0 is a release of the package web: PIPELINE_KIT_VERSION_PACKAGE=web" in whole.stderr
    of_web = kit("version", PIPELINE_KIT_VERSION_PACKAGE="web", **pushed)
    assert (of_web.result, "is a release of" in of_web.stderr) == ("2.0.0", False)
    assert "is a release of" not in kit("version").stderr
