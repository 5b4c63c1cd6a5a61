"""The sample as a git repository of its own: with history, with release tags."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

# The image that the sample's Dockerfile is based on, and what people who can pull it get.
BASE = "python:3.13-slim-bookworm"
IDENTITY = ("-c", "user.name=Sample", "-c", "user.email=sample@example.com")
_WEB = Path(__file__).parent / "web"
# The commits have fixed times, so that the same sample gives the same digest.
_TIME = 1_760_000_000


def write(folder: Path, *, history: bool = True) -> None:
    """Copy the sample to ``folder`` and commit it; with ``history`` as two releases, the second on HEAD."""
    shutil.copytree(_WEB, folder, ignore=shutil.ignore_patterns("__pycache__", ".pipeline-kit"))
    _git(folder, "init", "--quiet", "--initial-branch=main")
    if history:
        book = folder / "web" / "book.py"
        text = book.read_text(encoding="utf-8")
        book.write_text(text.replace("LONGEST = 280", "LONGEST = 140"), encoding="utf-8")
        _commit(folder, "feat: a guest book", _TIME)
        _git(folder, "tag", "--annotate", "v1.0.0", "--message", "v1.0.0")
        book.write_text(text, encoding="utf-8")
    _commit(folder, "feat: longer notes", _TIME + 3600)
    _git(folder, "tag", "--annotate", "v1.1.0", "--message", "v1.1.0")


def _commit(folder: Path, message: str, time: int) -> None:
    _git(folder, "add", "--all", time=time)
    _git(folder, "commit", "--quiet", "--message", message, time=time)


def _git(folder: Path, *arguments: str, time: int = _TIME) -> None:
    moment = f"{time} +0000"
    environ = {**os.environ, "GIT_AUTHOR_DATE": moment, "GIT_COMMITTER_DATE": moment}
    subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, env=environ, check=True, stdout=subprocess.DEVNULL)
