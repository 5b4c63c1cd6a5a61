"""The folder that a registry serves, opened by one server at a time."""

from __future__ import annotations

import fcntl
import os
import shutil
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.oci.server.disk import Disk
from pipeline_kit.oci.server.names import repository_folder, repository_in
from pipeline_kit.oci.server.pool import Pool
from pipeline_kit.oci.server.repository import RepositoryFolder
from pipeline_kit.oci.server.uploads import Uploads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# It marks the folder as ours too: what a person keeps elsewhere is never swept.
_LOCK = "registry.lock"


class Store:
    """All repositories: below ``folder``, ``repositories/`` has their layouts, ``blobs/`` the content that they share,
    ``uploads/`` what is still arriving, ``scratch/`` what has no name yet.
    """

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self._repositories_folder = folder / "repositories"
        self._disk = Disk(folder / "scratch", durable=durable)
        self._pool = Pool(folder, self._disk)
        self._lock = threading.Lock()
        self._repositories: dict[str, RepositoryFolder] = {}
        self.uploads = Uploads(folder / "uploads")
        shutil.rmtree(folder / "scratch", ignore_errors=True)
        for needed in (folder / "scratch", folder / "uploads", self._repositories_folder):
            self._disk.make_folder(needed)
        self._disk.check_links()
        self._pool.sweep()
        self.uploads.sweep()

    def find(self, name: str) -> RepositoryFolder | None:
        """The repository of that name, None if there is none."""
        if name in self._repositories or repository_folder(self._repositories_folder, name).is_dir():
            return self.open(name)
        return None

    def open(self, name: str) -> RepositoryFolder:
        """The repository of that name, to put content into it."""
        with self._lock:
            if name not in self._repositories:
                path = repository_folder(self._repositories_folder, name)
                self._repositories[name] = RepositoryFolder(path, self._pool, self._disk)
            return self._repositories[name]

    def names(self) -> list[str]:
        """The repositories that have had a manifest, in order."""
        return sorted(repository_in(path.parent) for path in self._repositories_folder.glob("*/index.json"))


@contextmanager
def opened(folder: Path, *, durable: bool) -> Iterator[Store]:
    """The store in ``folder``, which is made if it is missing, for this process alone. Failure ``registry.busy`` while
    another has it, ``registry.folder`` if it can't be used.
    """
    try:
        descriptor = _claim(folder)
    except OSError as error:
        raise _unusable(folder, error.strerror or str(error)) from error
    try:
        try:
            store = Store(folder, durable=durable)
        except OSError as error:
            raise _unusable(folder, error.strerror or str(error)) from error
        yield store
    finally:
        os.close(descriptor)


def _claim(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / _LOCK
    if any(path != lock for path in folder.iterdir()) and not lock.exists():
        raise _unusable(folder, "It has other files in it, and no registry has been there before.")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Failure(
            "registry.busy",
            f"another registry serves {folder}",
            why("Each would change the tags without the other's knowledge."),
            alternative("Use the one that runs, stop it, or take another folder."),
        ) from None
    return descriptor


def _unusable(folder: Path, reason: str) -> Failure:
    return Failure(
        "registry.folder",
        f"{folder} can't hold a registry",
        why(reason),
        alternative("Name a folder that is empty, or that does not exist yet."),
    )
