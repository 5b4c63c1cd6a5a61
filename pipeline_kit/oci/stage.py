"""An image from a layout into a registry, as far as nobody sees it: blobs, then manifests, no tag."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure
from pipeline_kit.oci.blob_source import BlobSource
from pipeline_kit.oci.layout import open_blob, read, read_document
from pipeline_kit.oci.manifests import BlobsUnknown
from pipeline_kit.oci.parallel import in_parallel
from pipeline_kit.oci.verify import other

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.context import Activity
    from pipeline_kit.model.digest import Digest
    from pipeline_kit.model.image import Image
    from pipeline_kit.oci.client import Registry
    from pipeline_kit.oci.documents import Descriptor
    from pipeline_kit.oci.layout import Layout
    from pipeline_kit.oci.mounts import Mounts
    from pipeline_kit.oci.parallel import Stop


@dataclass(frozen=True, slots=True)
class StageResult:
    """Counts of blobs: all of the image's, those uploaded now, those mounted from another repository; the rest was
    there. ``bytes_sent`` are those of the blobs uploaded.
    """

    blobs: int
    sent: int
    mounted: int
    bytes_sent: int


def stage(
    layout: Path,
    image: Image,
    registry: Registry,
    *,
    activity: Activity,
    workers: int = 6,
    mounts: Mounts | None = None,
) -> StageResult:
    """Bring the image in ``layout`` into the registry under its digest, without a tag.

    Blobs that the registry has are not sent; of the others each is hashed as it is sent, several at once, the largest
    first. Then the manifests, an index last. ``mounts`` knows which other repositories of the registry may have blobs.
    An interrupt ends it within two seconds and leaves no upload session behind. Failure ``layout.*``, ``registry.*``.
    """
    found = read(layout)
    if found.root.digest != image.digest:
        raise other(layout, found.root.digest, image.digest)
    staging = _Staging(found, registry, activity, workers, mounts)
    if mounts:
        mounts.expect(blob.digest for blob in found.blobs)
    try:
        result = staging.run()
    except Failure as failure:
        failure.done = f"{len(staging.there)} of {len(found.blobs)} blobs, 0 tags published"
        raise
    finally:
        registry.sessions.cancel_all()
    if mounts:
        mounts.remember(blob.digest for blob in found.blobs)
    return result


class _Staging:
    """One image on its way; ``there`` are the blobs that the registry has."""

    def __init__(
        self, layout: Layout, registry: Registry, activity: Activity, workers: int, mounts: Mounts | None
    ) -> None:
        self.there: set[Digest] = set()
        self._layout = layout
        self._registry = registry
        self._activity = activity
        self._workers = workers
        self._mounts = mounts
        self._lock = threading.Lock()
        self._sent = self._mounted = self._bytes_sent = self._bytes_there = 0

    def run(self) -> StageResult:
        self._bring_blobs(frozenset())
        try:
            self._put_manifests()
        except BlobsUnknown as unknown:
            # A registry that collects garbage may go on saying that it has a blob. What it names now is sent in any
            # case, everything if it names nothing.
            self._bring_blobs(unknown.digests or frozenset(blob.digest for blob in self._layout.blobs))
            self._put_manifests()
        return StageResult(len(self._layout.blobs), self._sent, self._mounted, self._bytes_sent)

    def _bring_blobs(self, lost: frozenset[Digest]) -> None:
        self._bytes_there = 0
        largest_first = sorted(self._layout.blobs, key=lambda blob: -blob.size)
        in_parallel(partial(self._bring_blob, lost), largest_first, workers=self._workers)

    def _bring_blob(self, lost: frozenset[Digest], blob: Descriptor, stop: Stop) -> None:
        if blob.digest in lost:
            self._upload(blob, stop)
        elif self._registry.head_blob(blob.digest) in (blob.size, -1):
            self._advance(blob.size)
        elif self._mounts and self._mounts.take(blob.digest):
            self._advance(blob.size)
            with self._lock:
                self._mounted += 1
        else:
            self._upload(blob, stop)
        self.there.add(blob.digest)

    def _upload(self, blob: Descriptor, stop: Stop) -> None:
        source = BlobSource(blob.digest, blob.size, partial(open_blob, self._layout.folder, blob))
        self._registry.upload_blob(source, advance=self._advance, stop=stop)
        with self._lock:
            self._sent += 1
            self._bytes_sent += blob.size

    def _put_manifests(self) -> None:
        self._activity.update("manifests", self._layout.size, self._layout.size)
        for manifest in self._layout.manifests:
            content = read_document(self._layout.folder, manifest)
            self._registry.put_manifest(content, manifest.media_type, manifest.digest)

    def _advance(self, size: int) -> None:
        with self._lock:
            self._bytes_there += size
            self._activity.update(
                f"{len(self.there)} of {len(self._layout.blobs)} blobs", self._bytes_there, self._layout.size
            )
