"""An OCI layout: the folder that holds one image between two steps.

https://github.com/opencontainers/image-spec/blob/main/image-layout.md. A layout may come from another job, so nothing
in it is believed: each JSON document is hashed as it is read, has a limit, and no link is followed.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.model.digest import Digest, digest_of, short
from pipeline_kit.model.image import PlatformImage
from pipeline_kit.oci.documents import (
    LARGEST_CONFIG,
    LARGEST_MANIFEST,
    Configuration,
    Descriptor,
    DocumentT,
    Index,
    Manifest,
    decode,
)
from pipeline_kit.oci.index import check, platforms_of, unscanned

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pipeline_kit.model.platform import Platform

_BLOBS = "blobs/sha256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What a layout holds. ``root`` is the image: a manifest, or an index of several platforms.

    ``manifests`` are in the order to publish them in: ``root`` last. ``blobs`` are configs and layers, each once.
    ``diff_ids`` has, for each layer of a platform, the digest of what it unpacks to as the config tells it.
    """

    folder: Path
    root: Descriptor
    platforms: tuple[PlatformImage, ...]
    manifests: tuple[Descriptor, ...]
    blobs: tuple[Descriptor, ...]
    diff_ids: Mapping[Digest, Digest]

    @property
    def size(self) -> int:
        """Bytes of all configs and layers."""
        return sum(blob.size for blob in self.blobs)


def read(folder: Path) -> Layout:
    """What ``folder`` holds; configs and layers other than the platforms' configs are not opened. Failure ``layout.*``
    if it is no layout of exactly one image.
    """
    return _Reader(folder).layout(_root(folder))


def blob_path(folder: Path, digest: Digest) -> Path:
    """Where a blob of a layout is."""
    return folder / _BLOBS / digest.removeprefix("sha256:")


def open_blob(folder: Path, descriptor: Descriptor) -> BinaryIO:
    """The blob, open for reading, if it is a regular file of the right size. Its bytes are not yet hashed."""
    name = f"blob {short(descriptor.digest)}"
    file = _open(blob_path(folder, descriptor.digest), name)
    size = os.fstat(file.fileno()).st_size
    if size == descriptor.size:
        return file
    file.close()
    raise Failure(
        "layout.truncated" if size < descriptor.size else "layout.tampered",
        f"{name} has {size} bytes instead of {descriptor.size}",
        why(f"The manifest that names it says so. The file is {blob_path(folder, descriptor.digest)}."),
    )


def read_document(folder: Path, descriptor: Descriptor, limit: int = LARGEST_MANIFEST) -> bytes:
    """The bytes of a JSON document of the layout, of at most ``limit`` bytes, hashed."""
    if descriptor.size > limit:
        raise _invalid(f"{short(descriptor.digest)} is a JSON document of {descriptor.size} bytes")
    with open_blob(folder, descriptor) as file:
        content = file.read(descriptor.size + 1)
    if digest_of(content) != descriptor.digest:
        raise tampered(folder, descriptor.digest)
    return content


def tampered(folder: Path, digest: Digest) -> Failure:
    """The failure of a blob whose bytes are not what it is named after."""
    return Failure(
        "layout.tampered",
        f"blob {short(digest)} does not hash to its name",
        why(f"Its bytes were changed or damaged after it was written. The file is {blob_path(folder, digest)}."),
        alternative("Build again. If another job made the layout, find out who can write what the job handed over."),
    )


