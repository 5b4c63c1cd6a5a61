"""Commit messages are an attacker's: any length, any bytes, any encoding."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_kit.git.history import BEGINNING, END
from tests.world.history import write_history
from tests.world.repository import IDENTITY, Repository

PERSON = b"a <a@example.com> 1700000000 +0000"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "repository"
    folder.mkdir()
    repository = Repository(folder)
    repository.commit("feat: a")
    repository("tag", "v1.0.0")
    return repository


def add(repository: Repository, message: bytes, *, headers: bytes = b"", committer: bytes = PERSON) -> str:
    """A commit with exactly these bytes, as HEAD."""
    tree, parent = repository("rev-parse", "HEAD^{tree}", "HEAD").encode().split()
    whole = b"tree %b\nparent %b\nauthor %b\ncommitter %b\n%b\n%b" % (tree, parent, PERSON, committer, headers, message)
    commit = repository("hash-object", "-t", "commit", "-w", "--stdin", "--literally", stdin=whole).strip()
    repository("update-ref", "HEAD", commit)
    return commit


def newest(repository: Repository) -> str:
    return repository.git.state().since[0].message


def test_a_declared_encoding_is_read(repository: Repository) -> None:
    add(repository, "feat: für".encode("latin-1"), headers=b"encoding ISO-8859-1\n")
    assert newest(repository).strip() == "feat: für"
    add(repository, "feat: für".encode("utf-16"), headers=b"encoding no-such-thing\n")
    assert newest(repository)


def test_undeclared_bytes_and_zeros_are_no_trouble(repository: Repository) -> None:
    add(repository, b"fix: \xff\xfe\x00feat!: hidden\n")
    assert newest(repository).startswith("fix: ")
    assert len(repository.git.state().since) == 1


@pytest.mark.parametrize(
    "message", [b"", b"\n", b"\n\n\nfix: late\n", b"\r\n", b"\x01\x02\x1b[31m", "\u2028\u202e".encode()]
)
def test_odd_messages_are_one_commit_each(repository: Repository, message: bytes) -> None:
    commit = add(repository, message)
    assert [one.id for one in repository.git.state().since] == [commit]


@pytest.mark.parametrize(
    "committer", [b"a", b"a <a@example.com>", b"a <a> 99999999999999999999 +0000", b"a <a> -1 +0000", b""]
)
def test_a_commit_without_a_time_of_its_own(repository: Repository, committer: bytes) -> None:
    commit = add(repository, b"fix: x", committer=committer)
    state = repository.git.state()
    assert (state.commit, len(state.since)) == (commit, 1)
    assert 0 <= state.time <= 253_402_300_799


MEASURE = """
import os, re, time
from pathlib import Path
from pipeline_kit.git import Git
from pipeline_kit.process import Runner
started = time.monotonic()
state = Git(Path.cwd(), Runner(os.environ)).state()
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]
print(time.monotonic() - started, peak, len(state.since), len(state.tags))
"""


def measured(folder: Path) -> tuple[float, float, int, int]:
    """Seconds, most megabytes, commits since, tags: of a process that reads ``folder``."""
    command = [sys.executable, "-c", MEASURE]
    out = subprocess.run(command, cwd=folder, env={**os.environ, **IDENTITY}, check=True, capture_output=True).stdout
    seconds, peak, commits, tags = out.split()
    return float(seconds), int(peak) / 1024, int(commits), int(tags)


def test_a_message_of_ten_megabytes_takes_neither_the_time_nor_the_memory(repository: Repository) -> None:
    for number in range(5):
        add(repository, b"feat: large %d\n\n" % number + b"0123456789abcdef\n" * 600_000 + b"\nBREAKING CHANGE: x\n")
    messages = [one.message for one in repository.git.state().since]
    assert all(len(message) <= BEGINNING + END for message in messages)
    assert all(message.endswith("\nBREAKING CHANGE: x\n") for message in messages)
    seconds, peak, commits, _ = measured(repository.folder)
    assert commits == 5
    assert seconds < 5
    assert peak < 60


def test_a_hundred_thousand_tags(repository: Repository) -> None:
    commit = repository("rev-parse", "HEAD").strip()
    head = repository.commit("fix: b")
    lines = [f"{commit} refs/tags/{'v' if number % 20 == 0 else 'build-'}1.0.{number}" for number in range(100_000)]
    packed = "# pack-refs with: peeled fully-peeled sorted \n" + "\n".join(
        sorted(lines, key=lambda line: line.split()[1])
    )
    (repository.folder / ".git" / "packed-refs").write_text(packed + "\n")
    state = repository.git.state()
    assert state.latest is not None
    assert (state.latest.name, [one.id for one in state.since], len(state.tags)) == ("v1.0.99980", [head], 5000)
    seconds, peak, _, _ = measured(repository.folder)
    assert seconds < 5
    assert peak < 100


def test_time_grows_with_the_commits_since_the_last_release_and_not_with_history(tmp_path: Path) -> None:
    """Small here; ``make bench`` has the large ones."""
    short = write_history(tmp_path / "short", commits=1_000, tags=50)
    long = write_history(tmp_path / "long", commits=8_000, tags=50)
    once = [(measured(short.folder), measured(long.folder)) for _ in range(3)]
    assert min(of_long[0] for _, of_long in once) < 2 * min(of_short[0] for of_short, _ in once)
    assert max(of_long[1] for _, of_long in once) < 60
