"""What a repository lists: its manifests and its tags, kept as the index.json of an OCI layout."""

from __future__ import annotations

from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.oci.media_types import INDEX
from pipeline_kit.oci.server.manifest import Descriptor, Manifest, listed, parse
from pipeline_kit.oci.server.messages import ApiError
from pipeline_kit.oci.server.names import blob_path, repository_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_TAG = "org.opencontainers.image.ref.name"


class _Index(msgspec.Struct, frozen=True, rename="camel"):
    manifests: tuple[Descriptor, ...]
    schema_version: int = 2
    media_type: str = INDEX


@dataclass(frozen=True, slots=True)
class Listing:
    """One state of a repository; a change makes another. ``tags`` gives the digest that a tag points to."""

    manifests: Mapping[str, Manifest] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)

    def with_manifest(self, manifest: Manifest, tags: Iterable[str]) -> Listing:
        """This, with ``manifest`` and ``tags`` that point to it."""
        digest = manifest.descriptor.digest
        return Listing({**self.manifests, digest: manifest}, {**self.tags, **dict.fromkeys(tags, digest)})

    def without_manifest(self, digest: str) -> Listing:
        """This, without that manifest and without the tags that point to it."""
        manifests = {name: manifest for name, manifest in self.manifests.items() if name != digest}
        return Listing(manifests, {tag: target for tag, target in self.tags.items() if target != digest})

    def without_tag(self, tag: str) -> Listing:
        """This, without that tag; the manifest stays."""
        return Listing(self.manifests, {name: digest for name, digest in self.tags.items() if name != tag})

    def referrers(self, subject: str) -> list[Descriptor]:
        """What there is about the content ``subject``."""
        return [manifest.descriptor for manifest in self.manifests.values() if manifest.subject == subject]

    def encode(self) -> bytes:
        """The index.json: an entry for each tag, and one for each manifest without."""
        entries = [_entry(self.manifests[digest], {_TAG: tag}) for tag, digest in self.tags.items()]
        tagged = set(self.tags.values())
        entries += [_entry(manifest, None) for digest, manifest in self.manifests.items() if digest not in tagged]
        return msgspec.json.encode(_Index(tuple(entries)))


def read(layout: Path) -> Listing:
    """The state that is on disk. What a manifest is about is read from the manifest itself."""
    try:
        content = (layout / "index.json").read_bytes()
    except FileNotFoundError:
        return Listing()
    try:
        entries = msgspec.json.decode(content, type=_Index).manifests
        manifests = {entry.digest: _manifest(layout, entry) for entry in entries}
    except (OSError, msgspec.MsgspecError, ApiError) as error:
        # A registry that forgot a tag would hand it out again: better none than half of them.
        reason = f"the index of {repository_in(layout)} can't be read: {error}"
        raise ApiError(HTTPStatus.INTERNAL_SERVER_ERROR, "UNKNOWN", reason) from error
    tags = (((entry.annotations or {}).get(_TAG, ""), entry.digest) for entry in entries)
    return Listing(manifests, {tag: digest for tag, digest in tags if tag})


def _entry(manifest: Manifest, annotations: dict[str, str] | None) -> Descriptor:
    described = manifest.descriptor
    return Descriptor(described.media_type, described.digest, described.size, annotations=annotations)


def _manifest(layout: Path, entry: Descriptor) -> Manifest:
    content = blob_path(layout, entry.digest).read_bytes()
    return listed(parse(content, entry.media_type), entry.digest, len(content), entry.media_type)
