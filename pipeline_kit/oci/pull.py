"""An image out of a registry into a layout, whole."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, why
from pipeline_kit.oci.documents import Descriptor, Index, Manifest, decode
from pipeline_kit.oci.download import download
from pipeline_kit.oci.index import refuse_unscanned
from pipeline_kit.oci.layout import blob_path, read
from pipeline_kit.oci.layout_folder import beside, create, replace, write_blob, write_index
from pipeline_kit.oci.parallel import in_parallel

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.context import Activity
    from pipeline_kit.oci.client import Registry
    from pipeline_kit.oci.layout import Layout
    from pipeline_kit.oci.parallel import Stop


def pull(registry: Registry, reference: str, destination: Path, *, activity: Activity, workers: int = 4) -> Layout:
    """Make ``destination`` a layout of what the tag or digest ``reference`` names, all platforms. What was there stays
    until everything has come. Stored bytes are hashed; what layers unpack to is for ``verify`` to say.

    Failure ``registry.missing`` if the registry hasn't got it, and other ``registry.*``.
    """
    fresh = beside(destination, "partial")
    create(fresh)
    root = _manifest(registry, reference, fresh)
    write_index(fresh, root)
    blobs = _blobs(registry, root, fresh)
    total = sum(blob.size for blob in blobs)
    lock = threading.Lock()
    came = 0

    def advance(size: int) -> None:
        nonlocal came
        with lock:
            came += size
            activity.update(f"{len(blobs)} blobs", came, total)

    def fetch(blob: Descriptor, stop: Stop) -> None:
        download(registry, blob, blob_path(fresh, blob.digest), advance=advance, stop=stop)

    in_parallel(fetch, sorted(blobs, key=lambda blob: -blob.size), workers=workers)
    read(fresh)
    replace(fresh, destination)
    return read(destination)


def _manifest(registry: Registry, reference: str, folder: Path) -> Descriptor:
    held = registry.get_manifest(reference)
    if held is None:
        raise Failure(
            "registry.missing",
            f"{registry.repository.registry} has no {registry.repository.path} {reference}",
            why("It is not there, or we may not see it: registries answer both alike."),
        )
    write_blob(folder, held.content)
    return Descriptor(held.media_type, held.digest, len(held.content))


def _blobs(registry: Registry, root: Descriptor, folder: Path) -> tuple[Descriptor, ...]:
    """The blobs of all manifests, each once; the manifests are written to ``folder``."""
    entries: tuple[Descriptor, ...] = (root,)
    try:
        if root.is_index:
            index = decode(blob_path(folder, root.digest).read_bytes(), Index)
            refuse_unscanned(index)
            entries = index.manifests
            for entry in entries:
                _manifest(registry, entry.digest, folder)
        manifests = [decode(blob_path(folder, entry.digest).read_bytes(), Manifest) for entry in entries]
    except ValueError as error:
        raise Failure("registry.unexpected", f"{registry.repository} is no image", why(str(error))) from None
    blobs = {blob.digest: blob for manifest in manifests for blob in (manifest.config, *manifest.layers)}
    return tuple(blobs.values())
