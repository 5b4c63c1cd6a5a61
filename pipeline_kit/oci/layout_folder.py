"""Making and moving the folder of a layout: seeded with earlier blobs, written, pruned, put into place whole."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from pipeline_kit.model.digest import Digest, digest_of, is_digest
from pipeline_kit.oci.layout import blob_path
from pipeline_kit.oci.media_types import INDEX

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline_kit.oci.documents import Descriptor
    from pipeline_kit.oci.layout import Layout


def create(folder: Path, *, blobs: Path | None = None) -> None:
    """A layout at ``folder``, without an index yet; what was there is removed. It has no blobs, or those of the folder
    ``blobs``, by a link.
    """
    shutil.rmtree(folder, ignore_errors=True)
    if blobs:
        (folder / "blobs").mkdir(parents=True)
        (folder / "blobs" / "sha256").symlink_to(blobs, target_is_directory=True)
    else:
        (folder / "blobs" / "sha256").mkdir(parents=True)
    (folder / "oci-layout").write_text('{"imageLayoutVersion":"1.0.0"}')


def write_blob(folder: Path, content: bytes) -> Digest:
    """Write ``content`` under its digest, and return that."""
    digest = digest_of(content)
    blob_path(folder, digest).write_bytes(content)
    return digest


def write_index(folder: Path, root: Descriptor) -> None:
    """Make ``root`` the image that the layout holds."""
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [root]}
    (folder / "index.json").write_bytes(msgspec.json.encode(index))


def seed(earlier: Path, fresh: Path) -> frozenset[Digest]:
    """Give the folder ``fresh``, which a builder is going to fill, the blobs of the layout ``earlier`` as hard links:
    the builder then writes only what is new. The digests of those; none where the two are on different file systems.

    A damaged blob is inherited too: what the built image takes of them has to be hashed.
    """
    (fresh / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    linked = set()
    for path in _blobs(earlier):
        with suppress(OSError):
            os.link(path, fresh / "blobs" / "sha256" / path.name, follow_symlinks=False)
            linked.add(f"sha256:{path.name}")
    return frozenset(linked)


def aside(folder: Path) -> Path:
    """Where the layout ``folder`` is kept once it was found damaged."""
    return beside(folder, "damaged")


def beside(folder: Path, what: str) -> Path:
    """Where something stands for a while beside the layout ``folder``: no image has a name that begins with a dot."""
    return folder.with_name(f".{folder.name}.{what}")


def prune(layout: Layout) -> int:
    """Remove what the image doesn't refer to: blobs of earlier builds, and what an interrupted build was still writing.
    The number of blobs removed.
    """
    kept = {descriptor.digest.removeprefix("sha256:") for descriptor in (*layout.manifests, *layout.blobs)}
    unused = [path for path in _blobs(layout.folder) if path.name not in kept]
    for path in unused:
        path.unlink()
    shutil.rmtree(layout.folder / "ingest", ignore_errors=True)
    return len(unused)


def replace(fresh: Path, destination: Path) -> None:
    """Put the folder ``fresh`` in the place of ``destination``, on the same file system. Whoever looks finds either
    folder whole, or for a moment none; if it can't be done the earlier one stays.
    """
    aside = beside(destination, f"{uuid4().hex[:8]}.old")
    existed = destination.exists()
    if existed:
        destination.rename(aside)
    try:
        fresh.rename(destination)
    except BaseException:
        if existed:
            aside.rename(destination)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _blobs(folder: Path) -> Iterator[Path]:
    directory = folder / "blobs" / "sha256"
    if directory.is_dir():
        yield from (path for path in directory.iterdir() if is_digest(f"sha256:{path.name}") and path.is_file())
