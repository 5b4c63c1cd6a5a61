"""What ``docker save`` writes, made a layout: for engines whose image store can't write one.

The config keeps its bytes, so the image ID is the config's digest; each layer is compressed once, the same way each
time, so the manifest's digest is fixed before anybody scans it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.context import Silent
from pipeline_kit.errors import Failure, why
from pipeline_kit.model.digest import Digest, is_digest, short
from pipeline_kit.oci.deflate import BLOCK, Compressed, compress
from pipeline_kit.oci.documents import LARGEST_CONFIG, LARGEST_MANIFEST, Configuration, Descriptor, decode
from pipeline_kit.oci.layout import blob_path, read
from pipeline_kit.oci.layout_folder import create, prune, write_blob, write_index
from pipeline_kit.oci.media_types import CONFIG, LAYER_GZIP, MANIFEST
from pipeline_kit.oci.tar_members import TarMembers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline_kit.context import Activity
    from pipeline_kit.oci.layer_cache import LayerCache

_BLOBS = "blobs/sha256/"
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


class _Saved(msgspec.Struct, frozen=True, rename="pascal"):
    """An image in manifest.json: names of files in the archive."""

    config: str
    layers: tuple[str, ...]


def convert(
    archive: Path,
    destination: Path,
    *,
    cache: LayerCache | None = None,
    progress: Activity | None = None,
    workers: int = 2,
) -> Digest:
    """Make ``destination`` a layout of the one image in ``archive``, and return the image's digest. What was there is
    removed. ``progress`` counts unpacked bytes.

    An archive of ``docker save`` (manifest.json, layers as they unpack) is converted. An OCI layout in an archive whose
    layers are compressed already is taken as it is, byte for byte. Failure ``layout.*``.
    """
    create(destination)
    with TarMembers(archive) as members:
        image = _saved_image(members)
        if image is None:
            return _copy(members, destination)
        return _Conversion(members, image, destination, cache, progress or Silent(), workers).run()


def _saved_image(members: TarMembers) -> _Saved | None:
    """The image to convert, None where the archive has a layout that can be taken over."""
    if "manifest.json" not in members:
        return None
    try:
        images = msgspec.json.decode(members.content("manifest.json", LARGEST_MANIFEST), type=tuple[_Saved, ...])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise members.broken(f"Its manifest.json: {error}") from error
    if len(images) != 1:
        raise Failure("layout.several", f"the archive holds {len(images)} images instead of one")
    finished = all(next(members.blocks(layer, 4), b"").startswith(_COMPRESSED) for layer in images[0].layers)
    return None if "index.json" in members and finished else images[0]


def _copy(members: TarMembers, destination: Path) -> Digest:
    for name in members:
        if name.startswith(_BLOBS) and is_digest(f"sha256:{name.removeprefix(_BLOBS)}"):
            with (destination / name).open("wb") as file:
                file.writelines(members.blocks(name, BLOCK))
    (destination / "index.json").write_bytes(members.content("index.json", LARGEST_MANIFEST))
    layout = read(destination)
    prune(layout)
    return layout.root.digest


class _Conversion:
    """One image on its way from an archive to a layout."""

    def __init__(
        self,
        members: TarMembers,
        image: _Saved,
        destination: Path,
        cache: LayerCache | None,
        progress: Activity,
        workers: int,
    ) -> None:
        self._members = members
        self._image = image
        self._destination = destination
        self._cache = cache
        self._progress = progress
        self._workers = workers
        self._total = sum(members.size(name) for name in image.layers)
        self._done = 0

    def run(self) -> Digest:
        """The layout, and the digest of its manifest."""
        config = self._members.content(self._image.config, LARGEST_CONFIG)
        try:
            diff_ids = decode(config, Configuration).diff_ids
        except ValueError as error:
            raise self._members.broken(f"The image's config: {error}") from error
        if len(diff_ids) != len(self._image.layers):
            raise self._members.broken(f"It has {len(self._image.layers)} layers, its config tells of {len(diff_ids)}")
        layers = [self._layer(*pair) for pair in zip(self._image.layers, diff_ids, strict=True)]
        manifest = msgspec.json.encode(
            {
                "schemaVersion": 2,
                "mediaType": MANIFEST,
                "config": Descriptor(CONFIG, write_blob(self._destination, config), len(config)),
                "layers": [Descriptor(LAYER_GZIP, layer.digest, layer.size) for layer in layers],
            }
        )
        root = Descriptor(MANIFEST, write_blob(self._destination, manifest), len(manifest))
        write_index(self._destination, root)
        if self._cache:
            self._cache.forget_old()
        return root.digest

    def _layer(self, name: str, diff_id: Digest) -> Compressed:
        partial = self._destination / "partial"
        layer = self._cache.take(diff_id, partial) if self._cache else None
        if layer is None:
            layer = self._compressed(name, diff_id, partial)
        else:
            self._tell(self._members.size(name))
        partial.replace(blob_path(self._destination, layer.digest))
        return layer

    def _compressed(self, name: str, diff_id: Digest, partial: Path) -> Compressed:
        with partial.open("wb") as file:
            layer = compress(self._counted(name), file, workers=self._workers)
        if layer.diff_id != diff_id:
            raise Failure(
                "layout.diff-id",
                f"layer {short(layer.diff_id)} is not what its config says",
                why(f"The config lists {diff_id} in its place. The archive is damaged."),
            )
        if self._cache:
            self._cache.keep(layer, partial)
        return layer

    def _counted(self, name: str) -> Iterator[bytes]:
        for block in self._members.blocks(name, BLOCK):
            yield block
            self._tell(len(block))

    def _tell(self, size: int) -> None:
        self._done += size
        self._progress.update("compressing layers", self._done, self._total)
