"""Images written straight into an OCI layout: the same layers give the same digest on every machine."""

from __future__ import annotations

import hashlib
import json
import platform
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from pipeline_kit.model.digest import Digest, digest_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_CHUNK = 1 << 20
_FASTEST, _GZIP_FORMAT = 1, 31  # zlib writes a gzip header without name and time
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer as it is stored; ``diff_id`` is the digest of the tar inside."""

    digest: Digest
    diff_id: Digest
    size: int

    @property
    def descriptor(self) -> dict[str, object]:
        """Its entry in a manifest."""
        return {"mediaType": _LAYER, "digest": self.digest, "size": self.size}


def write_layout(
    folder: Path, tars: Sequence[IO[bytes]], config: Mapping[str, object], *, level: int = _FASTEST
) -> Digest:
    """Write an image of the layers ``tars`` and the container configuration ``config`` (Env, Cmd) into ``folder``.

    It is for this machine's platform and tagged ``latest``. There is no ``created`` in it: an engine would copy that
    into every image built on it. The digest is that of the manifest.
    """
    blobs = folder / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    layers = [_write_layer(blobs, tar, level) for tar in tars]
    running_on = {"os": "linux", "architecture": _ARCHITECTURES.get(platform.machine(), platform.machine())}
    rootfs = {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]}
    image_config = _write_json(blobs, _CONFIG, {**running_on, "config": config, "rootfs": rootfs})
    content = {"config": image_config, "layers": [layer.descriptor for layer in layers]}
    manifest = _write_json(blobs, _MANIFEST, {"schemaVersion": 2, "mediaType": _MANIFEST, **content})
    entry = {**manifest, "platform": running_on, "annotations": {"org.opencontainers.image.ref.name": "latest"}}
    (folder / "index.json").write_bytes(_json({"schemaVersion": 2, "manifests": [entry]}))
    (folder / "oci-layout").write_bytes(_json({"imageLayoutVersion": "1.0.0"}))
    return str(manifest["digest"])


def digest_in(folder: Path) -> Digest:
    """The digest of the one manifest that the layout ``folder`` names."""
    (entry,) = json.loads((folder / "index.json").read_bytes())["manifests"]
    return str(entry["digest"])


def _write_layer(blobs: Path, tar: IO[bytes], level: int) -> Layer:
    inner, outer = hashlib.sha256(), hashlib.sha256()
    gzip = zlib.compressobj(level, wbits=_GZIP_FORMAT)
    scratch = blobs / "layer.new"
    with scratch.open("wb") as blob:
        while chunk := tar.read(_CHUNK):
            inner.update(chunk)
            packed = gzip.compress(chunk)
            outer.update(packed)
            blob.write(packed)
        rest = gzip.flush()
        outer.update(rest)
        blob.write(rest)
    scratch.rename(blobs / outer.hexdigest())
    size = (blobs / outer.hexdigest()).stat().st_size
    return Layer(f"sha256:{outer.hexdigest()}", f"sha256:{inner.hexdigest()}", size)


def _write_json(blobs: Path, media_type: str, value: object) -> dict[str, object]:
    content = _json(value)
    digest = digest_of(content)
    (blobs / digest.removeprefix("sha256:")).write_bytes(content)
    return {"mediaType": media_type, "digest": digest, "size": len(content)}


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
