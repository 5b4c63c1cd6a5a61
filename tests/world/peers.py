"""The programs that people version with today, to compare with: pinned, checked by hash, each in a folder of its own.

``requirements/peers`` has their locks. They come from PyPI and the npm registry by pip and npm. What they are asked is
the next version of the repository they are started in; what they have to be told for that is here, once.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tests.world.cache import key_of, made_once
from tests.world.commands import output_of
from tests.world.progress import bringing_up
from tests.world.unavailable import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

_LOCKS = Path(__file__).parents[2] / "requirements" / "peers"
# Without commits that ask for a release, some give the version that is there, and some none.
NO_RELEASE = ""
_NODE = (20, 8, 1)
_COMMITIZEN = '[tool.commitizen]\nversion_provider = "scm"\ntag_format = "v$version"\n'
_SEMANTIC_RELEASE = re.compile(r"The next release version is (\S+)$", re.MULTILINE)
# commitizen's exit codes for no commit since the last release, and for none that asks for one.
_NO_COMMITS, _NO_INCREMENT = 3, 21


@dataclass(frozen=True, slots=True)
class Answer:
    """How a peer ended."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class Peer:
    """``argv`` asks for the next version of the repository in the working folder, whose release tags start with ``v``;
    ``read`` finds the version in the answer, without the ``v``, or NO_RELEASE.
    """

    name: str
    argv: tuple[str, ...]
    read: Callable[[Answer], str]

    def next_version(self, folder: Path) -> str:
        """Ask it; RuntimeError with its own words if it has no answer."""
        done = subprocess.run(
            self.argv, cwd=folder, env=environment(folder), stdin=subprocess.DEVNULL, capture_output=True, text=True
        )
        return self.read(Answer(done.returncode, done.stdout, done.stderr))


def environment(folder: Path) -> dict[str, str]:
    """What a peer sees: no configuration of whoever runs the test, and no CI."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder.parent),
        "LANG": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_SYSTEM": "/dev/null",
        # python-semantic-release and semantic-release want to know whom they would push as.
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.com",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.com",
    }


@cache
def git_cliff() -> Peer:
    """A program of Rust, with the configuration it has in itself."""
    argv = (str(_python("git-cliff") / "git-cliff"), "--bumped-version", "--unreleased")
    return Peer("git-cliff", argv, _printed)


@cache
def commitizen() -> Peer:
    """With the rules it has in itself, the version taken from the tags."""
    bin_ = _python("commitizen", {"cz.toml": _COMMITIZEN})
    argv = (*_script(bin_, "cz"), "--config", str(bin_.parents[1] / "cz.toml"), "bump", "--get-next", "--yes")
    return Peer("commitizen", argv, _commitizen)


@cache
def vcs_versioning() -> Peer:
    """What setuptools-scm counts with: it reads tags alone, no messages."""
    return Peer("vcs-versioning", (*_script(_python("vcs-versioning"), "vcs-versioning"), "--root", "."), _printed)


@cache
def python_semantic_release() -> Peer:
    """With its own rules; it wants a remote named origin."""
    argv = (*_script(_python("python-semantic-release"), "semantic-release"), "--noop", "version", "--print")
    return Peer("python-semantic-release", argv, _printed)


def semantic_release(remote: Path, *, preset: str = "angular") -> Peer:
    """``remote`` is where it looks whether it could push: any repository with the same ``main`` and tags, also the one
    it is asked about. ``preset`` is one of conventional-changelog's: angular, conventionalcommits.
    """
    folder = _npm()
    configuration = folder / f"{preset}.json"
    program = folder / "node_modules" / "semantic-release" / "bin" / "semantic-release.js"
    argv = ("node", str(program), "--dry-run", "--no-ci", "--branches", "main", "--repository-url", remote.as_uri())
    return Peer(f"semantic-release ({preset})", (*argv, "--extends", str(configuration)), _semantic_release)


def _printed(answer: Answer) -> str:
    return _succeeded(answer).stdout.strip().removeprefix("v")


def _commitizen(answer: Answer) -> str:
    return NO_RELEASE if answer.code in (_NO_COMMITS, _NO_INCREMENT) else _printed(answer)


def _semantic_release(answer: Answer) -> str:
    found = _SEMANTIC_RELEASE.search(_succeeded(answer).stdout)
    return found[1] if found else NO_RELEASE


def _succeeded(answer: Answer) -> Answer:
    if answer.code:
        raise RuntimeError(f"it ended with {answer.code}:\n{answer.stdout}{answer.stderr}")
    return answer


def _script(bin_: Path, name: str) -> tuple[str, str]:
    """A script by its interpreter, since its own first line names the folder in which it was made."""
    return str(bin_ / "python"), str(bin_ / name)


def _python(name: str, files: dict[str, str] | None = None) -> Path:
    """The bin folder of a virtual environment with the lock ``name``; ``files`` stand beside it."""
    lock = _LOCKS / f"{name}.txt"
    files = files or {}
    key = key_of(lock.read_text(encoding="utf-8"), platform.machine(), sys.version, sys.base_prefix, files)

    def make(folder: Path) -> None:
        output_of(sys.executable, "-m", "venv", str(folder / "venv"), environ=os.environ)
        pip = (
            str(folder / "venv" / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        )
        output_of(*pip, "--only-binary=:all:", "--require-hashes", "--requirement", str(lock), environ=os.environ)
        for path, content in files.items():
            (folder / path).write_text(content, encoding="utf-8")

    with bringing_up(name, "from PyPI, a quarter of a minute the first time") as ready:
        folder = made_once(name, key, make)
        ready(str(folder))
    return folder / "venv" / "bin"


@cache
def _npm() -> Path:
    """The folder of node_modules with semantic-release and both presets."""
    locks = _LOCKS / "semantic-release"
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            raise Unavailable(f"{program} is not installed", "install Node.js 20 or later")
    version = output_of("node", "--version", environ=os.environ)
    if tuple(int(part) for part in version.removeprefix("v").split(".")) < _NODE:
        raise Unavailable(
            f"Node.js here is {version}, and semantic-release needs 20.8.1", "install Node.js 20 or later"
        )

    def make(folder: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(locks / name, folder / name)
        # Nothing of a package runs while it is installed.
        command = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        output_of(*command, environ=os.environ, cwd=folder)
        for preset in ("angular", "conventionalcommits"):
            plugin = f'["@semantic-release/commit-analyzer", {{"preset": "{preset}"}}]'
            (folder / f"{preset}.json").write_text(f'{{"plugins": [{plugin}]}}\n', encoding="utf-8")

    lock = (locks / "package-lock.json").read_text(encoding="utf-8")
    with bringing_up("semantic-release", "from the npm registry, a quarter of a minute the first time") as ready:
        folder = made_once("semantic-release", key_of(lock), make)
        ready(str(folder))
    return folder
