"""From any text to a name that a registry, and on demand Kubernetes, accepts."""

from __future__ import annotations

import re

LONGEST_TAG = 128
LONGEST_LABEL = 63
_OTHERS = re.compile(r"[^a-zA-Z0-9._-]+")
# A version of PEP 440, and a semantic one, as a tag has it: of 1!2.0+x it is 1-2.0-x.
_AS_A_RELEASE = (
    r"v?(?P<epoch>[0-9]+-)?[0-9]+(?P<more>(?:\.[0-9]+)*)"
    r"(?P<kind>(?:[-_.]?(?:a|b|c|rc|alpha|beta|pre|preview)[-_.]?[0-9]*)?"
    r"(?:-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?(?:[-_.]?dev[-_.]?[0-9]*)?)"
    r"(?P<end>-.*)?\Z"
)
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
    longest = LONGEST_LABEL if kubernetes else LONGEST_TAG
    # Of a name in another script nothing may be left.
    return name if name and len(name) <= longest else shortened(text, longest)


def is_latest(name: str) -> bool:
    """Whether ``name`` is ``latest``, or that of a variant, such as ``latest-alpine``."""
    return name == "latest" or name.startswith("latest-")


def is_release(name: str) -> bool:
    """Whether ``name`` is one that a release may have, by semantic versioning or by PEP 440."""
    found = re.match(_AS_A_RELEASE, name, re.IGNORECASE | re.ASCII)
    if not found:
        return False
    # Of one number alone more is most often a branch: v2-dev, 2024-01, 1234-a-page. 1.5-x is none of a release either;
    # 1.5.0-x is a pre-release, and 1.5rc1-x has a local version.
    dots = found["more"].count(".")
    if not dots:
        return not (found["epoch"] or found["kind"] or found["end"])
    return dots > 1 or not found["end"] or bool(found["kind"])


def of_branch(branch: str) -> str:
    """The name of what a branch holds. A branch that is called as a release's tags are (``1.5``, ``latest``, also
    ``+latest``, which becomes that) has ``branch-`` in front: what is not released must not move them.
    """
    name = sanitized(branch).strip("._-")
    return f"branch-{branch}" if is_latest(name) or is_release(name) else branch


def shortened(text: str, longest: int) -> str:
    """``text`` as a name of at most ``longest`` characters, with the first digits of its hash at the end."""
    # Few names are too long, and the library takes a while to load.
    import hashlib

    mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_MARK]
    return f"{sanitized(text).lstrip('._-')[: longest - _MARK - 1]}-{mark}".lstrip("-")