class _Reader:
    """Follows the descriptors of one layout."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._platforms: list[PlatformImage] = []
        self._manifests: dict[Digest, Descriptor] = {}
        self._blobs: dict[Digest, Descriptor] = {}
        self._diff_ids: dict[Digest, Digest] = {}

    def layout(self, root: Descriptor) -> Layout:
        if root.is_index:
            self._index(self._document(root, Index))
        elif root.is_manifest:
            manifest = self._manifest(root)
            if manifest.is_image:
                self._platform(root, manifest)
        else:
            raise _invalid(f"its index lists {root.media_type}, which is no image")
        if not self._platforms:
            raise _invalid("it has no platform that can run")
        self._manifests[root.digest] = root
        return Layout(
            folder=self._folder,
            root=root,
            platforms=tuple(self._platforms),
            manifests=tuple(self._manifests.values()),
            blobs=tuple(self._blobs.values()),
            diff_ids=self._diff_ids,
        )

    def _index(self, index: Index) -> None:
        try:
            platforms = platforms_of(index)
            for entry in index.manifests:
                manifest = self._manifest(entry)
                check(entry, manifest)
                if entry in platforms:
                    self._platform(entry, manifest)
        except ValueError as error:
            raise unscanned(error) from None

    def _manifest(self, descriptor: Descriptor) -> Manifest:
        manifest = self._document(descriptor, Manifest)
        self._manifests[descriptor.digest] = descriptor
        for blob in (manifest.config, *manifest.layers):
            known = self._blobs.setdefault(blob.digest, blob)
            if known.size != blob.size:
                raise _invalid(f"blob {short(blob.digest)} is said to have {known.size} and {blob.size} bytes")
        return manifest

    def _platform(self, descriptor: Descriptor, manifest: Manifest) -> None:
        configuration = self._document(manifest.config, Configuration, LARGEST_CONFIG)
        if len(configuration.diff_ids) != len(manifest.layers):
            raise _invalid(
                f"{short(descriptor.digest)} has {len(manifest.layers)} layers, "
                f"its config tells of {len(configuration.diff_ids)}"
            )
        for layer, diff_id in zip(manifest.layers, configuration.diff_ids, strict=True):
            if self._diff_ids.setdefault(layer.digest, diff_id) != diff_id:
                raise _invalid(f"layer {short(layer.digest)} is said to unpack to two different things")
        self._platforms.append(
            PlatformImage(
                platform=_platform(descriptor, configuration),
                manifest=descriptor.digest,
                config=manifest.config.digest,
                layers=tuple(layer.digest for layer in manifest.layers),
                size=manifest.config.size + sum(layer.size for layer in manifest.layers),
            )
        )

    def _document(self, descriptor: Descriptor, kind: type[DocumentT], limit: int = LARGEST_MANIFEST) -> DocumentT:
        try:
            document = decode(read_document(self._folder, descriptor, limit), kind)
        except ValueError as error:
            raise _invalid(f"{short(descriptor.digest)} can't be read: {error}") from error
        media_type = getattr(document, "media_type", "")
        if media_type and media_type != descriptor.media_type:
            raise _invalid(f"{short(descriptor.digest)} is {media_type}, but is listed as {descriptor.media_type}")
        return document


def _platform(descriptor: Descriptor, configuration: Configuration) -> Platform:
    """What the index says, since it is what an engine chooses by; the config's where it says nothing."""
    return descriptor.platform or configuration.platform


def _root(folder: Path) -> Descriptor:
    _check_folder(folder)
    try:
        with _open(folder / "index.json", "index.json") as file:
            index = decode(file.read(LARGEST_MANIFEST), Index)
    except ValueError as error:
        raise _invalid(f"its index.json can't be read: {error}") from error
    # Listed once for each of its names; what it is must be the same each time.
    images = {(entry.digest, entry.media_type, entry.size): entry for entry in index.manifests}
    if len(images) == 1:
        return next(iter(images.values()))
    if not images:
        raise _invalid("its index.json lists nothing")
    raise Failure(
        "layout.several",
        f"the layout holds {len(images)} images instead of one",
        why(f"{folder / 'index.json'} lists {', '.join(short(digest) for digest, _, _ in sorted(images))}."),
    )


def _check_folder(folder: Path) -> None:
    for name, is_kind in (("oci-layout", stat.S_ISREG), ("blobs", stat.S_ISDIR), (_BLOBS, stat.S_ISDIR)):
        try:
            mode = (folder / name).lstat().st_mode
        except (FileNotFoundError, NotADirectoryError):
            raise _invalid(f"{folder / name} is missing") from None
        if not is_kind(mode):
            raise _invalid(f"{folder / name} is not what it should be, perhaps a link")


def _open(path: Path, name: str) -> BinaryIO:
    # O_NONBLOCK: a named pipe in place of a blob must not hold us up.
    try:
        file = open(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC), "rb")  # noqa: PTH123, SIM115 - of a descriptor; the caller closes it
    except FileNotFoundError:
        raise Failure("layout.missing", f"{name} is missing in the layout", why(f"It should be {path}.")) from None
    except OSError as error:
        raise _invalid(f"{name} can't be opened: {error}") from error
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        return file
    file.close()
    raise _invalid(f"{name} is not a regular file")


def _invalid(reason: str) -> Failure:
    return Failure("layout.invalid", f"unusable layout: {reason}", alternative("Build again."))
