"""A clone that lacks history or tags is completed from its remote, or says why it can't be."""

import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from pipeline_kit.errors import Failure
from pipeline_kit.git import Git
from pipeline_kit.process import Runner
from tests.world.repository import IDENTITY, Repository


@pytest.fixture
def origin(tmp_path: Path) -> Repository:
    folder = tmp_path / "origin"
    folder.mkdir()
    repository = Repository(folder)
    repository.commit("feat: a")
    repository("tag", "--annotate", "v1.0.0", "--message", "x")
    repository.commit("fix: b")
    repository.commit("fix: c")
    repository("checkout", "--quiet", "-b", "other")
    repository.commit("feat: other")
    repository("checkout", "--quiet", "main")
    return repository


@pytest.mark.parametrize(
    "options",
    [("--depth=1",), ("--depth=2", "--no-tags"), ("--no-tags",), ("--depth=1", "--no-single-branch"), ()],
    ids=" ".join,
)
def test_what_is_missing_is_fetched(origin: Repository, tmp_path: Path, options: tuple[str, ...]) -> None:
    clone = origin.clone(tmp_path / "clone", *options)
    clone.git.unshallow()
    assert clone.git.state() == msgspec.structs.replace(origin.git.state(), remote=origin.folder.as_uri())


def test_the_checkout_of_a_pull_request_is_completed(origin: Repository, tmp_path: Path) -> None:
    """As actions/checkout makes it: one ref at depth 1, and no branch."""
    origin("update-ref", "refs/pull/7/merge", "other")
    folder = tmp_path / "clone"
    folder.mkdir()
    clone = Repository(folder)
    clone("remote", "add", "origin", origin.folder.as_uri())
    clone("fetch", "--quiet", "--no-tags", "--depth=1", "origin", "+refs/pull/7/merge:refs/remotes/pull/7/merge")
    clone("checkout", "--quiet", "refs/remotes/pull/7/merge")
    clone.git.unshallow()
    state = clone.git.state()
    assert (state.latest and state.latest.name, state.shallow, len(state.since)) == ("v1.0.0", False, 3)
    assert "refs/remotes/origin" not in clone("for-each-ref"), "no branch was asked for"


def test_a_server_that_gives_no_single_commit_is_asked_for_its_branches(origin: Repository, tmp_path: Path) -> None:
    clone = origin.clone(tmp_path / "clone", "--depth=1")
    clone("commit", "--quiet", "--allow-empty", "--message", "fix: only here")
    clone.git.unshallow()
    state = clone.git.state()
    assert (state.latest and state.latest.name, state.shallow, len(state.since)) == ("v1.0.0", False, 3)


@pytest.mark.parametrize("trouble", ["no remote", "gone", "shallow itself"])
def test_where_it_can_not_be_completed_nothing_is_guessed(origin: Repository, tmp_path: Path, trouble: str) -> None:
    clone = origin.clone(tmp_path / "clone", "--depth=1")
    match trouble:
        case "no remote":
            clone("remote", "remove", "origin")
        case "gone":
            shutil.rmtree(origin.folder)
        case _:
            middle = origin.clone(tmp_path / "middle", "--depth=1")
            clone("remote", "set-url", "origin", middle.folder.as_uri())
    with pytest.raises(Failure) as refused:
        clone.git.unshallow()
    assert refused.value.kind == "git.unshallow"
    assert clone.git.state().shallow


def test_a_tag_of_this_clone_is_not_moved(origin: Repository, tmp_path: Path) -> None:
    clone = origin.clone(tmp_path / "clone", "--no-tags")
    clone("tag", "v1.0.0")
    with pytest.raises(Failure) as refused:
        clone.git.unshallow()
    assert "would clobber" in "".join(refused.value.evidence)
    assert [tag.name for tag in clone.git.state().here] == ["v1.0.0"]


