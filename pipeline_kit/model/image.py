"""A built image: an OCI layout on disk, known by its digest before anybody scans it."""

from __future__ import annotations

import msgspec

from pipeline_kit.model.digest import Digest
from pipeline_kit.model.platform import Platform


class Tool(msgspec.Struct, frozen=True, omit_defaults=True):
    """An external program as it was used: ``sha256`` is of the file that ran, '' where there is none (a daemon)."""

    name: str
    version: str
    sha256: str = ""


class PlatformImage(msgspec.Struct, frozen=True):
    """One platform of an image. ``size`` counts config and layers as stored, in bytes."""

    platform: Platform
    manifest: Digest
    config: Digest
    layers: tuple[Digest, ...]
    size: int


class Image(msgspec.Struct, frozen=True, omit_defaults=True):
    """``digest`` is that of the one entry in the layout's index: a manifest, or an index of several platforms.
    ``layout`` is where that is on this machine; a record leaves it out, and whoever reads one knows it by the image.
    ``adopted`` is an image that was not built now but taken over from the registry, where it is published.
    """

    digest: Digest
    platforms: tuple[PlatformImage, ...]
    commit: str
    engine: Tool
    layout: str = ""
    stages: int = 0
    adopted: bool = False

    @property
    def size(self) -> int:
        """Bytes of all blobs, those shared between platforms counted once for each platform."""
        return sum(platform.size for platform in self.platforms)
