"""The line under a failure repeats it: in a fresh clone, through a shell, whatever the settings came by."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.commands.reproduce import _quoted
from tests.world.bumping import Project, project, tags

if TYPE_CHECKING:
    from pathlib import Path

GITHUB = {
    "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main",
    "GITHUB_REPOSITORY": "o/shop", "GITHUB_SERVER_URL": "https://code.invalid", "NO_COLOR": "1",
}  # fmt: skip
AZURE = {"TF_BUILD": "True", "BUILD_REASON": "Manual", "BUILD_SOURCEBRANCH": "refs/heads/main", "NO_COLOR": "1"}
PULL_REQUEST = {
    **GITHUB, "GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/7/merge", "GITHUB_BASE_REF": "0.9.x",
    "GITHUB_HEAD_REF": "topic",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A command that fails with ``kind``, with what it is told by, and what its line has to hold."""

    kind: str
    arguments: tuple[str, ...]
    environ: dict[str, str] = field(default_factory=dict)
    holds: tuple[str, ...] = ()
    folder: str = "."


NOWHERE = "localhost:1/shop"
CASES = {
    "an option of version, by a variable": Case(
        "version.range", ("version",), {"PIPELINE_KIT_VERSION_CHANNELS": "main=0.9.x"}, ("--channel main=0.9.x",)
    ),
    "a flag of version": Case("version.path", ("version", "--path=no such folder"), {}, ("--path 'no such folder'",)),
    "several lines in a variable": Case(
        "version.range",
        ("version",),
        {"PIPELINE_KIT_VERSION_CHANNELS": "next=rc\nmain=0.9.x\n"},
        ("--channel next=rc --channel main=0.9.x",),
    ),
    "an option of version, below tag": Case(
        "version.range", ("build",), {"PIPELINE_KIT_VERSION_CHANNELS": "next=rc\nmain=0.9.x"}, ("printf",)
    ),
    "a run, by --set and by variables": Case(
        "version.range",
        ("run", "--set", "version.channels=next=rc", "--set=version.channels=main=0.9.x"),
        {"PIPELINE_KIT_IMAGE": NOWHERE, "PIPELINE_KIT_RUN_FROM": "version", "PIPELINE_KIT_SCAN_FAIL_ON": "LOW"},
        (f"--image {NOWHERE}", "--set scan.fail-on=LOW", "--from version --until version"),
    ),
    "a local run": Case(
        "build.dockerfile-missing",
        ("run",),
        {"PIPELINE_KIT_RUN_LOCAL": "true", "PIPELINE_KIT_BUILD_FILE": "Missing file"},
        ("--local", "--set 'build.file=Missing file'", "--from build --until build"),
    ),
    "a file that is built, by a flag": Case(
        "build.dockerfile-missing", ("build", "--file", "Missing"), {}, ("--file Missing",)
    ),
    "a secret, by its name": Case(
        "build.dockerfile-missing",
        ("build", "--secret", "id=npm,env=NPM_TOKEN"),
        {"PIPELINE_KIT_BUILD_FILE": "Missing", "NPM_TOKEN": "hush hush"},
        ("NPM_TOKEN=... pipeline-kit", "--secret id=npm,env=NPM_TOKEN"),
    ),
    "a registry, by a variable": Case(
        "registry.down", ("login",), {"PIPELINE_KIT_IMAGE": NOWHERE, **AZURE}, (f"--image {NOWHERE}",)
    ),
    "a configuration elsewhere": Case(
        "config.unknown-key", ("run",), {"PIPELINE_KIT_CONFIG": "ci/kit.yml", **GITHUB}, ("--config ci/kit.yml",)
    ),
    "an environment that there is not": Case(
        "config.usage", ("run",), {"PIPELINE_KIT_ENV": "prod", **AZURE}, ("--env prod",)
    ),
    "a value that is not taken": Case(
        "config.usage", ("scan",), {"PIPELINE_KIT_SCAN_FAIL_ON": "HIHG", **GITHUB}, ("--fail-on HIHG",)
    ),
    "a dry run of bump, by a variable": Case(
        "bump.file",
        ("bump",),
        {"PIPELINE_KIT_BUMP_DRY_RUN": "true", "PIPELINE_KIT_BUMP_FILES": "no.toml", **GITHUB},
        ("--dry-run", "--file no.toml"),
    ),
    "a dry run of a run": Case(
        "version.path",
        ("run", "--dry-run"),
        {"PIPELINE_KIT_VERSION_PATH": "nowhere", "PIPELINE_KIT_RUN_RELEASE": "true"},
        ("--dry-run", "--release", "--set version.path=nowhere"),
    ),
    "a release of a run": Case(
        "bump.message",
        ("run", "--release"),
        {"PIPELINE_KIT_BUMP_MESSAGE": "{no} 'such' $(touch evil) \"word\" `touch evil`"},
        ("--release",),
    ),
    "bump, and the rules that it counts by": Case(
        "version.range", ("bump",), {"PIPELINE_KIT_VERSION_CHANNELS": "main=0.9.x"}, ("PIPELINE_KIT_VERSION_CHANNELS=",)
    ),
    "a step that lacks what comes before": Case(
        "record.missing", ("run",), {"PIPELINE_KIT_RUN_ONLY": "scan", "PIPELINE_KIT_IMAGE": NOWHERE}, ("--only scan",)
    ),
    "a pull request": Case("version.range", ("version",), PULL_REQUEST, ("GITHUB_BASE_REF=0.9.x", "refs/pull/7/merge")),
    "a merge queue": Case(
        "version.range",
        ("version",),
        {
            **GITHUB,
            "GITHUB_EVENT_NAME": "merge_group",
            "GITHUB_REF": "refs/heads/gh-readonly-queue/main/pr-7",
            "GITHUB_SHA": "COMMIT",
            "GITHUB_BASE_REF": "0.9.x",
        },
        ("git fetch origin COMMIT && git checkout FETCH_HEAD &&", "GITHUB_BASE_REF=0.9.x"),
    ),
    "a branch that is called as a folder": Case(
        "version.range",
        ("version",),
        {**GITHUB, "GITHUB_REF": "refs/heads/src", "PIPELINE_KIT_VERSION_CHANNELS": "src=0.9.x"},
        ("git switch src",),
    ),
    "a tag": Case(
        "version.path",
        ("version", "--path=nowhere"),
        {**GITHUB, "GITHUB_REF": "refs/tags/v1.0.0"},
        ("git switch --detach v1.0.0 &&",),
    ),
    "who signs in": Case(
        "version.path",
        ("run", "--from=version", "--set=version.path=nowhere"),
        {"PIPELINE_KIT_REGISTRY_USERNAME": "ci", "PIPELINE_KIT_REGISTRY_PASSWORD": "hush-hush"},
        ("PIPELINE_KIT_REGISTRY_USERNAME=ci PIPELINE_KIT_REGISTRY_PASSWORD=... ",),
    ),
    "json": Case("version.path", ("version", "--path", "nowhere"), {"PIPELINE_KIT_FORMAT": "json"}, ("--format json",)),
    "a folder of the tree": Case("config.file", ("run", "--config", "x.yml"), GITHUB, ("cd src &&",), folder="src"),
    "an argument": Case("record.missing", ("replay", "no/run.json", "--keep"), {}, ("replay --keep no/run.json",)),
    "plan": Case(
        "version.path", ("plan", "--set", "version.path=nowhere"), AZURE, ("plan --set version.path=nowhere",)
    ),
}


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    made = project(tmp_path)
    (made.work.folder / "ci").mkdir()
    (made.work.folder / "src").mkdir()
    (made.work.folder / "Dockerfile").write_text("FROM scratch\nCOPY pyproject.toml /\n")
    (made.work.folder / "src" / "main.py").touch()
    made.work.write("ci/kit.yml", "version: 1\nimages: no\nnonsense: 1\n", "feat: configured")
    made.work("add", ".")
    made.work.commit("feat: files")
    made.work("push", "--quiet", "origin", "HEAD:main", "HEAD:refs/heads/src", "HEAD:refs/pull/7/merge")
    return made


