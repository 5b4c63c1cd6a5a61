"""Commands as a user starts them: what they take, in time and in memory."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

# A process of its own between: what it starts would otherwise seem to need what the bench itself holds.
_PEAK = (
    "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode;"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"
)


def command(
    argv: Sequence[str], folder: Path | None = None, environ: Mapping[str, str] | None = None
) -> Callable[[], None]:
    """What runs ``argv`` to its end; RuntimeError with its own words if it fails."""

    def run() -> None:
        _output(argv, folder, environ)

    return run


def peak_memory(argv: Sequence[str], folder: Path, environ: Mapping[str, str]) -> int:
    """Bytes that the largest process held, of those that ``argv`` is and starts."""
    return int(_output((sys.executable, "-S", "-c", _PEAK, *argv), folder, environ)) * 1024


def _output(argv: Sequence[str], folder: Path | None, environ: Mapping[str, str] | None) -> str:
    done = subprocess.run(argv, cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout
