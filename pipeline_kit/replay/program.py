"""This program, started once more: with its own code, whatever lies in the folder that it is started in."""

from __future__ import annotations

import sys
from pathlib import Path

# -I leaves out the working directory, PYTHON* and the user's own packages; the folders that this process imports from
# are named instead, and after them nothing.
_START = "import sys; sys.path[:] = {folders!r}; from pipeline_kit.__main__ import main; main()"


def argv(*arguments: str) -> tuple[str, ...]:
    """The command line of ``pipeline-kit ARGUMENTS``."""
    own = str(Path(__file__).resolve().parents[2])
    here = str(Path.cwd())
    folders = [folder for folder in sys.path if Path(folder).is_absolute() and folder != here]
    return (sys.executable, "-I", "-c", _START.format(folders=list(dict.fromkeys([*folders, own]))), *arguments)
