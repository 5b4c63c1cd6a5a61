"""A checkout that waits for a Python, or a program, to be started in it.

Each trap leaves its own name in one file, and does what a thief would: it has bash run a file of its own in every later
step of the job.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# What the standard library, pip, the package or its dependencies import, and what Python imports by itself.
_MODULES = (
    "argparse", "click", "ensurepip", "json", "logging", "msgspec", "pip", "pipeline_kit", "requests",
    "runpy", "site", "sitecustomize", "struct", "subprocess", "tempfile", "usercustomize", "venv", "zipfile",
)  # fmt: skip
_PROGRAMS = (
    "cat", "chmod", "cksum", "dirname", "env", "git", "mkdir", "pip", "pip3", "python", "python3", "python3.11",
    "rm", "sed", "tr", "trivy", "trivy-db",
)  # fmt: skip
_PYTHON = """\
import os
with open({sprung!r}, "a") as file:
    file.write({name!r} + chr(10))
if os.environ.get("GITHUB_ENV"):
    with open(os.environ["GITHUB_ENV"], "a") as file:
        file.write("BASH_ENV=" + os.path.abspath("evil.sh") + chr(10))
"""
_SHELL = "#!/bin/sh\necho '{name}' >>'{sprung}'\nexit 1\n"
# Where somebody has said so for their own reasons, all of this is looked at in the checkout.
ENVIRON = {
    "PYTHONPATH": ".:src",
    "PYTHONSTARTUP": "./site.py",
    "PYTHONUSERBASE": ".",
    "PYTHONPYCACHEPREFIX": "./cache",
    "PIP_CONFIG_FILE": "./pip.conf",
    "PIP_REQUIREMENT": "./more.txt",
    "PIP_TARGET": "./target",
}


class HostileWorkspace:
    """The traps, in ``folder``. ``sprung`` are the names of those that went off."""

    def __init__(self, folder: Path, marks: Path) -> None:
        self.folder = folder
        self._marks = marks
        for below in ("", "src"):
            for name in _MODULES:
                self._write(os.path.join(below, f"{name}.py"), _PYTHON, f"{below}/{name}.py")  # noqa: PTH118 - a text
        for name in ("pipeline_kit", "pip", "venv"):
            self._write(f"{name}/__init__.py", _PYTHON, f"{name}/__init__.py")
            self._write(f"{name}/__main__.py", _PYTHON, f"{name}/__main__.py")
        for name in _PROGRAMS:
            self._write(f"tools/{name}", _SHELL, f"tools/{name}")
            (folder / "tools" / name).chmod(0o755)
        self._write("evil.sh", "echo evil.sh >>'{sprung}'\n", "evil.sh")
        (folder / "pip.conf").write_text("[global]\npython = ./tools/python3\n[install]\nrequirement = ./more.txt\n")
        (folder / "more.txt").write_text("./evil\n")

    @property
    def sprung(self) -> list[str]:
        """The traps that went off."""
        return self._marks.read_text().splitlines() if self._marks.exists() else []

    def _write(self, path: str, template: str, name: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(template.format(name=name, sprung=str(self._marks)))
