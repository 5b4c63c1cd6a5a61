"""Which way credentials go is not for a repository's own configuration to say, and no tool of git sees our secrets."""

from __future__ import annotations

import http.server
import os
import re
import signal
import threading
import time
from base64 import b64encode
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pipeline_kit import cli
from pipeline_kit.git import remote as reach
from tests.world.bumping import FILES, Project, at, project, tags
from tests.world.git_server import GitServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOKEN = "a-token-of-the-job"
HEADER = "basic " + b64encode(f"x-access-token:{TOKEN}".encode()).decode()


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    return project(tmp_path)


@contextmanager
def elsewhere() -> Iterator[tuple[str, list[str]]]:
    """A server that nobody means, its address, and what it is sent."""
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(f"{self.path} {self.headers}")
            self.send_error(404)

        do_POST = do_CONNECT = do_GET  # noqa: N815 - the names that the library calls

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/", seen
    finally:
        server.shutdown()
        server.server_close()


def github(url: str) -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_SERVER_URL": url.rstrip("/"),
        "PIPELINE_KIT_GITHUB_TOKEN": TOKEN,
        "NO_COLOR": "1",
    }


# What would send the request to another server, or take less care of whom it talks to. {evil} and {url} are addresses.
REDIRECTING = {
    "http.proxy": "{evil}",
    "http.{url}.proxy": "{evil}",
    "remote.origin.proxy": "{evil}",
    "url.{evil}.insteadOf": "{url}",
    "url.{evil}.pushInsteadOf": "{url}",
    "http.sslVerify": "false",
    "http.{url}.sslVerify": "false",
    "http.sslCAInfo": "ca.pem",
    "http.sslCAPath": "certificates",
    "http.curloptResolve": "github.com:443:127.0.0.1",
    "http.followRedirects": "true",
    "http.cookieFile": "cookies",
    "http.proxySSLCAInfo": "ca.pem",
    "credential.protectProtocol": "false",
    "remote.origin.vcs": "evil",
    "fetch.bundleURI": "{evil}",
}


@pytest.mark.parametrize(
    ("where", "key"), [*(("own", key) for key in REDIRECTING), ("included", "http.proxy"), ("worktree", "http.proxy")]
)
def test_a_repository_says_nothing_of_the_way(shop: Project, tmp_path: Path, key: str, where: str) -> None:
    with GitServer(shop.remote.folder.parent).running() as server, elsewhere() as (evil, seen):
        shop.work("remote", "set-url", "origin", f"{server.url}remote.git")
        named, value = (text.format(evil=evil, url=server.url) for text in (key, REDIRECTING[key]))
        match where:
            case "own":
                file = shop.work.folder / ".git" / "config"
            case "worktree":
                shop.work("config", "extensions.worktreeConfig", "true")
                file = shop.work.folder / ".git" / "config.worktree"
            case _:
                file = tmp_path / "included"
                shop.work("config", "include.path", str(file))
        shop.work("config", "--file", str(file), named, value)
        run = shop.kit("bump", *FILES, **github(server.url))
        assert (run.code, "explain git.redirected" in run.stderr) == (64, True), run.stderr
        assert (seen, server.seen) == ([], []), "something was sent"
        lines = [one.split("=")[0].strip().lower() for one in file.read_text().splitlines()]
        line = lines.index(key.rpartition(".")[2].lower()) + 1
        assert f"{file.name}:{line} sets {key.split('.')[0]}." in run.stderr
        # The way out does what it says.
        (fix,) = re.findall(r"^  fix +(.+)$", run.stderr, re.MULTILINE)
        assert os.system(f"cd {shop.work.folder} && {fix}") == 0
        again = shop.kit("bump", *FILES, **github(server.url))
        assert (again.code, again.result) == (0, "v1.1.0"), again.stderr
        assert HEADER in server.seen


def test_without_a_remote_in_play_it_is_nobodys_business(shop: Project) -> None:
    shop.work("config", "http.proxy", "http://127.0.0.1:1")
    for options in ((), ("--dry-run",)):
        assert shop.kit("version").code == 0
        run = shop.kit("bump", *FILES, "--no-push", *options)
        assert run.code == 0, run.stderr


def test_what_the_user_says_of_the_way_holds(shop: Project) -> None:
    """A company's proxy stands in the user's own configuration."""
    with GitServer(shop.remote.folder.parent).running() as server:
        shop.work("remote", "set-url", "origin", "http://code.invalid/remote.git")
        home = shop.work.folder.parent / ".gitconfig"
        shop.work("config", "--file", str(home), f"url.{server.url}.insteadOf", "http://code.invalid/")
        run = shop.kit("bump", *FILES)
        assert (run.code, run.result) == (0, "v1.1.0"), run.stderr


SECRETS = {
    "AZURE_CLIENT_SECRET": "secret-of-the-cloud",
    "PIPELINE_KIT_GITHUB_TOKEN": "secret-of-the-job",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret-of-the-runner",
    "NPM_TOKEN": "secret-of-npm",
    "DOCKER_PASSWORD": "secret-of-the-registry",
}


