"""Folders for the time of a block, whose owner can be proven dead.

Whoever makes one holds a lock on it. The kernel lets go of it with the process, also after a SIGKILL, so that the next
who makes one beside it finds what has no owner any more, and removes it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_START = ".pipeline-kit-scratch-"


@contextmanager
def scratch(parent: Path, name: str = "") -> Iterator[Path]:
    """An empty folder in ``parent`` for as long as the block lasts; what has no owner there is removed first. One with
    a ``name`` is at the same place each time, and whoever comes second waits for it.
    """
    parent.mkdir(parents=True, exist_ok=True)
    sweep(parent)
    path, lock = _made(parent, name)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def sweep(parent: Path) -> None:
    """Remove the folders of ``parent`` that were made for a block whose process is gone."""
    with suppress(OSError):
        for path in parent.iterdir():
            if path.name.startswith(_START):
                _remove_ownerless(path)


def _made(parent: Path, name: str) -> tuple[Path, int]:
    """A new folder, and the descriptor that holds its lock: not one that was removed between the two."""
    while True:
        path = parent / f"{_START}{name or os.urandom(6).hex()}"
        path.mkdir(mode=0o700, exist_ok=bool(name))
        with suppress(FileNotFoundError):
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            with suppress(OSError):  # a file system without locks: nobody sweeps there either
                fcntl.flock(lock, fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(lock), path.stat()):
                    return path, lock
            os.close(lock)


def _remove_ownerless(path: Path) -> None:
    with suppress(OSError):
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        finally:
            os.close(lock)
