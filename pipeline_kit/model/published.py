"""What a registry confirmed that it holds."""

from __future__ import annotations

import msgspec

from pipeline_kit.model.digest import Digest
from pipeline_kit.model.reference import Reference, Repository, by_digest


class PublishedTag(msgspec.Struct, frozen=True, omit_defaults=True):
    """A tag read back after the push. ``was`` is '' where the tag is new; ``kept`` says why it was not moved."""

    name: str
    was: str = ""
    kept: str = ""


class Published(msgspec.Struct, frozen=True, omit_defaults=True):
    """An image in a registry, read back. Blob counts: ``sent`` in this run, of ``blobs`` in all."""

    digest: Digest
    repository: Repository
    tags: tuple[PublishedTag, ...]
    blobs: int
    sent: int
    bytes_sent: int = 0

    @property
    def reference(self) -> Reference:
        """The reference that can't move."""
        return by_digest(self.repository, self.digest)

    @property
    def outputs(self) -> dict[str, str]:
        """What later steps and jobs go on with."""
        return published_outputs(self.repository, self.digest)


def published_outputs(repository: Repository, digest: Digest) -> dict[str, str]:
    """What later steps and jobs go on with, of the image ``digest`` in ``repository``."""
    return {
        "repository": str(repository),
        "reference": str(by_digest(repository, digest)),
        "digest": digest,
    }