@contextmanager
def served(folder: Path, header: str) -> Iterator[str]:
    """The repository over HTTP, for whoever sends ``header`` as Authorization."""
    environ = {**os.environ, **IDENTITY, "GIT_PROJECT_ROOT": str(folder), "GIT_HTTP_EXPORT_ALL": "1"}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            if self.headers.get("Authorization") != header:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="x"')
                self.end_headers()
                return
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            request = {
                "REQUEST_METHOD": self.command, "PATH_INFO": path, "QUERY_STRING": query, "REMOTE_USER": "a",
                "CONTENT_TYPE": self.headers.get("Content-Type", ""), "CONTENT_LENGTH": str(len(body)),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            }  # fmt: skip
            done = subprocess.run(
                ["git", "http-backend"], env={**environ, **request}, input=body, capture_output=True, check=True
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            self.send_response(200)
            for line in head.decode().splitlines():
                name, _, value = line.partition(": ")
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


BASIC = "basic dXNlcjpzZWNyZXQ="  # user:secret


@pytest.mark.parametrize("way", ["local header", "included header", "environment", "askpass", "user's helper"])
def test_the_users_own_credentials_are_used(origin: Repository, tmp_path: Path, way: str) -> None:
    """As the CIs leave them: a header in the repository's configuration (actions/checkout, persistCredentials), or
    in a file that it includes; settings in the environment; GIT_ASKPASS; a helper of the user's.
    """
    clone = origin.clone(tmp_path / "clone", "--depth=1")
    home = tmp_path / "home"
    home.mkdir()
    environ = {"PATH": os.environ["PATH"], "HOME": str(home)}
    answer = tmp_path / "answer"
    answer.write_text('#!/bin/sh\ncase "$1" in Username*) echo user;; *) echo secret;; esac\n')
    answer.chmod(0o755)
    with served(origin.folder, BASIC if "header" in way or way == "environment" else BASIC.replace("b", "B", 1)) as url:
        clone("remote", "set-url", "origin", url)
        key, value = f"http.{url}.extraheader", f"AUTHORIZATION: {BASIC}"
        match way:
            case "local header":
                clone("config", key, value)
            case "included header":
                clone("config", "--file", str(tmp_path / "credentials"), key, value)
                clone("config", f"includeIf.gitdir:{clone.folder}/.git.path", str(tmp_path / "credentials"))
            case "environment":
                environ |= {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": key, "GIT_CONFIG_VALUE_0": value}
            case "askpass":
                environ |= {"GIT_ASKPASS": str(answer)}
            case _:
                helper = "!f() { echo username=user; echo password=secret; }; f"
                (home / ".gitconfig").write_text(f'[credential "{url}"]\n\thelper = "{helper}"\n')
        git = Git(clone.folder, Runner(environ), environ)
        git.unshallow()
    assert git.state().latest


def test_without_credentials_nobody_is_asked_and_none_are_told(origin: Repository, tmp_path: Path) -> None:
    clone = origin.clone(tmp_path / "clone", "--depth=1")
    with served(origin.folder, BASIC) as url:
        clone("remote", "set-url", "origin", url.replace("//", "//user:wrong@"))
        with pytest.raises(Failure) as refused:
            clone.git.unshallow()
    assert "wrong" not in f"{refused.value.headline}{refused.value.notes}{refused.value.evidence}"


@pytest.mark.parametrize(
    ("command", "expected"),
    [('"/usr/bin/ssh" -i "/tmp/a key" -o StrictHostKeyChecking=yes', "-i /tmp/a key -o StrictHostKeyChecking=yes"),
     ("touch evil; ssh", "")],
)  # fmt: skip
def test_a_key_that_the_checkout_left_is_used_and_no_other_command(
    origin: Repository, tmp_path: Path, command: str, expected: str
) -> None:
    clone = origin.clone(tmp_path / "clone", "--depth=1")
    clone("remote", "set-url", "origin", f"ssh://git@example.invalid{origin.folder}")
    clone("config", "core.sshCommand", command)
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(f'#!/bin/sh\necho "$*" >> {tmp_path}/asked\nfor last; do :; done\nexec sh -c "$last"\n')
    ssh.chmod(0o755)
    environ = {**IDENTITY, "PATH": f"{ssh.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    Git(clone.folder, Runner(environ)).unshallow()
    assert (tmp_path / "asked").read_text().startswith(expected)
    assert not (clone.folder / "evil").exists()
