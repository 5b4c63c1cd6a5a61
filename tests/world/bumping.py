"""A project with something to release and a bare remote; and a git that kills whoever calls it, at a chosen call."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.world.kit import Kit, Run
from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

CHANGELOG = """\
# Changelog

What changed, for people.

## [Unreleased]

### Added

- By hand.

## [1.0.0] - 2026-01-01

- The first.
"""
PYPROJECT = '[project]\nname = "shop"\nversion = "1.0.0" # the version\n'
FILES = ("--changelog", "CHANGELOG.md", "--file", "pyproject.toml")
_KILLER = """\
#!/bin/sh
# Sends its caller a signal before or after the call whose arguments hold WORD.
if [ ! -e "DONE" ]; then
    for argument in "$@"; do
        if [ "$argument" = "WORD" ]; then
            : > "DONE"
            if [ "WHEN" = after ]; then "GIT" "$@"; fi
            kill -"NUMBER" "$PPID"
            exit 1
        fi
    done
fi
exec "GIT" "$@"
"""


@dataclass(frozen=True)
class Project:
    """``work`` is a clone of ``remote`` with commits that nobody has released; ``kit`` runs in it."""

    work: Repository
    remote: Repository
    kit: Kit

    def clone(self, folder: Path) -> Project:
        """Another clone of the same remote."""
        self.work("clone", "--quiet", str(self.remote.folder), str(folder))
        work = Repository(folder, new=False)
        _configured(work)
        return Project(work, self.remote, Kit(folder, self.kit.environ))

    def killed(self, word: str, when: str, *arguments: str) -> int:
        """As ``killed``, with what runs in this clone."""
        return killed(self.kit, self.remote.folder.parent, word, when, *arguments)

    def stopped(self, word: str, when: str, number: int, *arguments: str) -> Run:
        """As ``stopped``, with what runs in this clone."""
        return stopped(self.kit, self.remote.folder.parent, word, when, number, *arguments)


def at(repository: Repository, name: str) -> str:
    """The object that ``name`` stands for."""
    return repository("rev-parse", name).strip()


def tags(repository: Repository) -> list[str]:
    """The names of its tags."""
    return repository("tag", "--list").split()


def killed(kit: Kit, scratch: Path, word: str, when: str, *arguments: str) -> int:
    """Run with a git that kills its caller at the first call that has the argument ``word``; the exit code."""
    return stopped(kit, scratch, word, when, signal.SIGKILL, *arguments).code


def stopped(kit: Kit, scratch: Path, word: str, when: str, number: int, *arguments: str) -> Run:
    """Run with a git that sends its caller a signal at the first call that has the argument ``word``."""
    folder = scratch / "killer"
    folder.mkdir(exist_ok=True)
    program, done = folder / "git", folder / "done"
    done.unlink(missing_ok=True)
    # A tool sees no variable that it was not given, so all of it stands in the script.
    values = {
        "DONE": str(done),
        "WHEN": when,
        "GIT": str(shutil.which("git")),
        "WORD": word,
        "NUMBER": str(int(number)),
    }
    text = _KILLER
    for name, value in values.items():
        text = text.replace(f'"{name}"', shlex.quote(value))
    program.write_text(text)
    program.chmod(0o755)
    run = kit(*arguments, PATH=f"{folder}{os.pathsep}{kit.environ.get('PATH', os.environ['PATH'])}")
    assert done.exists(), f"git was never called with {word}: {run.stderr}"
    return run


def project(folder: Path) -> Project:
    """A project at 1.0.0 with a feature and a fix since then, cloned from its remote."""
    seed = folder / "seed"
    seed.mkdir()
    first = Repository(seed)
    (seed / "CHANGELOG.md").write_text(CHANGELOG)
    (seed / "pyproject.toml").write_text(PYPROJECT)
    first("add", ".")
    first.commit("feat: start")
    first("tag", "--annotate", "v1.0.0", "--message", "first")
    first.commit("feat(web): greet people (#12)")
    first.commit("fix: a typo")
    first("clone", "--quiet", "--bare", str(seed), str(folder / "remote.git"))
    remote = Repository(folder / "remote.git", new=False)
    first("clone", "--quiet", str(remote.folder), str(folder / "work"))
    work = Repository(folder / "work", new=False)
    _configured(work)
    return Project(work, remote, Kit(folder / "work", {"XDG_CACHE_HOME": str(folder / "cache")}))


def _configured(work: Repository) -> None:
    work("config", "user.name", "Release")
    work("config", "user.email", "release@example.com")
