"""The folder that a working tree has outside of itself: layouts, the local registry, scratch.

One run at a time has it, by a lock that the kernel lets go of with the process. Whoever has it removes what a killed
run left, here and in the folders of other trees that nobody has at the moment; and whole folders that nobody wants any
more.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import zlib
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, fix, why
from pipeline_kit.scratch import sweep
from pipeline_kit.tree import TEMPORARY

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK = "run.lock"
_TREE = "tree"
_DAY = 86_400.0
# A tree that is gone may be on a disk that is not there at the moment, or outside of this container.
_GONE, _UNUSED = 2 * _DAY, 30 * _DAY
_LONGEST = 60


def name_of(root: Path) -> str:
    """The name of the folder of the tree at ``root``."""
    path = os.fsencode(root)
    return f"{file_name(root.name)}-{zlib.crc32(path):08x}{zlib.adler32(path):08x}"


def file_name(text: str) -> str:
    """``text`` as the name of a file or folder: itself where that is plain, else its start and a number of it."""
    plain = re.sub(r"[^A-Za-z0-9._+-]", "-", text).lstrip(".")
    if plain == text and 0 < len(plain) <= _LONGEST:
        return plain
    return f"{plain[:_LONGEST]}-{zlib.crc32(text.encode('utf-8', 'surrogateescape')):08x}"


@contextmanager
def held(folder: Path, root: Path) -> Iterator[None]:
    """Keep other runs out of the folder of the tree at ``root`` for as long as the block lasts. OSError if it can't be
    written. Failure: ``run.busy``.
    """
    lock = _locked(folder, root)
    try:
        with suppress(OSError):
            os.ftruncate(lock, 0)
            os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
            (folder / _TREE).write_bytes(os.fsencode(root))
        yield
    finally:
        os.close(lock)


def tidy(folder: Path, now: float) -> None:
    """Remove what has no owner from ``folder``, which the caller holds, and from those beside it."""
    _clean(folder)
    with suppress(OSError):
        for other in folder.parent.iterdir():
            if other != folder and (lock := _free(other / _LOCK)) is not None:
                try:
                    age = now - os.fstat(lock).st_mtime
                    if age > _UNUSED or (age > _GONE and _is_gone(other)):
                        shutil.rmtree(other, ignore_errors=True)
                    else:
                        _clean(other)
                finally:
                    os.close(lock)


def _locked(folder: Path, root: Path) -> int:
    while True:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(lock, folder / _LOCK):
                return lock
        except BlockingIOError:
            owner = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
            os.close(lock)
            raise _busy(root, owner) from None
        os.close(lock)  # another run has removed the folder meanwhile, as one that nobody wanted


def _is_at(lock: int, path: Path) -> bool:
    with suppress(OSError):
        return os.path.samestat(os.fstat(lock), path.stat())
    return False


def _free(path: Path) -> int | None:
    """The lock in ``path``, if nobody has it."""
    with suppress(OSError):
        lock = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
        else:
            return lock
    return None


def _is_gone(folder: Path) -> bool:
    with suppress(OSError):
        root = Path(os.fsdecode((folder / _TREE).read_bytes()))
        return root.parent.is_dir() and not root.exists()
    return False


def _clean(folder: Path) -> None:
    sweep(folder)
    layouts = folder / "layouts"
    sweep(layouts)
    with suppress(OSError):
        for path in layouts.iterdir():
            if path.name.startswith(".") and path.suffix in (".partial", ".old"):
                shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob(f"*/{TEMPORARY}*"):  # a mark or a note that a killed run was writing
        path.unlink(missing_ok=True)


def _busy(root: Path, owner: str) -> Failure:
    return Failure(
        "run.busy",
        f"another run works in {root.name}" + (f" (process {owner})" if owner.isdigit() else ""),
        why("Two runs would write the same record and the same layout."),
        fix("wait for it to end, or stop it"),
    )
