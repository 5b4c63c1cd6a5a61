"""The hash of a program, remembered as long as its file is the same: reading buildx takes as long as a small build."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.model.digest import digest_of
from pipeline_kit.process import sha256_of

if TYPE_CHECKING:
    from pathlib import Path


def remembered_hash(program: Path, state: Path) -> str:
    """``sha256_of(program)``, kept in the folder ``state``. A file that was written, replaced or moved is read again:
    its size, times, place or inode differ, and nobody but the kernel sets the time of a change.
    """
    path = program.resolve()
    status = path.stat()
    identity = f"{path} {status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_dev} {status.st_ino}"
    note = state / "hashes" / digest_of(identity.encode()).removeprefix("sha256:")
    try:
        return note.read_text()
    except FileNotFoundError:
        found = sha256_of(path)
    note.parent.mkdir(parents=True, exist_ok=True)
    scratch = note.with_suffix(".new")
    scratch.write_text(found)
    scratch.replace(note)
    return found
