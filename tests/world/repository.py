"""A git repository of a test's own: deterministic, and deaf to the configuration of whoever runs the test."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from pipeline_kit.git import Git
from pipeline_kit.process import Runner

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY = {
    "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@example.com", "GIT_AUTHOR_DATE": "1700000000 +0000",
    "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@example.com", "GIT_COMMITTER_DATE": "1700000000 +0000",
    "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_SYSTEM": "/dev/null",
}  # fmt: skip


class Repository:
    """A repository of a test's own."""

    def __init__(self, folder: Path, *, new: bool = True) -> None:
        self.folder = folder
        if new:
            self("init", "--quiet", "--initial-branch=main")

    def __call__(self, *arguments: str) -> str:
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **IDENTITY}
        command = ["git", *arguments]
        return subprocess.run(command, cwd=self.folder, env=environ, check=True, capture_output=True, text=True).stdout

    def commit(self, message: str) -> str:
        self("commit", "--quiet", "--allow-empty", "--message", message)
        return self("rev-parse", "HEAD").strip()

    @property
    def git(self) -> Git:
        return Git(self.folder, Runner({"PATH": os.environ["PATH"], "HOME": str(self.folder)}))
