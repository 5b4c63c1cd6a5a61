"""From any text to a name that a registry, and on demand Kubernetes, accepts."""

from __future__ import annotations

import hashlib
import re

LONGEST_TAG = 128
LONGEST_LABEL = 63
_OTHERS = re.compile(r"[^a-zA-Z0-9._-]+")
_MARK = 8


def sanitized(text: str) -> str:
    """``text`` with each run of characters that a tag can't have as one dash."""
    return _OTHERS.sub("-", text)


def tag(text: str, *, kubernetes: bool = False) -> str:
    """``text`` as a tag: at most 128 characters, no ``.`` or ``-`` in front; one that is too long is cut, and a hash of
    the whole text keeps it apart from others. With ``kubernetes`` it is also a valid value of a label: at most 63
    characters, with a letter or digit at both ends.
    """
    name = sanitized(text).lstrip(".-")
    if kubernetes:
        name = name.strip("._-")
    name = name or "x"
    longest = LONGEST_LABEL if kubernetes else LONGEST_TAG
    return name if len(name) <= longest else shortened(text, longest)


def shortened(text: str, longest: int) -> str:
    """``text`` as a name of at most ``longest`` characters, with the first digits of its hash at the end."""
    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK]
    return f"{sanitized(text).lstrip('._-')[: longest - _MARK - 1]}-{mark}".lstrip("-")
