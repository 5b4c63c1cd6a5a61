"""What a client may name, and where it is on disk. Nothing that a client sends reaches the disk but through here."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING

from pipeline_kit.model.reference import Repository
from pipeline_kit.oci.server.messages import ApiError

if TYPE_CHECKING:
    from pathlib import Path

# The specification registers both. The project itself names everything by sha256; other clients need not.
_DIGEST = re.compile(r"(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})\Z")
# One folder a repository, so that none lies inside of another: no repository's name has a plus.
_SLASH = "+"


def repository_name(text: str) -> str:
    """``text``, if it names a repository; else ApiError."""
    try:
        path = Repository.parse(f"localhost/{text}").path
    except ValueError:
        path = ""
    if path != text or not text:
        raise ApiError(HTTPStatus.BAD_REQUEST, "NAME_INVALID", f"{text!r} does not name a repository")
    return text


def is_digest(text: str) -> bool:
    """Whether ``text`` is a digest in canonical form, of an algorithm that is known here."""
    return bool(_DIGEST.match(text))


def digest_name(text: str) -> str:
    """``text``, if it is a digest; else ApiError."""
    if not is_digest(text):
        raise ApiError(HTTPStatus.BAD_REQUEST, "DIGEST_INVALID", f"{text!r} is not a digest")
    return text


def algorithm_of(digest: str) -> str:
    """The name of the hash function, as hashlib knows it."""
    return digest.partition(":")[0]


def repository_folder(parent: Path, repository: str) -> Path:
    """Where a repository is below ``parent``: shop/web is in shop+web."""
    return parent / repository.replace("/", _SLASH)


def repository_in(folder: Path) -> str:
    """The name of the repository that ``folder`` holds."""
    return folder.name.replace(_SLASH, "/")


def blob_path(layout: Path, digest: str) -> Path:
    """Where content is below ``layout``; ApiError if ``digest`` is none."""
    algorithm, _, hexadecimal = digest_name(digest).partition(":")
    return layout / "blobs" / algorithm / hexadecimal
