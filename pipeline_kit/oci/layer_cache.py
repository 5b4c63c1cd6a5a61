"""Layers that were compressed before, so that an unchanged base is not compressed again with every build."""

from __future__ import annotations

import hashlib
import os
import shutil
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from pipeline_kit.oci.deflate import Compressed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline_kit.model.digest import Digest

_KEPT_SECONDS = 14 * 24 * 3600


class LayerCache:
    """A folder of compressed layers, each in a file named after both of its digests. Nothing of it is believed: a file
    is hashed before it is used, and what the layer unpacks to is for ``verify`` to say.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def take(self, diff_id: Digest, target: Path) -> Compressed | None:
        """Give ``target`` the stored form of the layer ``diff_id`` if it is here and unharmed."""
        for path in self._folder.glob(f"{_hex(diff_id)}-*"):
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            if path.name == f"{_hex(diff_id)}-{digest}":
                os.utime(path)
                _link(path, target)
                return Compressed(diff_id, f"sha256:{digest}", path.stat().st_size)
            path.unlink()
        return None

    def keep(self, layer: Compressed, source: Path) -> None:
        """Remember the stored form of a layer."""
        path = self._folder / f"{_hex(layer.diff_id)}-{_hex(layer.digest)}"
        if not path.exists():
            _link(source, path)

    def forget_old(self) -> None:
        """Remove what was of no use for two weeks."""
        for path in self._old():
            path.unlink(missing_ok=True)

    def _old(self) -> Iterator[Path]:
        until = time.time() - _KEPT_SECONDS
        for path in self._folder.iterdir():
            with suppress(FileNotFoundError):
                if path.stat().st_mtime < until:
                    yield path


def _hex(digest: Digest) -> str:
    return digest.removeprefix("sha256:")


def _link(source: Path, target: Path) -> None:
    """A hard link, or a copy where the two are on different file systems; either appears whole."""
    try:
        os.link(source, target)
    except OSError:
        partial = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.copyfile(source, partial)
        partial.replace(target)
