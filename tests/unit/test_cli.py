"""The command line: who wins, what is refused, what is printed where."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import click
import pytest

from pipeline_kit import cli
from pipeline_kit.commands.effective import effective
from pipeline_kit.errors import Failure, Stopped
from pipeline_kit.session import Session
from pipeline_kit.steps.command import Shared

if TYPE_CHECKING:
    from pathlib import Path


class Shell:
    """A command line in a folder without a repository: nothing here starts a process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, *arguments: str, **environ: str) -> tuple[int, str, str]:
        out, err = io.StringIO(), io.StringIO()
        session = Session({"HOME": str(self.folder), **environ}, self.folder, out, err)
        with pytest.MonkeyPatch.context() as patch:
            for name, value in environ.items():
                patch.setenv(name, value)
            code = cli._guarded(session, list(arguments))
        return code, out.getvalue(), err.getvalue()

    def values(self, **environ: str) -> dict[str, tuple[str, str]]:
        session = Session(environ, self.folder, io.StringIO(), io.StringIO())
        return {one.key: (one.value, one.origin) for one in effective(session, Shared({}))}


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "headline", "fix"),
    [
        (["versoin"], "no such command 'versoin'", "pipeline-kit version"),
        (["build", "--targt", "x"], "no such option '--targt'", "pipeline-kit build --target"),
        (["scan", "--fail-on", "high"], "--fail-on: 'high' is not one of", "pipeline-kit scan --help"),
        (["deploy", "--port", "x"], "--port: 'x' is not a valid whole number", "pipeline-kit deploy --help"),
        (["build", "--arg", "x"], "--arg: 'x' is not KEY=VALUE", "pipeline-kit build --help"),
        (["run", "--set", "bild.x=1"], "--set bild.x: not STEP.OPTION", ""),
        (["run", "--until", "tag", "--set", "build.tagret=x"], "build has no option tagret", "--set build.target=x"),
        (["run", "--from", "push", "--until", "scan"], "push comes after scan", ""),
        (["explain", "scan.refusd"], "there is no failure scan.refusd", ""),
        (["tag", "--config", "nothing.yml"], "there is no file nothing.yml", ""),
        (["tag", "--env", "prod"], 'there is no environment "prod"', ""),
        (["tag", "--image", "a b"], "image: 'a b'", ""),
        (["version", "surplus"], "got unexpected extra argument", ""),
        (["bump", "--pre"], "option '--pre' requires an argument", "pipeline-kit bump --help"),
        (["version", "--squash=x"], "option '--squash' does not take a value", "pipeline-kit version --help"),
        (["config", "shw"], "no such command 'shw'", "pipeline-kit config show"),
        (["release"], "no such command 'release'", "pipeline-kit bump\n"),
        (["bump", "--skip-push"], "no such option '--skip-push'", "pipeline-kit bump --no-push\n"),
        (["bump", "--no-tag"], "no such option '--no-tag'", "pipeline-kit bump --help\n"),
        (["bump", "--no-comit"], "no such option '--no-comit'", "pipeline-kit bump --no-commit\n"),
        (["bump", "--skip-commit"], "no such option '--skip-commit'", "pipeline-kit bump --no-commit\n"),
        (["bump", "--skip-tag"], "no such option '--skip-tag'", "pipeline-kit bump --help\n"),
        (["bump", "--prefix", "v"], "no such option '--prefix'", "pipeline-kit bump --help\n"),
        (["bump", "--major"], "no such option '--major'", "pipeline-kit bump --as major\n"),
        (["bump", "minor"], "got unexpected extra argument (minor)", "pipeline-kit bump --as minor\n"),
        (["bump", "v2.0.0-rc.1"], "got unexpected extra argument (v2.0.0-rc.1)", "pipeline-kit bump --to 2.0.0-rc.1\n"),
        (["bump", "$(x)"], "got unexpected extra argument ($(x))", "pipeline-kit bump --help\n"),
        (["version", "--bumped-version"], "no such option '--bumped-version'", "pipeline-kit version\n"),
        (["version", "--no-fetched"], "no such option '--no-fetched'", "pipeline-kit version --no-fetch\n"),
        (["tag", "--package", "web"], "no such option '--package'", "pipeline-kit tag --help\n"),
    ],
)
def test_a_mistake_is_told_once_with_the_way_out(shell: Shell, arguments: list[str], headline: str, fix: str) -> None:
    code, out, err = shell(*arguments)
    assert code == 64
    assert out == ""
    assert err.count(headline) == 1
    assert not fix or f"fix    {fix}" in err
    assert err.splitlines()[-1].endswith(("config.usage", "config.type", "config.file"))


@pytest.mark.parametrize("command", ["version", "tag"])
def test_a_key_is_named_with_its_place_where_its_value_is_wrong(shell: Shell, command: str) -> None:
    (shell.folder / "pipeline-kit.yml").write_text("version: 1\nversioning:\n  channels: [main]\n")
    code, _, err = shell(command)
    assert code == 64
    assert "pipeline-kit.yml:3:13, versioning.channels: 'main' is not KEY=VALUE" in err
    assert "--channel" not in err


def test_a_variable_is_named_where_its_value_is_wrong(shell: Shell) -> None:
    code, _, err = shell("deploy", PIPELINE_KIT_DEPLOY_PORT="x")
    assert code == 64
    assert "PIPELINE_KIT_DEPLOY_PORT: 'x' is not a valid whole number" in err


def test_what_azure_pipelines_did_not_replace_is_refused(shell: Shell) -> None:
    code, _, err = shell("tag", PIPELINE_KIT_IMAGE="$(image)")
    assert code == 64
    assert "PIPELINE_KIT_IMAGE is $(image), and no variable has that name" in err