def shows_environment(path: Path, then: str) -> Path:
    """A program that writes its environment beside itself, and goes on with ``then``."""
    path.write_text(f"#!/bin/sh\nenv >> '{path}.seen'\n{then}\n")
    path.chmod(0o755)
    return path


def test_what_git_starts_sees_no_secret_that_it_was_not_given(shop: Project, tmp_path: Path) -> None:
    ssh = shows_environment(tmp_path / "ssh", 'for last; do :; done; exec sh -c "$last"')
    signer = shows_environment(tmp_path / "signer", "exit 1")
    shop.work("remote", "set-url", "origin", f"ssh://git@code.invalid{shop.remote.folder}")
    run = shop.kit("bump", *FILES, GIT_SSH=str(ssh), GIT_SSH_VARIANT="simple", **SECRETS)
    assert (run.code, run.result) == (0, "v1.1.0"), run.stderr
    shop.work.commit("fix: more")
    shop.work("config", "--file", str(tmp_path / ".gitconfig"), "gpg.program", str(signer))
    shop.work("config", "--file", str(tmp_path / ".gitconfig"), "user.signingKey", "0123456789ABCDEF")
    refused = shop.kit("bump", *FILES, "--sign", **SECRETS, GNUPGHOME=str(tmp_path), GIT_SSH=str(ssh))
    assert "explain bump.sign" in refused.stderr
    for name in ("ssh", "signer"):
        seen = (tmp_path / f"{name}.seen").read_text()
        assert f"HOME={tmp_path}" in seen
        assert not [secret for secret in SECRETS.values() if secret in seen], seen
    assert f"GNUPGHOME={tmp_path}" in (tmp_path / "signer.seen").read_text()


@contextmanager
def silent() -> Iterator[str]:
    """A server that takes connections and says nothing, for as long as the block lasts."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"


def in_process(shop: Project, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    """Run the command here, where the deadlines can be made short."""
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    for name, value in shop.kit.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(shop.work.folder)
    try:
        return cli.run(arguments)
    finally:
        for one, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(one, handler)


@pytest.mark.parametrize("arguments", [("bump",), ("version", "--fetch")])
def test_a_remote_that_never_answers_is_not_waited_for_for_ever(
    shop: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    monkeypatch.setattr(reach, "PATIENCE", dict.fromkeys(reach.PATIENCE, 1.0))
    if arguments[0] == "version":
        shop.work("tag", "--delete", "v1.0.0")
        shop.work("config", "remote.origin.tagOpt", "--no-tags")
    with silent() as url:
        shop.work("remote", "set-url", "origin", f"{url}remote.git")
        code = in_process(shop, monkeypatch, *arguments)
    said = capfd.readouterr().err
    assert code == (75 if arguments == ("bump",) else 1), said
    assert "origin did not answer within 1 s" in said


def test_a_push_that_is_never_answered_is_told_by_what_the_remote_has(
    shop: Project, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """The remote takes it and then hangs: git is stopped, and the remote is asked what it has."""
    monkeypatch.setattr(reach, "PATIENCE", {**reach.PATIENCE, "push": 3.0})
    with GitServer(shop.remote.folder.parent).running() as server:
        hook = shop.remote.folder / "hooks" / "post-receive"
        hook.write_text("#!/bin/sh\nexec sleep 8 > /dev/null 2>&1\n")
        hook.chmod(0o755)
        shop.work("remote", "set-url", "origin", f"{server.url}remote.git")
        code = in_process(shop, monkeypatch, "bump", *FILES)
    assert code == 0, capfd.readouterr().err
    assert tags(shop.remote) == tags(shop.work) == ["v1.0.0", "v1.1.0"]
    assert at(shop.remote, "main") == at(shop.work, "HEAD")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_cut_after_the_remote_took_the_release_says_that_it_did(shop: Project, number: int) -> None:
    began = shop.remote.folder.parent / "began"
    hook = shop.remote.folder / "hooks" / "post-receive"
    hook.write_text(f"#!/bin/sh\n: > '{began}'\nexec sleep 8 > /dev/null 2>&1\n")
    hook.chmod(0o755)
    with GitServer(shop.remote.folder.parent).running() as server:
        shop.work("remote", "set-url", "origin", f"{server.url}remote.git")
        with shop.kit.start("bump", *FILES) as running:
            deadline = time.monotonic() + 30
            while not began.exists():
                assert time.monotonic() < deadline, "the remote was never asked to take it"
                time.sleep(0.02)
            running.send_signal(number)
            _, said = running.communicate(timeout=30)
        assert running.returncode == 128 + number, said
        assert "stopped when the release was made, and origin has it" in said
        assert "Commit and tag are made." in said
        hook.unlink()
        assert shop.kit("bump", *FILES).result == "v1.1.0"
    assert at(shop.remote, "main") == at(shop.work, "HEAD")
    assert tags(shop.remote) == tags(shop.work) == ["v1.0.0", "v1.1.0"]
