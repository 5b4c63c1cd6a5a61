"""``pipeline-kit`` as a user starts it: a process of its own, in a folder, with an environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Run:
    """How it ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def result(self) -> str:
        """Standard output without the last newline."""
        return self.stdout.rstrip("\n")

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.stdout)

    def line(self, step: str) -> str:
        """The line of a step."""
        found = [line for line in self.stderr.splitlines() if line[2:].startswith(f"{step} ")]
        assert found, f"no line of {step} in:\n{self.stderr}"
        return found[-1]


@dataclass(frozen=True)
class Kit:
    """``folder`` is where it is started, ``environ`` what it sees beside PATH and HOME."""

    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, **environ: str) -> Run:
        """Run ``pipeline-kit ARGUMENTS`` to its end."""
        done = subprocess.run(
            self.argv(*arguments),
            cwd=self.folder,
            env=self.environment(**environ),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=300,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def start(self, *arguments: str, **environ: str) -> subprocess.Popen[str]:
        """Start it, in a process group of its own, for a test that interrupts it."""
        return subprocess.Popen(
            self.argv(*arguments),
            cwd=self.folder,
            env=self.environment(**environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def argv(self, *arguments: str) -> list[str]:
        """The command line."""
        return [sys.executable, "-m", "pipeline_kit", *arguments]

    def environment(self, **more: str) -> dict[str, str]:
        """What the process sees: nothing of the test's own but where the programs are."""
        own = {"PATH": os.environ["PATH"], "HOME": str(self.folder.parent), "LANG": "C.UTF-8"}
        return {**own, **self.environ, **more}

    def record(self) -> Any:
        """The run record."""
        return json.loads((self.folder / ".pipeline-kit" / "run.json").read_text())

    def layout(self, image: str) -> Path:
        """Where the layout of that image is, in the user's cache: no record says so."""
        (found,) = Path(self.environ["XDG_CACHE_HOME"]).glob(f"pipeline-kit/runs/*/layouts/{image}")
        return found

    def value(self, step: str) -> Any:
        """What a step gave, from the record."""
        (entry,) = [entry for entry in self.record()["entries"] if entry["step"] == step]
        return entry["value"][step]
