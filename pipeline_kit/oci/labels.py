"""What an image in a registry says of itself, with few requests: a manifest or two, and a config."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.oci.documents import LARGEST_CONFIG, Configuration, Index, Manifest, decode
from pipeline_kit.oci.index import platforms_of
from pipeline_kit.oci.media_types import INDEXES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.oci.client import Registry
    from pipeline_kit.oci.manifests import HeldManifest

VERSION = "org.opencontainers.image.version"
REVISION = "org.opencontainers.image.revision"


def version_of(registry: Registry, tag: str) -> str | None:
    """The version that what ``tag`` names was published as; None where it names nothing or nothing tells."""
    return label_of(registry, tag, VERSION)


def label_of(registry: Registry, reference: str, label: str) -> str | None:
    """A label of what a tag or digest names, of the first platform where there are several."""
    held = registry.get_manifest(reference)
    return labels(registry, held).get(label) if held else None


def labels(registry: Registry, held: HeldManifest) -> Mapping[str, str]:
    """The labels of an image, of its first platform where there are several; none where it isn't one."""
    try:
        image = _first_platform(registry, held)
        manifest = decode(image.content, Manifest) if image else None
        if manifest is None or not manifest.is_image:
            return {}
        config = registry.read_blob(manifest.config.digest, LARGEST_CONFIG)
        return decode(config, Configuration).labels if config else {}
    except ValueError:
        return {}  # what can't be read says nothing


def _first_platform(registry: Registry, held: HeldManifest) -> HeldManifest | None:
    if held.media_type not in INDEXES:
        return held
    platforms = platforms_of(decode(held.content, Index))
    return registry.get_manifest(platforms[0].digest) if platforms else None