@pytest.mark.parametrize(
    "command",
    ["run", "run --only tag", "run --dry-run", "plan", "login", "build", "scan", "push", "deploy", "bump", "replay"],
)
def test_pull_request_target_is_refused(shell: Shell, command: str) -> None:
    (shell.folder / "pipeline-kit.yml").write_text("scan: { fail-on: HIGH }\n")
    (shell.folder / "Dockerfile").write_text("FROM scratch\n")
    before = sorted(shell.folder.iterdir())
    code, out, err = shell(*command.split(), GITHUB_ACTIONS="true", GITHUB_EVENT_NAME="pull_request_target")
    assert (code, out, sorted(shell.folder.iterdir())) == (64, "", before)
    assert "pull_request_target is refused" in err
    assert "fix    on: pull_request" in err.replace("\x1b[1m", "").replace("\x1b[0m", "")


def test_outside_a_repository_there_is_a_way_out(shell: Shell) -> None:
    assert shell("explain")[0] == 0
    assert shell("config", "schema")[0] == 0


def test_the_environment_wins_over_the_file_and_that_over_the_default(shell: Shell) -> None:
    (shell.folder / "pipeline-kit.yml").write_text("build: { target: runtime, engine: docker }\n")
    values = shell.values(PIPELINE_KIT_BUILD_TARGET="debug")
    assert values["build.target"] == ("debug", "PIPELINE_KIT_BUILD_TARGET")
    assert values["build.engine"] == ("docker", "pipeline-kit.yml:1:35")
    assert values["build.file"] == ("Dockerfile", "default")


@pytest.mark.parametrize(
    ("key", "given", "shown"),
    [
        ("deploy.variables", "TOKEN=secret\nMODE=x=y", "TOKEN, MODE"),
        ("build.cache-to", "type=s3,bucket=b,secret_access_key=secret", "type"),
        ("build.cache-from", "type=gha,token=secret", "type"),
    ],
)
def test_what_may_be_a_secret_is_shown_by_name_alone(shell: Shell, key: str, given: str, shown: str) -> None:
    variable = f"PIPELINE_KIT_{key}".upper().replace(".", "_").replace("-", "_")
    assert shell.values(**{variable: given})[key] == (shown, variable)


def test_a_folder_of_somebody_else_keeps_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.getuid", lambda: 54321)  # in no list of users, and not who makes the folder
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    session = Session({}, tmp_path, io.StringIO(), io.StringIO())
    with pytest.raises(Failure, match="belongs to somebody else"):
        assert session.context


def test_an_empty_variable_counts_as_not_set(shell: Shell) -> None:
    (shell.folder / "pipeline-kit.yml").write_text("build: { target: runtime }\n")
    assert shell.values(PIPELINE_KIT_BUILD_TARGET="")["build.target"] == ("runtime", "pipeline-kit.yml:1:18")


def test_the_configuration_is_shown_with_its_origin(shell: Shell) -> None:
    (shell.folder / "pipeline-kit.yml").write_text("image: reg.io/a\nscan: { fail-on: LOW }\n")
    session_out = shell("config", "show", "--origin", "--format", "json")[1]
    assert json.loads(session_out) == [
        {"key": "image", "value": "reg.io/a", "origin": "pipeline-kit.yml:1:8"},
        {"key": "scan.fail-on", "value": "LOW", "origin": "pipeline-kit.yml:2:18"},
    ]


def test_a_configuration_above_is_found_up_to_the_repository_s_top(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "pipeline-kit.yml").write_text("build: { target: outside }\n")
    inner = tmp_path / "repository" / "folder"
    inner.mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    assert Shell(inner).values()["build.target"] == ("", "default")
    (tmp_path / "repository" / "pipeline-kit.yml").write_text("build: { target: inside }\n")
    assert Shell(inner / "..").values()["build.target"] == ("inside", "pipeline-kit.yml:1:18")


def test_a_bug_of_ours_leaves_a_report_and_no_traceback(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("boom")

    monkeypatch.setattr("pipeline_kit.commands.config.effective", broken)
    code, out, err = shell("config", "show")
    assert (code, out) == (1, "")
    assert "Traceback" not in err
    assert "boom" in (shell.folder / ".pipeline-kit" / "logs" / "bug.log").read_text()


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_help_with_examples(name: str, capsys: pytest.CaptureFixture[str], shell: Shell) -> None:
    assert shell(name, "--help")[0] == 0
    help_text = capsys.readouterr().out
    assert "Examples:" in help_text
    assert f"pipeline-kit {name}" in help_text


def test_without_a_home_the_state_is_not_in_the_working_tree(tmp_path: Path) -> None:
    state = Session({}, tmp_path, io.StringIO(), io.StringIO()).context.state
    assert not state.is_relative_to(tmp_path)


@pytest.mark.parametrize("ended", [KeyboardInterrupt(), Stopped(15)])
def test_an_interrupt_tells_what_was_done_by_then(
    shell: Shell, ended: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    @click.command
    def interrupted() -> None:
        raise ended

    monkeypatch.setattr(cli.Commands, "get_command", lambda *_: interrupted)
    assert "Children were stopped; nothing is half-published. Exit 1" in shell("push")[2]
    ended.add_note("all blobs, 2 of 4 tags published (1.5.0 1.5), and perhaps 1")
    said = shell("push")[2]
    assert "Children were stopped; all blobs, 2 of 4 tags published (1.5.0 1.5), and perhaps 1. Exit 1" in said
    assert "half-published" not in said
