"""Is the layout on disk what its digest says? Every byte is hashed, and every layer unpacked and hashed again.

No scanner does it: a layer that was swapped for an empty one is "clean", and poisons a cache keyed by diff ID.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.context import Silent
from pipeline_kit.errors import Failure, why
from pipeline_kit.memory import keep, recalled, remembered, settled_identity
from pipeline_kit.model.digest import Digest, short
from pipeline_kit.oci.layout import open_blob, read, tampered
from pipeline_kit.oci.package_files import PackageFiles, PackageWalk
from pipeline_kit.oci.parallel import in_parallel
from pipeline_kit.oci.unpack import unpacker

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path
    from typing import BinaryIO

    from pipeline_kit.context import Activity
    from pipeline_kit.model.image import PlatformImage
    from pipeline_kit.oci.documents import Descriptor
    from pipeline_kit.oci.layout import Layout
    from pipeline_kit.oci.parallel import Stop

# What all layers together may unpack to. zlib unpacks some 400 MB/s: a bomb is given up after a few minutes.
MOST_UNPACKED = 64 << 30
_PIECE = 1 << 20
# What is remembered of a layer is of use to releases that read the same in it.
_READ_AS = 2


@dataclass(frozen=True, slots=True)
class Verified:
    """The one image of a layout. ``files`` has the identity of each blob's file when it was hashed, ``layers`` what
    each layer does to the package database.
    """

    digest: Digest
    platforms: tuple[PlatformImage, ...]
    files: Mapping[Digest, str]
    layers: Mapping[Digest, PackageFiles]


class _Unpacked(msgspec.Struct):
    """What a layer unpacks to."""

    diff_id: Digest
    packages: PackageFiles


def verify(
    folder: Path,
    expected: Digest | None,
    *,
    progress: Activity | None = None,
    memory: Path | None = None,
    workers: int = 4,
    most_unpacked: int = MOST_UNPACKED,
) -> Verified:
    """What is in ``folder``, after every blob was hashed, and each layer of each platform unpacked and compared with
    the diff ID in the config. ``progress`` counts stored bytes. With ``memory`` a layer is unpacked once: what it
    unpacks to follows from its digest; and a file that is the very same as when it was hashed is not hashed again.

    Failure ``layout.*`` that names the blob; ``layout.other`` if the image's digest is not ``expected``.
    """
    layout = read(folder)
    if expected is not None and layout.root.digest != expected:
        raise other(folder, layout.root.digest, expected)
    check = _Check(layout, progress or Silent(), memory, most_unpacked)
    largest_first = sorted((*layout.blobs, *layout.manifests), key=lambda blob: -blob.size)
    in_parallel(check.blob, largest_first, workers=workers)
    check.remember()
    return Verified(layout.root.digest, layout.platforms, check.files, check.layers)


def check_hashes(folder: Path, digests: Collection[Digest], memory: Path) -> None:
    """Hash those blobs of the image in ``folder`` that ``digests`` names, so that ``verify`` need not. Failure
    ``layout.*`` that names a damaged one.
    """
    layout = replace(read(folder), diff_ids={})
    check = _Check(layout, Silent(), memory, 0)
    in_parallel(check.blob, [blob for blob in (*layout.blobs, *layout.manifests) if blob.digest in digests], workers=4)
    check.remember()


def other(folder: Path, found: Digest, expected: Digest) -> Failure:
    """The failure of a layout that holds another image than the one that is meant."""
    return Failure(
        "layout.other",
        f"the layout holds {short(found)} instead of {short(expected)}",
        why(f"{expected} is what was built. {folder} was written again since then."),
    )


class _Check:
    """The hashing of one layout's blobs, by several threads."""

    def __init__(self, layout: Layout, progress: Activity, memory: Path | None, most_unpacked: int) -> None:
        self._layout = layout
        self._memory = memory
        self.files: dict[Digest, str] = {}
        self.layers: dict[Digest, PackageFiles] = {}
        self._key = f"hashed files of the layout {layout.folder.resolve()}"
        self._known = _known(memory, self._key)
        self._progress = progress
        self._most_unpacked = self._left = most_unpacked
        self._hashed = 0
        self._lock = threading.Lock()

    def blob(self, blob: Descriptor, stop: Stop) -> None:
        """Hash ``blob``, and only then unpack it: what does not hash to its name is not decompressed."""
        with open_blob(self._layout.folder, blob) as file:
            same = settled_identity(file.fileno())
            if self._known.get(blob.digest) != same:
                self._hash(blob, file, stop)
            else:
                self._count(blob)
            self.files[blob.digest] = same
            if diff_id := self._layout.diff_ids.get(blob.digest):
                found = self._unpacked(blob, file, stop)
                if found.diff_id != diff_id:
                    raise _diff_id(blob, f"It unpacks to {found.diff_id}; its config says {diff_id}")
                self.layers[blob.digest] = found.packages

    def remember(self) -> None:
        """Have the files that were hashed known to later calls."""
        if self._memory and self.files != self._known:
            keep(self._memory, self._key, msgspec.json.encode(self.files).decode())

    def _hash(self, blob: Descriptor, file: BinaryIO, stop: Stop) -> None:
        stored = hashlib.sha256()
        while piece := file.read(_PIECE):
            stop.check()
            stored.update(piece)
            self._count(blob, len(piece))
        if f"sha256:{stored.hexdigest()}" != blob.digest:
            raise tampered(self._layout.folder, blob.digest)

    def _unpacked(self, blob: Descriptor, file: BinaryIO, stop: Stop) -> _Unpacked:
        if self._memory is None:
            return self._unpack(blob, file, stop)
        key = f"unpacked layer {_READ_AS}, {blob.digest}"
        known = remembered(self._memory, key, lambda: msgspec.json.encode(self._unpack(blob, file, stop)).decode())
        return msgspec.json.decode(known, type=_Unpacked)

    def _unpack(self, blob: Descriptor, file: BinaryIO, stop: Stop) -> _Unpacked:
        file.seek(0)
        unpacked, walk = hashlib.sha256(), PackageWalk()
        piece = file.read(_PIECE)
        layer = unpacker(piece)
        try:
            while piece:
                for part in layer.feed(piece):
                    stop.check()
                    self._spend(blob, len(part))
                    unpacked.update(part)
                    walk.feed(part)
                piece = file.read(_PIECE)
        except ValueError as error:
            raise _diff_id(blob, f"It can't be unpacked: {error}") from error
        if not layer.finished:
            raise _diff_id(blob, "It ends in the middle of the compressed data")
        return _Unpacked(f"sha256:{unpacked.hexdigest()}", walk.found())

    def _count(self, blob: Descriptor, size: int | None = None) -> None:
        """Count bytes of ``blob``, all of them if ``size`` is None; manifests are no part of the layout's size."""
        if blob.is_manifest or blob.is_index:
            return
        with self._lock:
            self._hashed += blob.size if size is None else size
            self._progress.update("hashing", self._hashed, self._layout.size)

    def _spend(self, blob: Descriptor, size: int) -> None:
        with self._lock:
            self._left -= size
            spent = self._left < 0
        if spent:
            raise Failure(
                "layout.bomb",
                "the image unpacks to too much",
                why(
                    f"Its layers had unpacked to {self._most_unpacked} bytes when layer {short(blob.digest)} had more."
                ),
            )


def _known(memory: Path | None, key: str) -> dict[Digest, str]:
    kept = recalled(memory, key) if memory else None
    try:
        return msgspec.json.decode(kept, type=dict[str, str]) if kept else {}
    except msgspec.MsgspecError:
        return {}


def _diff_id(blob: Descriptor, reason: str) -> Failure:
    return Failure("layout.diff-id", f"layer {short(blob.digest)} is not what its config says", why(f"{reason}."))
