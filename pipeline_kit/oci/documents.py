"""The JSON documents that an image is made of, read with limits; what this project doesn't use of them is ignored.

https://github.com/opencontainers/image-spec
"""

from __future__ import annotations

import json
from typing import Annotated, TypeVar

import msgspec

from pipeline_kit.model.digest import Digest
from pipeline_kit.model.platform import Platform
from pipeline_kit.oci.media_types import CONFIGS, INDEXES, MANIFESTS

# Registries accept manifests of 4 MiB at least, and few accept more; a config can hold a long history.
LARGEST_MANIFEST = 4 << 20
LARGEST_CONFIG = 16 << 20
_REFERENCE_TYPE, _REFERENCE = "vnd.docker.reference.type", "vnd.docker.reference.digest"
# Go's programs match these without regard to case and take the last, others don't: a document must mean one thing.
_NAMES = frozenset(
    {"schemaversion", "mediatype", "manifests", "config", "layers", "digest", "size", "platform"}
    | {"rootfs", "diff_ids", "os", "architecture", "variant", "labels", "annotations", "subject", "artifacttype"}
)

DocumentT = TypeVar("DocumentT")


class Descriptor(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What points to a blob: its type, digest and size in bytes."""

    media_type: str
    digest: Digest
    size: Annotated[int, msgspec.Meta(ge=0)]
    annotations: dict[str, str] | None = None
    platform: Platform | None = None
    artifact_type: str = ""

    @property
    def is_index(self) -> bool:
        """Whether it points to a list of manifests."""
        return self.media_type in INDEXES

    @property
    def is_manifest(self) -> bool:
        """Whether it points to a manifest."""
        return self.media_type in MANIFESTS

    @property
    def reference_type(self) -> str:
        """What BuildKit's annotation calls an entry that tells about another one, '' without it."""
        return (self.annotations or {}).get(_REFERENCE_TYPE, "")

    @property
    def subject(self) -> str:
        """The digest of the entry that this one tells about, '' if none."""
        return (self.annotations or {}).get(_REFERENCE, "")


class Index(msgspec.Struct, frozen=True, rename="camel"):
    """A list of manifests: one for each platform, and what is told about them."""

    manifests: tuple[Descriptor, ...]
    media_type: str = ""


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """A config and layers, the lowest layer first."""

    config: Descriptor
    stored_layers: tuple[Descriptor, ...] | None = msgspec.field(name="layers", default=None)
    media_type: str = ""

    @property
    def layers(self) -> tuple[Descriptor, ...]:
        """What the layers are stored as; an image without any may say null."""
        return self.stored_layers or ()

    @property
    def is_image(self) -> bool:
        """Whether it can run; other manifests carry signatures, reports and the like."""
        return self.config.media_type in CONFIGS


class RootFilesystem(msgspec.Struct, frozen=True):
    """What the layers unpack to."""

    diff_ids: tuple[Digest, ...] | None = None


class RunConfiguration(msgspec.Struct, frozen=True):
    """How the image is run, as far as it matters here."""

    labels: dict[str, str] | None = msgspec.field(name="Labels", default=None)


class Configuration(msgspec.Struct, frozen=True):
    """An image's config: its digest is Docker's image ID."""

    os: str = ""
    architecture: str = ""
    variant: str = ""
    rootfs: RootFilesystem = RootFilesystem()
    config: RunConfiguration | None = None

    @property
    def platform(self) -> Platform:
        """What the image runs on."""
        return Platform(self.os, self.architecture, self.variant)

    @property
    def diff_ids(self) -> tuple[Digest, ...]:
        """The digests of the layers as unpacked tar files, the lowest first."""
        return self.rootfs.diff_ids or ()

    @property
    def labels(self) -> dict[str, str]:
        """The image's labels."""
        return (self.config and self.config.labels) or {}


def decode(content: bytes, kind: type[DocumentT]) -> DocumentT:
    """The document in ``content``; ValueError with the reason if it is none, or if two programs could read two things
    in it (as in CVE-2021-41190).
    """
    try:
        keys = json.loads(content, object_pairs_hook=_unambiguous)
        document = msgspec.json.decode(content, type=kind)
    except RecursionError:
        raise ValueError("the JSON is nested too deeply") from None
    except msgspec.MsgspecError as error:
        raise ValueError(str(error)) from error
    if "manifests" in keys and keys.keys() & {"config", "layers"}:
        raise ValueError("it is a manifest and a list of manifests at once")
    return document


def _unambiguous(pairs: list[tuple[str, object]]) -> dict[str, object]:
    seen: set[str] = set()
    for name, _ in pairs:
        folded = name.casefold()
        if folded in seen and folded in _NAMES:
            raise ValueError(f"{name!r} is there twice")
        seen.add(folded)
    return dict(pairs)
