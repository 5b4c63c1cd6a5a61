"""Images for tests of layouts and registries: real in every respect but what is in their files."""

from __future__ import annotations

import gzip
import io
import random
import tarfile
from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.model.digest import digest_of
from pipeline_kit.model.image import Image, Tool
from pipeline_kit.model.platform import Platform
from pipeline_kit.oci.documents import Descriptor
from pipeline_kit.oci.layout import read
from pipeline_kit.oci.layout_folder import create, write_blob, write_index
from pipeline_kit.oci.media_types import CONFIG, INDEX, LAYER_GZIP, MANIFEST

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")


def layer_tar(content: str, size: int = 20_000) -> bytes:
    """A layer's tar file with one file of ``size`` bytes that don't compress; ``content`` decides which."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo(f"data/{content}")
        member.size = size
        archive.addfile(member, io.BytesIO(random.Random(content).randbytes(size)))
    return buffer.getvalue()


def write_image(
    folder: Path,
    *,
    tars: Sequence[bytes] | None = None,
    platforms: Sequence[Platform] = (AMD64,),
    attested: bool = False,
    labels: Mapping[str, str] | None = None,
) -> Image:
    """A layout at ``folder`` with the layers ``tars`` (two small ones if there are none), the same for all platforms.
    With several of those, or ``attested``, it is an index: the attestation comes first, where it does the most harm.
    """
    create(folder)
    contents = tars if tars is not None else (layer_tar("one"), layer_tar("two"))
    entries = [_manifest(folder, contents, platform, labels or {}) for platform in platforms]
    if attested:
        entries.insert(0, _attestation(folder, entries[0]))
    root = entries[0]
    if len(entries) > 1:
        root = _write(folder, INDEX, {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
    write_index(folder, root)
    layout = read(folder)
    return Image(root.digest, layout.platforms, "0" * 40, Tool("test", "1"), str(folder))


def _manifest(folder: Path, tars: Sequence[bytes], platform: Platform, labels: Mapping[str, str]) -> Descriptor:
    stored = [gzip.compress(tar, compresslevel=1, mtime=0) for tar in tars]
    layers = [Descriptor(LAYER_GZIP, write_blob(folder, layer), len(layer)) for layer in stored]
    config = {
        "os": platform.os,
        "architecture": platform.architecture,
        "config": {"Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(tar) for tar in tars]},
    }
    content = {"schemaVersion": 2, "mediaType": MANIFEST, "config": _write(folder, CONFIG, config), "layers": layers}
    return msgspec.structs.replace(_write(folder, MANIFEST, content), platform=platform)


def _attestation(folder: Path, subject: Descriptor) -> Descriptor:
    statement = _write(folder, "application/vnd.in-toto+json", {"_type": "https://in-toto.io/Statement/v1"})
    config = {"os": "unknown", "architecture": "unknown", "rootfs": {"diff_ids": [statement.digest]}}
    content = {"schemaVersion": 2, "mediaType": MANIFEST, "config": _write(folder, CONFIG, config)}
    descriptor = _write(folder, MANIFEST, {**content, "layers": [statement]})
    annotations = {
        "vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": subject.digest,
    }
    unknown = Platform("unknown", "unknown")
    return msgspec.structs.replace(descriptor, annotations=annotations, platform=unknown)


def _write(folder: Path, media_type: str, document: object) -> Descriptor:
    content = msgspec.json.encode(document)
    return Descriptor(media_type, write_blob(folder, content), len(content))
