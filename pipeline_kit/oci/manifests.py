"""What a registry holds and confirms, and the two ways in which it contradicts itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, quote, why

if TYPE_CHECKING:
    from pipeline_kit.model.digest import Digest
    from pipeline_kit.model.reference import Repository
    from pipeline_kit.oci.wire import Answer

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class HeldManifest:
    """A manifest or index as a registry holds it, hashed. ``etag`` is its name in conditions, '' if it has none."""

    digest: Digest
    media_type: str
    content: bytes
    etag: str = ""

    @property
    def condition(self) -> dict[str, str]:
        """The header of a request that is to be carried out only while this is there."""
        return {"If-Match": self.etag} if self.etag.startswith('"') else {}


@dataclass(frozen=True, slots=True)
class Nothing:
    """What a tag names that is not there."""

    digest: str = ""

    @property
    def condition(self) -> dict[str, str]:
        """The header of a request that is to be carried out only while nothing is there."""
        return {"If-None-Match": "*"}


@dataclass(frozen=True, slots=True)
class StoredManifest:
    """A manifest that the registry took. ``subject`` is what the registry lists it as a referrer of, '' where it lists
    none, or where its answer was lost.
    """

    digest: Digest
    subject: str = ""


class BlobsUnknown(Failure):
    """The registry has not all that a manifest names; ``digests`` are those that it told, perhaps none."""

    def __init__(self, repository: Repository, answer: Answer) -> None:
        super().__init__(
            "registry.blobs-unknown",
            f"{repository.registry} has lost blobs of {repository.path}",
            why("It answered that it has them, and then refused the manifest that names them."),
            evidence=quote(answer.message),
        )
        self.digests = frozenset(_DIGEST.findall(answer.details))


def lied(repository: Repository, found: str, expected: Digest) -> Failure:
    """The failure of a registry that gives or confirms something else than what was asked for."""
    return Failure(
        "registry.lied",
        f"{repository.registry} answers with another image",
        why(f"It was {expected} that {repository.path} was asked for, and {found} that came."),
    )
