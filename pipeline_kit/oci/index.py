"""Which entries of an index can run, and which tell about those: nothing is published that is neither.

An engine takes the entry whose platform fits best, whatever else is written at it. So an entry that is not scanned must
be one that no engine can run: an attestation, as BuildKit writes them
(https://github.com/moby/buildkit/blob/master/docs/attestations/attestation-storage.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.model.digest import short
from pipeline_kit.model.platform import Platform

if TYPE_CHECKING:
    from pipeline_kit.oci.documents import Descriptor, Index, Manifest

_IN_TOTO = "application/vnd.in-toto+json"
_UNKNOWN = Platform("unknown", "unknown")


def platforms_of(index: Index) -> tuple[Descriptor, ...]:
    """The entries of ``index`` that can run, one for each platform; the others call themselves attestations of them.
    ValueError with the reason if an entry is neither.
    """
    if strange := next((entry for entry in index.manifests if not entry.is_manifest), None):
        raise ValueError(f"its index lists {strange.media_type}, which is not a manifest")
    platforms = {entry.digest: entry for entry in index.manifests if not is_attestation(entry)}
    if len({entry.digest for entry in index.manifests}) < len(index.manifests):
        raise ValueError("its index lists a manifest twice")
    named: dict[Platform, Descriptor] = {}
    for entry in platforms.values():
        platform = entry.platform
        if platform is None or not _can_run(platform):
            raise ValueError(f"{short(entry.digest)} is for no platform, and is no attestation")
        if other := named.get(platform.canonical):
            raise ValueError(f"{short(other.digest)} and {short(entry.digest)} are both for {platform.canonical}")
        named[platform.canonical] = entry
    for entry in index.manifests:
        if entry.digest not in platforms and entry.subject not in platforms:
            raise ValueError(f"{short(entry.digest)} is an attestation of nothing in this image")
    return tuple(platforms.values())


def refuse_unscanned(index: Index) -> None:
    """Failure ``layout.unscanned`` for an index with an entry that is neither."""
    try:
        platforms_of(index)
    except ValueError as error:
        raise unscanned(error) from None


def is_attestation(entry: Descriptor) -> bool:
    """Whether an entry of an index calls itself an attestation, and has the platform that no engine is."""
    return entry.platform == _UNKNOWN and entry.reference_type == "attestation-manifest"


def check(entry: Descriptor, manifest: Manifest) -> None:
    """Compare an entry of an index with the manifest that it points to; ValueError if that is something else."""
    if not is_attestation(entry):
        if not manifest.is_image:
            raise ValueError(f"{short(entry.digest)} has a config of type {manifest.config.media_type}")
    elif not manifest.layers or any(layer.media_type != _IN_TOTO for layer in manifest.layers):
        raise ValueError(f"{short(entry.digest)} calls itself an attestation, and has layers of an image")


def unscanned(error: ValueError) -> Failure:
    """The failure of an index with an entry that would be published unscanned."""
    return Failure(
        "layout.unscanned",
        f"a part of the image can't be scanned: {error}",
        why("An engine may run any entry of an index, so each is a scanned platform, or an attestation of one."),
        alternative("Build without what adds such an entry."),
    )


def _can_run(platform: Platform) -> bool:
    return bool(platform.os and platform.architecture) and "unknown" not in (platform.os, platform.architecture)
