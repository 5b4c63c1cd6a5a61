"""A layout loaded into an engine that can't reach the registry."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.errors import Failure, quote
from pipeline_kit.model.platform import Platform
from pipeline_kit.oci.layout import blob_path, read
from pipeline_kit.targets.docker_engine import disk_full, words

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline_kit.model.published import Published
    from pipeline_kit.targets.docker_engine import Engine

_PIECE = 1 << 20


def load(published: Published, folder: Path, engine: Engine) -> None:
    """Send the layout ``folder`` to the engine, under the published reference where its store can keep that."""
    from docker.errors import APIError

    layout = read(folder)
    platform = next((p for p in layout.platforms if p.platform == Platform.parse(engine.platform)), layout.platforms[0])
    saved = [
        {
            "Config": _in_layout(platform.config),
            "RepoTags": None,
            "Layers": [_in_layout(layer) for layer in platform.layers],
        }
    ]
    # The containerd store takes the index with this name; the classic one reads manifest.json and knows no digests.
    entry = msgspec.structs.replace(layout.root, annotations={"io.containerd.image.name": str(published.reference)})
    documents = {
        "oci-layout": b'{"imageLayoutVersion":"1.0.0"}',
        "index.json": msgspec.json.encode({"schemaVersion": 2, "manifests": [entry]}),
        "manifest.json": msgspec.json.encode(saved),
    }
    blobs = [blob_path(folder, descriptor.digest) for descriptor in (*layout.manifests, *layout.blobs)]
    try:
        for line in engine.api.load_image(_archive(documents, blobs)):
            if error := line.get("error"):
                raise _not_loaded(str(error))
    except APIError as error:
        raise _not_loaded(words(error)) from error


def _not_loaded(said: str) -> Failure:
    return disk_full(said) or Failure("deploy.pull", "the engine can't load the layout", evidence=quote(said))


def _in_layout(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _archive(documents: dict[str, bytes], blobs: list[Path]) -> Iterator[bytes]:
    """A tar file, made while it is sent: an image can be larger than what is free on this disk."""
    for name, content in documents.items():
        yield _header(name, len(content)) + content + _padding(len(content))
    for blob in blobs:
        size = blob.stat().st_size
        yield _header(f"blobs/sha256/{blob.name}", size)
        with blob.open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece
        yield _padding(size)
    yield bytes(2 * tarfile.BLOCKSIZE)


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % tarfile.BLOCKSIZE)
