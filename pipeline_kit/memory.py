"""What was found out once and can't change: kept in a folder of the user's cache, one small file each.

Of a program or database its hash and version, for as long as its file is the same: reading buildx takes as long as a
small build. Of a layer what it unpacks to, since its name is the hash of its bytes.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import uuid4

from pipeline_kit.process import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def remembered(folder: Path, key: str, find: Callable[[], str]) -> str:
    """What ``find`` gives for ``key``, asked once. ``key`` has to name all that the answer depends on."""
    note = folder / sha256(key.encode()).hexdigest()
    try:
        return note.read_text(encoding="utf-8")
    except FileNotFoundError:
        found = find()
    folder.mkdir(parents=True, exist_ok=True)
    scratch = note.with_name(f"{note.name}.{uuid4().hex[:8]}")
    scratch.write_text(found, encoding="utf-8")
    scratch.replace(note)
    return found


def hash_of(file: Path, folder: Path) -> str:
    """The SHA-256 of ``file``, in hexadecimal."""
    return of_file(file, folder, "sha256", lambda: sha256_of(file))


def of_file(file: Path, folder: Path, question: str, find: Callable[[], str]) -> str:
    """The answer to ``question`` about ``file``. One that was written, replaced or moved is asked again: its size,
    times, place or inode differ, and nobody but the kernel sets the time of a change.
    """
    path = file.resolve()
    status = path.stat()
    identity = (path, status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_dev, status.st_ino)
    return remembered(folder, " ".join(map(str, (question, *identity))), find)
