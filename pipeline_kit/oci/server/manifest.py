"""Manifests as clients send them: what they must be, what they need, and how a listing tells of them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Literal

import msgspec

from pipeline_kit.oci.documents import decode
from pipeline_kit.oci.media_types import INDEXES, MANIFESTS
from pipeline_kit.oci.server.messages import ApiError
from pipeline_kit.oci.server.names import is_digest

# Layers that registries may not hand on: a manifest may name them although they are not here.
_FOREIGN = ("application/vnd.oci.image.layer.nondistributable.", "application/vnd.docker.image.rootfs.foreign.")


class Descriptor(msgspec.Struct, frozen=True, omit_defaults=True, rename="camel"):
    """What points to content. Its digest may be of any algorithm: whether the content is here is asked later."""

    media_type: str
    digest: str
    size: Annotated[int, msgspec.Meta(ge=0)]
    artifact_type: str | None = None
    annotations: dict[str, str] | None = None
    urls: tuple[str, ...] | None = None

    @property
    def is_document(self) -> bool:
        """Whether it points to a manifest or an index."""
        return self.media_type in MANIFESTS | INDEXES

    @property
    def is_foreign(self) -> bool:
        """Whether the content may be elsewhere."""
        return bool(self.urls) or self.media_type.startswith(_FOREIGN)


class Document(msgspec.Struct, frozen=True, rename="camel"):
    """A manifest or an index, as far as a registry has to understand it. Some clients write null for nothing."""

    schema_version: Literal[2]
    media_type: str | None = None
    artifact_type: str | None = None
    config: Descriptor | None = None
    layers: tuple[Descriptor, ...] | None = None
    manifests: tuple[Descriptor, ...] | None = None
    subject: Descriptor | None = None
    annotations: dict[str, str] | None = None

    @property
    def is_index(self) -> bool:
        """Whether it lists manifests, where a manifest has a config."""
        return self.config is None

    @property
    def needs(self) -> tuple[Descriptor, ...]:
        """What has to be in the repository before this may be. A subject may come later."""
        blobs = (self.config, *(self.layers or ())) if self.config else ()
        return (*(blob for blob in blobs if not blob.is_foreign), *(self.manifests or ()))


class Manifest(msgspec.Struct, frozen=True):
    """A manifest that a repository has: what points to it, and what it is about ('' if nothing)."""

    descriptor: Descriptor
    subject: str = ""


def parse(content: bytes, media_type: str) -> Document:
    """The document that was sent as ``media_type``, '' if the client didn't say. ApiError if it is not one."""
    try:
        document = decode(content, Document)
    except ValueError as error:
        raise _invalid(f"the manifest can't be read: {error}") from error
    kind = media_type or document.media_type or ""
    if kind not in MANIFESTS | INDEXES:
        raise _invalid(f"{kind!r} is not the media type of a manifest that is kept here")
    if document.media_type not in (None, "", kind):
        raise _invalid(f"the manifest says that it is {document.media_type}, the request {kind}")
    if kind in MANIFESTS and (document.config is None or document.manifests is not None):
        raise _invalid("a manifest has a config, and lists no manifests")
    if kind in INDEXES and (document.config is not None or document.layers is not None):
        raise _invalid("an index has neither config nor layers")
    if document.subject and not is_digest(document.subject.digest):
        raise _invalid(f"{document.subject.digest!r}, its subject, is not a digest")
    return document


def listed(document: Document, digest: str, size: int, media_type: str) -> Manifest:
    """``document`` as a list of referrers tells of it."""
    config_type = document.config.media_type if document.config else ""
    descriptor = Descriptor(
        media_type=media_type or document.media_type or "",
        digest=digest,
        size=size,
        artifact_type=document.artifact_type or config_type or None,
        annotations=document.annotations or None,
    )
    return Manifest(descriptor, document.subject.digest if document.subject else "")


def _invalid(reason: str) -> ApiError:
    return ApiError(HTTPStatus.BAD_REQUEST, "MANIFEST_INVALID", reason)
