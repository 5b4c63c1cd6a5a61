"""The digests that one image goes by: an engine names it by its index, its manifest or its config."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, why
from pipeline_kit.model.digest import Digest, short
from pipeline_kit.oci.documents import Index, Manifest, decode
from pipeline_kit.oci.index import platforms_of, refuse_unscanned
from pipeline_kit.oci.layout import read
from pipeline_kit.oci.media_types import INDEXES

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.context import Context
    from pipeline_kit.model.published import Published
    from pipeline_kit.oci.client import Registry


def members_in_layout(published: Published, folder: Path) -> tuple[Digest, ...]:
    """Read from the layout, whose documents are hashed. Failure ``deploy.digest`` if it holds another image."""
    layout = read(folder)
    if layout.root.digest != published.digest:
        raise Failure(
            "deploy.digest",
            f"the layout holds {short(layout.root.digest)}, not {short(published.digest)}",
            why("What is deployed is what was published; this layout is of another build."),
        )
    return (published.digest, *(digest for p in layout.platforms for digest in (p.manifest, p.config)))


def members_in_registry(published: Published, context: Context) -> tuple[Digest, ...]:
    """Read from the registry, whose answers are hashed."""
    from pipeline_kit.oci.connect import READ, connect
    from pipeline_kit.oci.credentials import TARGET_SOURCES, find

    credential = find(published.repository, context, TARGET_SOURCES)
    registry = connect(published.repository, credential, context, actions=READ)
    media_type, root = _manifest(registry, published.digest)
    if media_type not in INDEXES:
        return (published.digest, decode(root, Manifest).config.digest)
    index = decode(root, Index)
    refuse_unscanned(index)
    entries = [entry.digest for entry in platforms_of(index)]
    configs = [decode(_manifest(registry, digest)[1], Manifest).config.digest for digest in entries]
    return (published.digest, *entries, *configs)


def _manifest(registry: Registry, digest: Digest) -> tuple[str, bytes]:
    held = registry.get_manifest(digest)
    if held is None:
        raise Failure("deploy.absent", f"{registry.repository.registry} does not have {short(digest)}")
    return held.media_type, held.content
