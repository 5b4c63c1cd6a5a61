"""Content, stored once for all repositories.

A repository's folder holds hard links to it: a blob is visible where its link is, each repository is a whole OCI
layout, and content whose last link is gone is known by its link count.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from pipeline_kit.oci.server.names import blob_path

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.oci.server.disk import Disk


class Pool:
    """All content below ``folder``. The layouts that its methods get are the repositories' folders."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._folder = folder
        self._disk = disk
        self._lock = threading.Lock()

    def adopt(self, file: Path, digest: str, layout: Path) -> None:
        """Move ``file``, whose content has that digest, into the pool, and show it in ``layout``."""
        shared, own = blob_path(self._folder, digest), blob_path(layout, digest)
        self._disk.make_folder(shared.parent)
        self._disk.make_folder(own.parent)
        self._disk.settle(file)
        with self._lock:
            if shared.exists():
                file.unlink()
            else:
                file.rename(shared)
            _link(shared, own)
        self._disk.settle(shared.parent, own.parent)

    def show(self, digest: str, layout: Path) -> bool:
        """Show content that is here in ``layout`` too; False if it is not here."""
        shared, own = blob_path(self._folder, digest), blob_path(layout, digest)
        if not shared.exists():
            return False
        self._disk.make_folder(own.parent)
        with self._lock:
            if not shared.exists():
                return False
            _link(shared, own)
        self._disk.settle(own.parent)
        return True

    def hide(self, digest: str, layout: Path) -> bool:
        """Take content out of ``layout``, and away altogether if it is in no other; False if it was not there."""
        shared, own = blob_path(self._folder, digest), blob_path(layout, digest)
        with self._lock:
            try:
                own.unlink()
            except FileNotFoundError:
                return False
            _remove_unused(shared)
        self._disk.settle(own.parent)
        return True

    def sweep(self) -> None:
        """Remove content that a crash left without a repository."""
        for shared in self._folder.glob("blobs/*/*"):
            _remove_unused(shared)


def _link(shared: Path, own: Path) -> None:
    with suppress(FileExistsError):
        own.hardlink_to(shared)


def _remove_unused(shared: Path) -> None:
    with suppress(FileNotFoundError):
        if shared.stat().st_nlink == 1:
            shared.unlink()
