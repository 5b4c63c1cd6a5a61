"""Writing so that a crash leaves a file whole or absent."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from pathlib import Path


class Disk:
    """``scratch`` is a folder for files that have no name yet. With ``durable``, what was written outlives a power cut;
    without, only the end of the process, however it comes.
    """

    def __init__(self, scratch: Path, *, durable: bool) -> None:
        self._scratch = scratch
        self._durable = durable

    def make_folder(self, path: Path) -> None:
        """Make ``path`` and what is missing above it."""
        if path.is_dir():
            return
        self.make_folder(path.parent)
        path.mkdir(exist_ok=True)
        self.settle(path.parent)

    def settle(self, *paths: Path) -> None:
        """Wait until files or folders, as they are now, are on the disk."""
        if not self._durable:
            return
        for path in paths:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def check_links(self) -> None:
        """OSError if the file system has no hard links."""
        file = self.scratch_file(b"")
        link = file.with_suffix(".link")
        link.hardlink_to(file)
        link.unlink()
        file.unlink()

    def scratch_file(self, content: bytes) -> Path:
        """A new file with ``content``, to be moved to where it belongs."""
        path = self._scratch / uuid4().hex
        path.write_bytes(content)
        return path

    def write(self, path: Path, content: bytes) -> None:
        """Put ``content`` in place of what ``path`` held."""
        self.make_folder(path.parent)
        fresh = self.scratch_file(content)
        self.settle(fresh)
        fresh.replace(path)
        self.settle(path.parent)
