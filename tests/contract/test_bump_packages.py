"""``bump``, ``version`` and ``run`` in a repository of several packages, where nobody says which one is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.world.bumping import tags
from tests.world.kit import Kit
from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

CONFIGURATION = """\
version: 1
packages:
  web: { path: web }
  api: { path: services/api, prefix: api/v }
bump:
  files: [VERSION]
"""


@pytest.fixture
def work(tmp_path: Path) -> Repository:
    folder = tmp_path / "work"
    folder.mkdir()
    work = Repository(folder)
    for path in ("web", "services/api"):
        work.write(f"{path}/VERSION", "0.0.0\n", f"feat: {path}")
    work.write("pipeline-kit.yml", CONFIGURATION, "chore: packages")
    work("config", "user.name", "Release")
    work("config", "user.email", "release@example.com")
    return work


@pytest.fixture
def kit(work: Repository) -> Kit:
    return Kit(work.folder, {"XDG_CACHE_HOME": str(work.folder.parent / "cache")})


@pytest.mark.parametrize(
    "arguments", [("bump",), ("bump", "--dry-run"), ("bump", "--to", "1.0.0"), ("bump", "--no-commit")]
)
def test_a_bump_that_names_no_package_says_which_there_are(
    work: Repository, kit: Kit, arguments: tuple[str, ...]
) -> None:
    refused = kit(*arguments)
    assert refused.code == 64
    assert "this repository has packages, and none is named: web, api" in refused.line("bump")
    lines = [line.strip() for line in refused.stderr.splitlines()]
    assert "fix    pipeline-kit bump --package web" in lines
    assert "or     all that have something to release: pipeline-kit bump --all-packages" in lines
    assert "explain bump.package" in refused.stderr
    assert tags(work) == []
    assert kit("bump", "--package", "web").result == "web-v0.1.0"
    assert kit("bump", "--all-packages").result == "api/v0.1.0"


def test_a_run_that_makes_a_release_says_so_too(work: Repository, kit: Kit) -> None:
    run = ("run", "--release", "--until", "version")
    refused = kit(*run)
    assert (
        refused.code,
        "or     in a run: pipeline-kit run --release --set version.package=web" in refused.stderr,
    ) == (
        64,
        True,
    )
    plan = kit(*run, "--dry-run").stdout.splitlines()
    assert plan[1] == "bump     fail: this repository has packages, and none is named: web, api"
    made = kit(*run, "--set", "version.package=web")
    assert (made.code, made.result, tags(work)) == (0, "0.1.0", ["web-v0.1.0"]), made.stderr


@pytest.mark.parametrize("where", ["variable", "configuration"])
def test_a_package_that_is_configured_is_the_one(work: Repository, kit: Kit, where: str) -> None:
    if where == "configuration":
        work.write("pipeline-kit.yml", f"{CONFIGURATION}versioning: {{ package: web }}\n", "chore: one")
        assert kit("bump").result == "web-v0.1.0"
    else:
        assert kit("bump", PIPELINE_KIT_VERSION_PACKAGE="web").result == "web-v0.1.0"


def test_a_folder_that_is_no_package_is_released_by_its_path(work: Repository, kit: Kit) -> None:
    work.write("docs/VERSION", "0.0.0\n", "feat: docs")
    run = kit("bump", PIPELINE_KIT_VERSION_PATH="docs", PIPELINE_KIT_VERSION_PREFIX="docs-v")
    assert run.result == "docs-v0.1.0", run.stderr


def test_a_repository_that_is_released_as_a_whole_goes_on_so(work: Repository, kit: Kit) -> None:
    """Its packages have releases beside those of the whole."""
    work("tag", "v1.0.0")
    work.write("VERSION", "1.0.0\n", "fix: the whole")
    assert kit("bump").result == "v1.0.1"
    assert (work.folder / "VERSION").read_text() == "1.0.1\n"


def test_a_file_that_only_packages_have_leads_to_them(work: Repository, kit: Kit) -> None:
    """Released as a whole once, and by packages since then."""
    work("tag", "v1.0.0")
    work.commit("fix: x")
    refused = kit("bump")
    assert (refused.code, "HEAD has no file VERSION" in refused.stderr) == (64, True)
    assert "or     of a package: --package web" in refused.stderr


def test_a_clone_without_history_is_told_first(work: Repository, kit: Kit, tmp_path: Path) -> None:
    """What is missing may be the tag that says that the whole is released."""
    work("tag", "v1.0.0")
    clone = work.clone(tmp_path / "clone", "--depth=1", "--no-tags")
    refused = Kit(clone.folder, kit.environ)("bump")
    assert (refused.code, "explain git.shallow" in refused.stderr) == (64, True), refused.stderr


def test_a_version_says_that_it_is_of_the_whole(work: Repository, kit: Kit) -> None:
    whole = kit("version")
    assert (whole.code, whole.result) == (0, "0.1.0-main.3")
    assert "3 commits, no release tag: 2 feat, 1 other; of the whole repository, not of one package" in whole.line(
        "version"
    )
    assert "whole" not in kit("version", "--package", "web").stderr
    assert "whole" not in kit("version", "--path", "web", "--prefix", "web-v").stderr
    assert "of the whole repository" in kit("run", "--until", "version", "--local").line("version")


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)])
@pytest.mark.parametrize("asked", ["bump.packages=web", "bump.all-packages=true"])
def test_a_run_releases_the_package_alone_whose_version_its_image_has(
    work: Repository, kit: Kit, asked: str, dry_run: tuple[str, ...]
) -> None:
    refused = kit("run", "--release", "--until", "tag", "--set", asked, *dry_run)
    assert refused.code == 64
    assert "a run publishes one image, and bump." in refused.stderr
    assert "pipeline-kit run --release --set version.package=web" in refused.stderr
    assert tags(work) == []
    same = kit("run", "--release", "--until", "tag", "--set", "version.package=web", "--set", "bump.packages=web")
    assert same.code == 0, same.stderr
    assert tags(work) == ["web-v0.1.0"]


def test_a_package_without_a_prefix_has_no_tag_of_the_whole(work: Repository, kit: Kit) -> None:
    work.write(
        "pipeline-kit.yml",
        "version: 1\npackages: { web: { path: web }, root: { path: ., prefix: '' } }\n",
        "fix: a package of the rest",
    )
    work("tag", "1.0.0", "HEAD~1")
    refused = kit("bump")
    assert refused.code == 64
    assert "none is named: web, root" in refused.stderr
    assert kit("bump", "--package", "root").result == "1.0.1"
    work("tag", "v3.0.0", "HEAD~1")
    work.write("README", "more\n", "fix: more")
    assert kit("bump").result == "v3.0.1"


@pytest.mark.parametrize("command", [("tag",), ("plan",), ("run", "--until", "tag"), ("run", "--dry-run")])
def test_an_image_has_one_version(work: Repository, kit: Kit, command: tuple[str, ...]) -> None:
    work.write("pipeline-kit.yml", CONFIGURATION + "versioning: { all-packages: true }\n", "chore: all")
    refused = kit(*command)
    assert refused.code == 64
    assert "version.all-packages is set, and an image has one version" in refused.stderr
    assert kit("version").code == 0
