"""Where parts are kept between runs: made once, whole or not at all, by whichever run comes first."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def root() -> Path:
    """The folder of all parts: under XDG_CACHE_HOME, else under ``~/.cache``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "pipeline-kit" / "world"


def key_of(*inputs: object) -> str:
    """A short name for everything that a part is made from: other inputs, another part."""
    return hashlib.sha256("\0".join(str(part) for part in inputs).encode()).hexdigest()[:12]


def made_once(part: str, key: str, make: Callable[[Path], None]) -> Path:
    """The folder ``<part>-<key>``, filled by ``make`` unless it is there.

    ``make`` fills a scratch folder that gets its name when it is whole, so a run that was cut leaves no half a part. A
    second run that wants the same part waits for the first one.
    """
    folder = root() / f"{part}-{key}"
    with locked(folder.with_name(f"{folder.name}.lock")):
        if not folder.is_dir():
            scratch = folder.with_name(f"{folder.name}.new")
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            make(scratch)
            scratch.rename(folder)
    return folder


@contextmanager
def locked(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock file ``path`` for as long as the block lasts; BlockingIOError if another has it and not ``wait``.

    The system lets go of it when the process ends, however it ends.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
