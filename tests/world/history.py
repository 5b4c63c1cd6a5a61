"""Repositories with a long history, the same each time, made in seconds by ``git fast-import``."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from tests.world.repository import IDENTITY, Repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_START = 1_600_000_000
_MINUTE = 60
_TYPES = ("feat", "fix", "fix", "docs", "chore", "refactor", "test", "ci", "perf", "build")
_SCOPES = ("", "(web)", "(store)", "", "(api)")
_FILES = 50
_FILE = "src/part{number}.txt"


def write_history(folder: Path, *, commits: int, tags: int, after: int = 20) -> Repository:
    """A repository of ``commits`` commits in one line on ``main``, checked out and clean. ``tags`` annotated release
    tags are spread evenly over it, v0.1.0 first and a new minor version each; ``after`` commits follow the last one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    repository = Repository(folder)
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), **IDENTITY}
    command = ("git", "fast-import", "--quiet", "--done")
    with subprocess.Popen(command, cwd=folder, env=environ, stdin=subprocess.PIPE) as process:
        assert process.stdin
        process.stdin.writelines(_stream(commits, tags, after))
        process.stdin.close()
    assert process.returncode == 0
    # As a clone has it: one pack, packed refs, no loose objects.
    repository("pack-refs", "--all")
    repository("reset", "--quiet", "--hard")
    return repository


def release_tags(count: int) -> list[str]:
    """The names of the release tags, oldest first."""
    return [f"v{number // 100}.{number % 100}.0" for number in range(1, count + 1)]


def _stream(commits: int, tags: int, after: int) -> Iterator[bytes]:
    tagged = {_position(number, commits - after, tags): name for number, name in enumerate(release_tags(tags), 1)}
    for number in range(1, commits + 1):
        when = f"{_START + number * _MINUTE} +0000"
        message = f"{_TYPES[number % len(_TYPES)]}{_SCOPES[number % len(_SCOPES)]}: change number {number}\n"
        content = f"{number}\n"
        yield (
            f"commit refs/heads/main\nmark :{number}\n"
            f"author a <a@example.com> {when}\ncommitter a <a@example.com> {when}\n"
            f"data {len(message)}\n{message}"
            f"{f'from :{number - 1}' if number > 1 else ''}\n"
            f"M 100644 inline {_FILE.format(number=number % _FILES)}\ndata {len(content)}\n{content}\n"
        ).encode()
        if name := tagged.get(number):
            yield f"tag {name}\nfrom :{number}\ntagger a <a@example.com> {when}\ndata 8\nrelease\n\n".encode()
    yield b"done\n"


def _position(number: int, last: int, tags: int) -> int:
    """The commit that the release tag ``number`` is on: the last of all release tags is on the commit ``last``."""
    return last * number // tags
