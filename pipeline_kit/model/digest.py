"""Digests: ``sha256:`` and 64 hexadecimal digits, the only names of content that this project trusts."""

from __future__ import annotations

import re
from typing import Annotated, TypeAlias

import msgspec

PATTERN = r"^sha256:[0-9a-f]{64}$"
Digest: TypeAlias = Annotated[str, msgspec.Meta(pattern=PATTERN)]

_DIGEST = PATTERN[:-1] + r"\Z"


def is_digest(text: str) -> bool:
    """Whether ``text`` is a digest in canonical form."""
    return bool(re.match(_DIGEST, text))


def digest_of(content: bytes) -> Digest:
    """The digest of ``content``."""
    import hashlib  # it loads OpenSSL, which a version or a tag never needs

    return "sha256:" + hashlib.sha256(content).hexdigest()


def short(digest: Digest) -> str:
    """The first twelve hexadecimal digits, as people read them."""
    return digest.removeprefix("sha256:")[:12]
