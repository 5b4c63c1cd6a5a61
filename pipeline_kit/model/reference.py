"""References to images: parsed once at the border, never assembled from strings elsewhere.

Grammar: https://github.com/distribution/reference, with Docker Hub's short names (``alpine`` is
``docker.io/library/alpine``) as Docker reads them.
"""

from __future__ import annotations

import re

import msgspec

from pipeline_kit.model.digest import Digest, is_digest, short

# Compiled when the first one is read: most commands of a pipeline read none.
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = rf"{_COMPONENT}(?:/{_COMPONENT})*\Z"
_REGISTRY = r"(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?\Z"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\Z"
_LOOPBACK = r"127(?:\.[0-9]{1,3}){3}"
_HUB = "docker.io"


class Repository(msgspec.Struct, frozen=True):
    """A repository in a registry: where an image's manifests and tags live."""

    registry: str
    path: str

    def __str__(self) -> str:
        return f"{self.registry}/{self.path}"

    @property
    def loopback(self) -> bool:
        """Whether the registry is on this machine, where plain HTTP is used, as Docker does."""
        host = self.registry.rsplit(":", 1)[0] if not self.registry.endswith("]") else self.registry
        return host in ("localhost", "[::1]") or bool(re.fullmatch(_LOOPBACK, host))

    @classmethod
    def parse(cls, text: str) -> Repository:
        """The repository that ``text`` names; ValueError if there is a tag or digest, or it names none."""
        reference = Reference.parse(text)
        if reference.tag or reference.digest:
            raise ValueError(f"{text!r} has a tag or a digest; only the repository is wanted here")
        return reference.repository


class Reference(msgspec.Struct, frozen=True):
    """A repository with a tag, a digest, both or neither. With both, the digest decides and the tag is a comment."""

    repository: Repository
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"

    @property
    def short(self) -> str:
        """As people read it: the digest cut to twelve digits."""
        return f"{self.repository}@{short(self.digest)}" if self.digest else str(self)

    @classmethod
    def parse(cls, text: str) -> Reference:
        """The reference that ``text`` is; ValueError with the reason if it is none."""
        name, at, digest = text.strip().partition("@")
        if at and not is_digest(digest):
            raise ValueError(f"{text!r}: {digest!r} is not a digest (sha256: and 64 hexadecimal digits)")
        slash = name.rfind("/")
        colon, tag = "", ""
        if ":" in name[slash + 1 :]:
            name, colon, tag = name.rpartition(":")
        if colon and not is_tag(tag):
            raise ValueError(f"{text!r}: {tag!r} is not a tag (letters, digits, _ . -, at most 128, no leading . or -)")
        return cls(_repository(name, text), tag, digest)


def is_tag(text: str) -> bool:
    """Whether a registry accepts ``text`` as a tag."""
    return bool(re.match(_TAG, text))


def by_digest(repository: Repository, digest: Digest) -> Reference:
    """The reference that can't move."""
    return Reference(repository, digest=digest)


def _repository(name: str, text: str) -> Repository:
    first, slash, rest = name.partition("/")
    if not slash or not (first == "localhost" or "." in first or ":" in first or first != first.lower()):
        registry, path = _HUB, name if slash else f"library/{name}"
    else:
        registry, path = first, rest
    registry = _HUB if registry in ("index.docker.io", "registry-1.docker.io") else registry.lower()
    if registry == _HUB and "/" not in path:
        path = f"library/{path}"
    if not re.match(_REGISTRY, registry):
        raise ValueError(f"{text!r}: {registry!r} is not a registry's host name")
    if path != path.lower():
        raise ValueError(f"{text!r}: a repository is lower case; did you mean {name.lower()!r}?")
    if not re.match(_REPOSITORY, path) or len(path) > 255:
        raise ValueError(
            f"{text!r}: {path!r} is not a repository (lower case letters, digits, and / . _ - between them)"
        )
    return Repository(registry, path)
