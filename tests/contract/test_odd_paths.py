"""Names, folders, clocks and records as nobody expects them: an answer or a clear refusal, never a mistake of ours."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.world.kit import Kit, Run
from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

NAMES = (
    "a\nb",
    "ü",
    "x" * 250,
    "ü" * 120,
    "sp ace",
    "##vso[task.complete result=Failed]",
    "-dash",
    "a,b=c",
    "::error::x",
)
COMMANDS = (("version",), ("tag",), ("plan",), ("bump", "--dry-run"), ("replay",))


def refused_or_done(run: Run) -> None:
    assert "explain run.bug" not in run.stderr, run.stderr
    assert "Traceback" not in run.stderr, run.stderr


def project(folder: Path) -> Kit:
    folder.mkdir(parents=True)
    repository = Repository(folder)
    repository.write("Dockerfile", "FROM scratch\nCOPY Dockerfile /x\n", "feat: first")
    repository("tag", "v1.0.0")
    return Kit(folder)


@pytest.fixture
def kit(tmp_path: Path) -> Kit:
    return project(tmp_path / "shop")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("locale", [{}, {"LC_ALL": "C", "LANG": "C"}], ids=["utf-8", "C"])
def test_a_folder_of_any_name(tmp_path: Path, name: str, locale: dict[str, str]) -> None:
    kit = project(tmp_path / name)
    for command in COMMANDS:
        run = kit(*command, **locale)
        refused_or_done(run)
        assert command[0] not in ("version", "tag", "plan", "replay") or run.code == 0, run.stderr


def test_a_path_that_is_no_text_is_refused(tmp_path: Path) -> None:
    run = project(tmp_path / os.fsdecode(b"\xff\xfe"))("version")
    assert (run.code, "can't be read as UTF-8" in run.stderr) == (64, True), run.stderr


@pytest.mark.parametrize("variable", ["HOME", "XDG_CACHE_HOME", "RUNNER_TEMP"])
@pytest.mark.parametrize("value", ["rel", "", "/dev/null", "/proc", "/tmp/" + "y" * 300, "-x", "."])
def test_a_home_of_any_kind(kit: Kit, variable: str, value: str) -> None:
    ci = {"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/heads/main"} if variable == "RUNNER_TEMP" else {}
    for command in (("version",), ("build", "--engine", "buildah")):
        run = kit(*command, **{variable: value}, **ci)
        refused_or_done(run)
        relative = value in ("rel", "-x", ".")
        assert not relative or f"{variable} is " in run.stderr, run.stderr


@pytest.mark.parametrize("seconds", ["253339228800", "253402300799", "1e12", "-1e10", "0"])
def test_a_clock_of_any_time(kit: Kit, seconds: str) -> None:
    ours = "from pipeline_kit.cli import run; sys.exit(run(sys.argv[1:]))"
    program = f"import sys, time; time.time = lambda: {seconds}; {ours}"
    for command in (*COMMANDS, ("build", "--engine", "buildah")):
        kit_then = _Started(kit.folder, ("-c", program))
        refused_or_done(kit_then(*command))


class _Started(Kit):
    def __init__(self, folder: Path, how: tuple[str, ...]) -> None:
        super().__init__(folder)
        object.__setattr__(self, "how", how)

    def argv(self, *arguments: str) -> list[str]:
        return [sys.executable, *self.how, *arguments]  # type: ignore[attr-defined] # set above


@pytest.mark.parametrize("image", ["..", "a/..", "\0", "x" * 5000, "", "/", ".", "a\nb", "ü", "-x", "../../../etc"])
def test_a_record_of_any_image(kit: Kit, image: str) -> None:
    assert kit("version").code == 0
    kept = kit.folder.parent / ".cache" / "pipeline-kit" / "runs" / "kept"
    kept.mkdir()
    record = kit.record()
    for entry in record["entries"]:
        entry["image"] = image
    file = kit.folder.parent / "fetched.json"
    file.write_text(json.dumps(record))
    refused_or_done(kit("replay", str(file)))
    assert kept.is_dir()


@pytest.mark.parametrize("change", [{"commit": "HEAD"}, {"commit": "\0"}, {"commit": "-x"}, {"commit": "x" * 5000}])
def test_a_record_of_any_commit(kit: Kit, change: dict[str, str]) -> None:
    assert kit("version").code == 0
    file = kit.folder.parent / "fetched.json"
    file.write_text(json.dumps({**kit.record(), **change}))
    run = kit("replay", str(file))
    refused_or_done(run)
    assert run.code == 64


@pytest.mark.parametrize(
    "arguments",
    [
        ("build", "--engine", "buildah", "--secret", "id=a\nb,env=B"),
        ("build", "--engine", "buildah", "--secret", "id=a,env=B\rC"),
        ("build", "--engine", "buildah", "--file", "x" * 5000),
        ("build", "--engine", "buildah", "--folder", "x" * 5000),
        ("version", "--config", "x" * 5000),
        ("replay", "x" * 5000),
    ],
)
def test_an_option_of_any_text(kit: Kit, arguments: tuple[str, ...]) -> None:
    run = kit(*arguments)
    refused_or_done(run)
    assert run.code == 64, run.stderr


def test_a_configuration_without_nul(kit: Kit) -> None:
    (kit.folder / "pipeline-kit.yml").write_text('build: { file: "a\\0b" }\n')
    run = kit("build")
    assert (run.code, "explain config.syntax" in run.stderr) == (64, True), run.stderr
