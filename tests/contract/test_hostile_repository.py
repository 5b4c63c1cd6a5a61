"""Nothing that a repository names is run, by anything that we do with it."""

import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pipeline_kit.errors import Failure
from pipeline_kit.git import safe_environment
from tests.world.bumping import project
from tests.world.hostile_repository import HostileRepository
from tests.world.kit import Kit
from tests.world.repository import IDENTITY, Repository
from tests.world.streams import seen

PULL_REQUEST = {
    "GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/7/merge",
    "GITHUB_BASE_REF": "main", "GITHUB_HEAD_REF": "topic", "GITHUB_REPOSITORY": "o/r",
}  # fmt: skip
AZURE = {"TF_BUILD": "True", "BUILD_REASON": "IndividualCI", "BUILD_SOURCEBRANCH": "refs/heads/main"}


# Git without hooks, for what a test itself does in a trapped repository.
CALM = {**os.environ, **safe_environment()}


@pytest.fixture
def hostile(tmp_path: Path) -> HostileRepository:
    return HostileRepository(tmp_path / "repository")


def test_the_traps_are_real(hostile: HostileRepository) -> None:
    """Plain git goes into them; if it didn't, the tests below would prove nothing."""
    environ = {**os.environ, **IDENTITY}
    for command in ("status", "log -1 -p", f"cat-file -e {'2' * 40}", "-c core.hooksPath=hooks update-ref refs/x HEAD"):
        argv = ["git", *command.split()]
        subprocess.run(
            argv, cwd=hostile.folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    expected = {"conditional-core-fsmonitor", "gpg-openpgp-program", "remote-url", "hook-reference-transaction"}
    assert expected <= set(hostile.sprung)
    assert {name for name in hostile.sprung if name.startswith("filter-")}


def test_reading_runs_nothing(hostile: HostileRepository) -> None:
    git = hostile.git
    state = git.state()
    assert (state.latest and state.latest.name, len(state.since)) == ("v1.0.0", 1)
    assert state.dirty >= 1
    git.states({"a": "v", "b": "b-v"}, paths=True)
    assert git.is_ancestor(state.since[0].parents[0], state.commit)
    assert git.top() == hostile.folder
    assert not hostile.sprung


def test_reading_runs_nothing_where_the_slow_ways_are_taken(hostile: HostileRepository) -> None:
    hostile("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "tag", "--no-sign", "v9.0.0", "HEAD^{tree}")
    state = hostile.git.state()
    assert (state.latest and state.latest.name) == "v1.0.0"
    assert not hostile.sprung


@pytest.mark.parametrize("arguments", [("version",), ("plan",), ("tag",)])
@pytest.mark.parametrize("ci", [{}, PULL_REQUEST, AZURE])
def test_the_commands_run_nothing(hostile: HostileRepository, arguments: tuple[str, ...], ci: dict[str, str]) -> None:
    run = Kit(hostile.folder, {**ci, "PIPELINE_KIT_IMAGE": "r.example/o/a"})(*arguments)
    assert (run.code, hostile.sprung) == (0, []), run.stderr


def test_a_release_runs_nothing(tmp_path: Path) -> None:
    remote = tmp_path / "remote"
    remote.mkdir()
    Repository(remote, "--bare")
    hostile = HostileRepository(tmp_path / "repository", url=remote.as_uri())
    (hostile.folder / ".git" / "refs" / "tags" / "missing").unlink()
    hostile.git.call("push", "origin", "HEAD:refs/heads/main", "v1.0.0").checked()
    hostile.git.call("checkout", "--force", "HEAD", "--", ".").checked()
    run = Kit(hostile.folder, {key: value for key, value in IDENTITY.items() if "DATE" not in key})("bump")
    assert (run.code, run.result, hostile.sprung) == (0, "v1.0.1", []), run.stderr
    assert "v1.0.1" in Repository(remote, new=False)("tag", "--list")


def test_completing_a_clone_runs_nothing_of_the_repository(hostile: HostileRepository) -> None:
    for url in (None, "ssh://example.invalid/a", "git://example.invalid/a", "--upload-pack=id", "evil::x"):
        if url is not None:
            hostile("config", "--replace-all", "remote.origin.url", url)
        with pytest.raises(Failure) as refused:
            hostile.git.unshallow()
        assert (refused.value.kind, hostile.sprung) == ("git.unshallow", [])


def test_completing_a_clone_from_a_good_remote_and_pushing_to_it_runs_nothing(tmp_path: Path) -> None:
    remote = tmp_path / "remote"
    remote.mkdir()
    Repository(remote, "--bare")
    hostile = HostileRepository(tmp_path / "repository", url=remote.as_uri())
    (hostile.folder / ".git" / "refs" / "tags" / "missing").unlink()
    (hostile.folder / ".git" / "objects" / "info" / "alternates").write_text(f"{remote}/objects\n")
    git = hostile.git
    head = git.head().commit
    pushed = git.call("push", "--end-of-options", "origin", "v1.0.0", f"{head}:refs/heads/main")
    assert (pushed.code, hostile.sprung) == (0, []), pushed.stderr
    subprocess.run(["git", "update-ref", "-d", "refs/tags/v1.0.0"], cwd=hostile.folder, env=CALM, check=True)
    git.unshallow()
    assert git.state().tags
    assert not hostile.sprung


def test_a_bare_repository_among_the_files_is_not_read(tmp_path: Path) -> None:
    """It comes with a clone, configuration and all."""
    outer = tmp_path / "outer"
    outer.mkdir()
    Repository(outer).commit("feat: a")
    hostile = HostileRepository(tmp_path / "repository")
    shutil.copytree(hostile.folder / ".git", outer / "docs", symlinks=True)
    hostile("config", "--file", str(outer / "docs" / "config"), "core.bare", "true")
    with pytest.raises(Failure) as refused:
        Repository(outer / "docs", new=False).git.state()
    run = Kit(outer / "docs")("version")
    assert (refused.value.kind, run.code, hostile.sprung) == ("git.bare", 0, [])


def test_a_working_tree_elsewhere_is_not_written_to(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    repository.commit("feat: a")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "file").touch()
    repository("config", "core.worktree", str(elsewhere))
    Kit(tmp_path)("version")
    assert sorted(path.name for path in elsewhere.iterdir()) == ["file"]


HOSTILE = (
    "$(id)", "`id`", "${{ github.token }}", "##vso[task.setvariable variable=x]y", "##[error]x", "::error::x",
    "::set-output name=version::9", "\u202ex", "a\u2028b", "-n", "--upload-pack=id", "';id;'", "%0A::error::x",
)  # fmt: skip


def trouble(text: str) -> list[str]:
    """Lines that a CI would take as a command, without those that we have always."""
    lines = re.split(r"[\r\n\u2028]+", text)
    return [re.sub(r"[;\]].*", "", line) for line in lines if line.lstrip().startswith("::") or "##" in line]


def named_by(texts: tuple[str, ...], folder: Path, branch: str) -> None:
    """A repository whose commits, branches and tags hold ``texts``, on ``branch``."""
    folder.mkdir()
    repository = Repository(folder)
    repository.commit("feat: a")
    repository("tag", "v1.0.0")
    for number, text in enumerate(texts):
        repository.commit(f"feat: {text}\n\n{text}\n::error::{text}\n##vso[task.complete result=Failed]")
        ref = re.sub(r"[ ~^:?*\[\\]", "_", text)
        for name in (f"heads/{ref}", f"tags/{ref}", f"tags/v0.{number}.0-{ref}"):
            argv = ["git", "update-ref", f"refs/{name}", "HEAD"]  # git refuses a few of them itself
            subprocess.run(argv, cwd=folder, check=False, capture_output=True)
    repository("branch", "--move", branch)


@pytest.mark.parametrize("ci", [{}, {**PULL_REQUEST, "GITHUB_EVENT_NAME": "push"}, AZURE], ids=["local", "gh", "azure"])
@pytest.mark.parametrize("command", ["version", "tag", "plan"])
def test_text_of_commits_and_refs_reaches_no_command_of_the_ci(
    tmp_path: Path, ci: dict[str, str], command: str
) -> None:
    """A CI takes as many commands from a run on hostile text as from one on plain text."""
    found = []
    for kind, texts, branch in (
        ("plain", ("x",) * len(HOSTILE), "plain"),
        ("hostile", HOSTILE, "##vso]$(id)${{x}}\u2028"),
    ):
        folder = tmp_path / kind
        named_by(texts, folder, branch)
        output = tmp_path / f"{kind}-output"
        output.touch()
        more = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(tmp_path / f"{kind}-summary")}
        ref = f"refs/heads/{branch}::error::\u202e##vso[x]"
        for name in ("GITHUB_REF", "BUILD_SOURCEBRANCH"):
            more |= {name: ref} if name in ci else {}
        run = Kit(folder, {**ci, **more, "PIPELINE_KIT_IMAGE": "r.example/o/a"})(command)
        assert run.code == 0, run.stderr
        assert not re.search("[\u2028\u202e]", run.stdout + run.stderr + output.read_text())
        names = re.findall(r"^([A-Za-z_-]+)(?:<<|=)", output.read_text(), re.MULTILINE)
        found.append((trouble(run.stdout), trouble(run.stderr), sorted(set(names))))
    assert found[0] == found[1]


EVIL = "::error::x\n##vso[task.complete result=Succeeded;]\x1b[2J\u202e"
COMMANDS = (
    ("version", "--format", "json"), ("tag", "--format", "json"), ("bump", "--dry-run", "--format", "json"),
    ("plan", "--format", "json"), ("plan",), ("plan", "--set", "build.target=TEXT"),
    ("plan", "--set", "build.file=TEXT"),
    ("bump", "--dry-run"), ("bump", "--dry-run", "--changelog", "NEWS.md"), ("config", "show", "--config", "bad.yml"),
    ("version", "--config", "TEXT.yml"), ("explain", "TEXT"), ("TEXT",), ("build", "--TEXT"), ("replay", "TEXT.json"),
    ("tag", "--image", "r.example/ TEXT"), ("tag", "--tags", "TEXT"), ("tag", "--labels", "a=TEXT"),
    ("login", "--image", "REGISTRY/o/a"),
)  # fmt: skip


@contextmanager
def registry_that_says(text: str) -> Iterator[str]:
    """A registry whose every answer is a refusal, with ``text`` in all that it says; its address."""
    line = text.encode("ascii", "replace").replace(b"\n", b" ").replace(b"\x1b", b"").decode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(403, line)
            self.send_header("WWW-Authenticate", f'Bearer realm="https://x/{line}",service="{line}"')
            self.send_header("Location", line)
            self.end_headers()
            self.wfile.write(json.dumps({"errors": [{"code": text, "message": text, "detail": text}]}).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def found_by(folder: Path, ci: dict[str, str], text: str) -> list[list[str]]:
    """What CIs and terminals find in both streams of each command line, where ``text`` is in all that they read."""
    (folder / "bad.yml").write_text(f"version: 1\n{json.dumps(text)}: x\n")
    kit, found = Kit(folder, {**ci, "PIPELINE_KIT_IMAGE": "r.example/o/a"}), []
    with registry_that_says(text) as address:
        for arguments in COMMANDS:
            run = kit(*(one.replace("TEXT", text).replace("REGISTRY", address) for one in arguments))
            assert run.code in (0, 1, 2, 64, 75), run.stderr
            assert "Traceback" not in run.stderr
            if "json" in arguments and run.stdout:
                assert run.json
            commands = [re.split(r"[ \]]", line.removeprefix("command: "))[0] for line in seen(run.stdout + run.stderr)]
            found.append([re.sub(r"\A(::[a-z-]+).*", r"\1", command) for command in commands])
    return found


@pytest.mark.parametrize(
    "ci",
    [{}, {**PULL_REQUEST, "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}, AZURE, {"GITLAB_CI": "true"}],
    ids=["local", "gh", "azure", "gitlab"],
)
def test_no_command_line_prints_a_command_of_anyone_s_text(tmp_path: Path, ci: dict[str, str]) -> None:
    """A CI and a terminal find in hostile text what they find in plain text, whatever is asked."""
    named_by(("x",) * len(HOSTILE), tmp_path / "plain", "plain")
    named_by(HOSTILE, tmp_path / "hostile", "##vso]$(id)${{x}}\u2028")
    assert found_by(tmp_path / "hostile", ci, EVIL) == found_by(tmp_path / "plain", ci, "x")


def test_a_relative_folder_of_path_has_no_program_for_anyone(tmp_path: Path) -> None:
    """Not for us, nor for the library that writes, nor for what git looks for itself."""
    shop = project(tmp_path)
    ran = tmp_path / "ran"
    for name in ("git", "ssh", "git-remote-https"):
        shop.work.write(name, f"#!/bin/sh\necho {name} >> '{ran}'\nexit 1\n", f"chore: {name}")
        (shop.work.folder / name).chmod(0o755)
    shop.work("commit", "--quiet", "--all", "--amend", "--no-edit")
    path = f".:{shop.kit.environ.get('PATH', os.environ['PATH'])}:"
    assert shop.kit("bump", PATH=path).code == 0
    shop.work("remote", "set-url", "origin", "ssh://git@127.0.0.1:1/shop.git")
    shop.work("config", "remote.origin.tagOpt", "--no-tags")
    for tag in shop.work("tag", "--list").split():
        shop.work("tag", "--delete", tag)
    assert "git.unshallow" in shop.kit("version", PATH=path, PIPELINE_KIT_VERSION_FETCH="true").stderr
    assert not ran.exists()
