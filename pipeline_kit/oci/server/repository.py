"""One repository: a folder that is an OCI layout, changed by one thread at a time and read by any."""

from __future__ import annotations

import threading
from http import HTTPStatus
from typing import TYPE_CHECKING

from pipeline_kit.model.reference import is_tag
from pipeline_kit.oci.server.listing import Listing, read
from pipeline_kit.oci.server.manifest import Document, Manifest, listed, parse
from pipeline_kit.oci.server.messages import ApiError
from pipeline_kit.oci.server.names import blob_path, is_digest

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pipeline_kit.oci.server.conditions import Condition
    from pipeline_kit.oci.server.disk import Disk
    from pipeline_kit.oci.server.pool import Pool

_MARK = b'{"imageLayoutVersion":"1.0.0"}'


class RepositoryFolder:
    """The repository at ``path``. Nothing is written there before it has content."""

    def __init__(self, path: Path, pool: Pool, disk: Disk) -> None:
        self.path = path
        self._pool = pool
        self._disk = disk
        self._lock = threading.Lock()
        self._listing = read(path)

    @property
    def listing(self) -> Listing:
        """The manifests and tags at this moment."""
        return self._listing

    def size(self, digest: str) -> int | None:
        """Bytes of that content, None if it is not in this repository."""
        try:
            return blob_path(self.path, digest).stat().st_size
        except FileNotFoundError:
            return None

    def adopt(self, file: Path, digest: str) -> None:
        """Move ``file``, whose content has that digest, into the repository."""
        self._pool.adopt(file, digest, self.path)

    def mount(self, digest: str) -> bool:
        """Take content from the other repositories; False if none has it."""
        return self._pool.show(digest, self.path)

    def find(self, reference: str) -> Manifest | None:
        """The manifest that a tag or a digest names."""
        return _find(self._listing, reference)

    def put(
        self, content: bytes, media_type: str, digest: str, tags: Iterable[str], condition: Condition, reference: str
    ) -> Manifest:
        """Keep the manifest ``content``, and point ``tags`` to it, if ``condition`` holds for ``reference``: checked
        and done in one, so of two who ask for the same only one gets it.
        """
        document = parse(content, media_type)
        manifest = listed(document, digest, len(content), media_type)
        with self._lock:
            condition.check(_digest(_find(self._listing, reference)))
            self._check_needs(document)
            self.adopt(self._disk.scratch_file(content), digest)
            self._replace(self._listing.with_manifest(manifest, tags))
        return manifest

    def delete(self, reference: str, condition: Condition) -> None:
        """Delete a tag; or a manifest, with the tags that point to it. ApiError if there is none."""
        with self._lock:
            found = _find(self._listing, reference)
            condition.check(_digest(found))
            if found is None:
                raise unknown_manifest(reference)
            if is_tag(reference):
                self._replace(self._listing.without_tag(reference))
            else:
                self._replace(self._listing.without_manifest(reference))
                self._pool.hide(reference, self.path)

    def delete_blob(self, digest: str) -> bool:
        """Take a blob out of this repository; False if it has none of that digest. ApiError if it is a manifest, which
        would still be listed.
        """
        with self._lock:
            if digest in self._listing.manifests:
                raise ApiError(HTTPStatus.METHOD_NOT_ALLOWED, "UNSUPPORTED", f"{digest} is a manifest, not a blob")
            return self._pool.hide(digest, self.path)

    def _replace(self, fresh: Listing) -> None:
        mark = self.path / "oci-layout"
        if not mark.exists():
            self._disk.write(mark, _MARK)
        self._disk.write(self.path / "index.json", fresh.encode())
        self._listing = fresh

    def _check_needs(self, document: Document) -> None:
        for needed in document.needs:
            size = self.size(needed.digest) if is_digest(needed.digest) else None
            # An index may list blobs too: BuildKit's cache is made of them.
            must_be_listed = document.is_index and needed.is_document
            if size is None or (must_be_listed and needed.digest not in self._listing.manifests):
                raise ApiError(
                    HTTPStatus.BAD_REQUEST, "MANIFEST_BLOB_UNKNOWN", f"{needed.digest} is not in this repository"
                )
            if size != needed.size:
                raise ApiError(
                    HTTPStatus.BAD_REQUEST, "SIZE_INVALID", f"{needed.digest} has {size} bytes, not {needed.size}"
                )


def unknown_manifest(reference: str) -> ApiError:
    """What is said of a tag or digest that names nothing here."""
    return ApiError(HTTPStatus.NOT_FOUND, "MANIFEST_UNKNOWN", f"there is no manifest {reference}")


def _find(state: Listing, reference: str) -> Manifest | None:
    return state.manifests.get(state.tags.get(reference, reference))


def _digest(manifest: Manifest | None) -> str:
    return manifest.descriptor.digest if manifest else ""