def line_of(said: str) -> str:
    (found,) = re.findall(r"^ +Reproduce locally: (.+)$", said, re.MULTILINE)
    return found


def kind_of(said: str) -> str:
    return re.findall(r"explain ([a-z.-]+)$", said, re.MULTILINE)[-1]


def shell(line: str, folder: Path, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run the line as a person on a laptop pastes it."""
    programs = tmp_path / "programs"
    programs.mkdir(exist_ok=True)
    (programs / "pipeline-kit").write_text(f'#!/bin/sh\nexec {sys.executable} -m pipeline_kit "$@"\n')
    (programs / "pipeline-kit").chmod(0o755)
    environ = {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    return subprocess.run(["sh", "-c", line], cwd=folder, env=environ, capture_output=True, text=True, timeout=300)


@pytest.mark.parametrize("name", CASES)
def test_the_line_repeats_the_failure_in_a_fresh_clone(shop: Project, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    head = shop.work("rev-parse", "HEAD").strip()
    told = {name: text.replace("COMMIT", head) for name, text in case.environ.items()}
    environ = {"RUNNER_TEMP": str(tmp_path / "job"), "AGENT_TEMPDIRECTORY": str(tmp_path / "job"), **told}
    kit = type(shop.kit)(shop.work.folder / case.folder, shop.kit.environ)
    failed = kit(*case.arguments, **environ)
    assert kind_of(failed.stderr) == case.kind, failed.stderr
    line = line_of(failed.stderr)
    assert "hush" not in line
    for text in case.holds:
        assert text.replace("COMMIT", head) in line
    clone = shop.remote.clone(tmp_path / "fresh")
    before = shop.remote("for-each-ref")
    again = shell(line, clone.folder, tmp_path)
    assert kind_of(again.stderr) == case.kind, f"{line}\n{again.stderr}"
    assert again.returncode == failed.code
    assert shop.remote("for-each-ref") == before
    assert not list(tmp_path.rglob("evil"))


def test_an_argument_that_was_left_out_is_left_out_of_the_line(shop: Project) -> None:
    assert shop.kit("version").code == 0
    record = shop.work.folder / ".pipeline-kit" / "run.json"
    record.write_text(record.read_text().replace("1.0.1", "9.9.9").replace("1.1.0", "9.9.9"))
    run = shop.kit("replay")
    assert (run.code, kind_of(run.stderr)) == (1, "replay.diverged"), run.stderr
    assert line_of(run.stderr) == "pipeline-kit replay"


def test_nothing_that_a_dry_run_prints_changes_anything(shop: Project, tmp_path: Path) -> None:
    """Pasted, the line of a failed dry run once pushed a tag."""
    for arguments, environ in (
        (("bump",), {"PIPELINE_KIT_BUMP_DRY_RUN": "true", "PIPELINE_KIT_BUMP_FILES": "no.toml"}),
        (("run", "--release"), {"PIPELINE_KIT_RUN_DRY_RUN": "true", "PIPELINE_KIT_VERSION_PATH": "no"}),
    ):
        failed = shop.kit(*arguments, **environ)
        assert failed.code, failed.stdout
        shop.work.write("no.toml", 'version = "1.0.0"\n', "feat: what was missing")
        shop.work("push", "--quiet", "origin", "HEAD:main")
        clone = shop.remote.clone(tmp_path / arguments[0])
        clone("config", "user.name", "a")
        clone("config", "user.email", "a@example.com")
        shell(line_of(failed.stderr), clone.folder, tmp_path)
        assert tags(shop.remote) == tags(clone) == ["v1.0.0"]


def test_the_line_of_a_clone_that_was_cut_makes_such_a_clone(shop: Project, tmp_path: Path) -> None:
    shop.remote.clone(tmp_path / "cut", "--depth=1")
    failed = type(shop.kit)(tmp_path / "cut")("version", PIPELINE_KIT_VERSION_INITIAL="2.0.0")
    assert kind_of(failed.stderr) == "git.shallow"
    (tmp_path / "other").mkdir()
    line = line_of(failed.stderr)
    assert line.endswith("pipeline-kit version --initial 2.0.0")
    assert kind_of(shell(line, tmp_path / "other", tmp_path).stderr) == "git.shallow"


TEXT = st.text(st.characters(exclude_categories=("Cs", "Cc"), include_characters="\n"), min_size=1, max_size=40)


@given(st.lists(TEXT, min_size=1, max_size=4))
def test_a_shell_reads_what_was_meant(words: list[str]) -> None:
    line = " ".join(map(_quoted, words))
    assert "\n" not in line
    read = subprocess.run(
        ["sh", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True, env={"LANG": "C.UTF-8"}
    ).stdout.decode()
    assert read.split("\0")[:-1] == [word.rstrip("\n") for word in words]
