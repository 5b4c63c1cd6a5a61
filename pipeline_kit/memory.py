"""What was found out once and can't change: kept in a folder of the user's cache, one small file each.

Of a program or database its hash and version, for as long as its file is the same: reading buildx takes as long as a
small build. Of a layer what it unpacks to, since its name is the hash of its bytes; of a layout its files when they
were hashed.

A note holds its own checksum: one that a crash or a full disk left torn counts as none, and where none can be written
the question is asked each time.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING
from uuid import uuid4

from pipeline_kit.process import sha256_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Two changes of a file within one tick of the kernel's clock, 10 ms at most, have the same time.
_TICK_NS = 20_000_000


def remembered(folder: Path, key: str, find: Callable[[], str]) -> str:
    """What ``find`` gives for ``key``, asked once. ``key`` has to name all that the answer depends on."""
    known = recalled(folder, key)
    if known is not None:
        return known
    found = find()
    keep(folder, key, found)
    return found


def recalled(folder: Path, key: str) -> str | None:
    """What was kept under ``key``; None if nothing was, or if it is not whole."""
    try:
        checksum, _, content = _note(folder, key).read_bytes().partition(b"\n")
    except OSError:
        return None
    if checksum != _checksum(key, content):
        return None
    return content.decode()


def keep(folder: Path, key: str, text: str) -> None:
    """Keep ``text`` under ``key``, in the place of what was there; it is whole or not there, whatever happens."""
    note, content = _note(folder, key), text.encode()
    scratch = note.with_name(f"{note.name}.{uuid4().hex[:8]}")
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        try:
            with scratch.open("wb") as file:
                file.write(_checksum(key, content) + b"\n" + content)
                file.flush()
                os.fsync(file.fileno())
            scratch.replace(note)
        finally:
            scratch.unlink(missing_ok=True)


def hash_of(file: Path, folder: Path) -> str:
    """The SHA-256 of ``file``, in hexadecimal."""
    return of_file(file, folder, "sha256", lambda: sha256_of(file))


def of_file(file: Path, folder: Path, question: str, find: Callable[[], str]) -> str:
    """The answer to ``question`` about ``file``. One that was written, replaced or moved is asked again."""
    path = file.resolve()
    return remembered(folder, f"{question} {path} {identity(path.stat())}", find)


def identity(status: os.stat_result) -> str:
    """What differs once a file was written, renamed, linked or replaced: its size, times, place or inode; nobody but
    the kernel sets the time of a change.
    """
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ctime_ns} {status.st_dev} {status.st_ino}"


def settled_identity(descriptor: int) -> str:
    """The identity of an open file, taken so late that any change from now on makes another one of it."""
    if 0 <= time.time_ns() - os.fstat(descriptor).st_ctime_ns < _TICK_NS:
        time.sleep(_TICK_NS / 1e9)
    return identity(os.fstat(descriptor))


def _note(folder: Path, key: str) -> Path:
    return folder / sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def _checksum(key: str, content: bytes) -> bytes:
    return sha256(b"\0".join((key.encode("utf-8", "surrogateescape"), content))).hexdigest().encode()
