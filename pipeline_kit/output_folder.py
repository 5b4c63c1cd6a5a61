"""``.pipeline-kit`` in the working tree: the record, logs and reports, which a CI keeps as an artifact.

Later steps believe what they find there, so it has to be our own: no link, and nothing that came with a commit.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pipeline_kit import tree
from pipeline_kit.errors import Failure, fix, why

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.git import Git

NAME = ".pipeline-kit"


def prepare(folder: Path) -> None:
    """Make the folder; it ignores itself, in git and in a Docker build."""
    ignore = tree.folder(folder, top=folder.parent) / ".gitignore"
    if not os.path.lexists(ignore):
        tree.write(ignore, b"*\n", top=folder.parent)


def refuse_links(folder: Path) -> None:
    """Have no link where a CI takes the folder as a whole, whatever comes of the run. Failure: ``tree.link``."""
    if folder.is_symlink():
        folder.unlink()
        raise tree.link(folder, folder.parent)
    tree.tidy(folder, unfinished=False)


def refuse_tracked(folder: Path, git: Git) -> None:
    """Refuse files of the folder that git tracks. Failure: ``tree.tracked``."""
    if not folder.is_dir():
        return
    found = git.call("ls-files", "-z", "--", f":(top,icase){NAME}").stdout
    if found:
        raise Failure(
            "tree.tracked",
            f"git tracks files in {NAME}",
            why("Later steps believe the record, and this one was written by whoever wrote the commit."),
            fix(f"git rm -r --cached {NAME} && git commit"),
        )
