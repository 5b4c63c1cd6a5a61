"""A git repository of a test's own: deterministic, and deaf to the configuration of whoever runs the test."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Self

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
    """A repository of a test's own. ``options`` are those of git init."""

    def __init__(self, folder: Path, *options: str, new: bool = True) -> None:
        self.folder = folder
        if new:
            self("init", "--quiet", "--initial-branch=main", *options)

    def __call__(self, *arguments: str, stdin: bytes | None = None) -> str:
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.folder), **IDENTITY}
        command = ["git", "-c", "protocol.file.allow=always", *arguments]
        done = subprocess.run(command, cwd=self.folder, env=environ, check=True, capture_output=True, input=stdin)
        return done.stdout.decode()

    def commit(self, message: str) -> str:
        """An empty commit; its id."""
        self("commit", "--quiet", "--allow-empty", "--message", message)
        return self("rev-parse", "HEAD").strip()

    def write(self, path: str, content: str, message: str) -> str:
        """A commit that writes one file; its id."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        self("add", "--", path)
        return self.commit(message)

    def clone(self, folder: Path, *options: str) -> Self:
        """A clone as over a network: by URL, so that it may be shallow or partial."""
        self("clone", "--quiet", *options, self.folder.as_uri(), str(folder))
        return type(self)(folder, new=False)

    @property
    def git(self) -> Git:
        """What answers in the product, with a home of its own."""
        return Git(self.folder, Runner({"PATH": os.environ["PATH"], "HOME": str(self.folder), **IDENTITY}))
