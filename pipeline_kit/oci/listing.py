"""Lists that a registry gives in pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from pipeline_kit.errors import Failure, why
from pipeline_kit.model.digest import short
from pipeline_kit.oci.documents import LARGEST_MANIFEST, Descriptor, DocumentT, Index, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline_kit.model.digest import Digest
    from pipeline_kit.model.reference import Repository
    from pipeline_kit.oci.transport import Transport
    from pipeline_kit.oci.wire import Answer

_NEXT = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?')
_MOST_PAGES = 10_000
_PAGE = 1000


class _Tags(msgspec.Struct, frozen=True):
    tags: tuple[str, ...] | None = None


def list_tags(transport: Transport) -> tuple[str, ...]:
    """All tags of the repository, in the registry's order."""
    tags: list[str] = []
    for answer in _pages(transport, transport.url(f"tags/list?n={_PAGE}"), "list tags"):
        if answer.status == 200:
            tags += decode_list(transport.repository, answer.body, _Tags).tags or ()
    return tuple(tags)


def list_referrers(transport: Transport, digest: Digest, artifact_type: str) -> tuple[Descriptor, ...] | None:
    """What refers to ``digest``, perhaps of other types too; None where the registry keeps no such list."""
    query = f"?{urlencode({'artifactType': artifact_type})}" if artifact_type else ""
    found: list[Descriptor] = []
    doing = f"list what refers to {short(digest)}"
    for answer in _pages(transport, transport.url(f"referrers/{digest}{query}"), doing):
        if answer.status == 404:
            return None
        found += decode_list(transport.repository, answer.body, Index).manifests
    return tuple(found)


def decode_list(repository: Repository, content: bytes, kind: type[DocumentT]) -> DocumentT:
    """The list in ``content``, which a registry gave."""
    try:
        return decode(content, kind)
    except ValueError as error:
        raise Failure(
            "registry.unexpected", f"{repository.registry} gives a list that is none", why(str(error))
        ) from None


def _pages(transport: Transport, url: str, doing: str) -> Iterator[Answer]:
    """The pages, each 200 or 404. One on another host is refused."""
    for _ in range(_MOST_PAGES):
        answer = transport.ask("GET", url, limit=LARGEST_MANIFEST)
        if answer.status not in (200, 404):
            raise transport.refused(answer, doing)
        yield answer
        following = _NEXT.search(answer.headers.get("Link", ""))
        if following is None:
            return
        earlier, url = url, transport.resolve(answer.url, following.group(1))
        if url == earlier or not transport.is_own(url):
            break
    raise Failure(
        "registry.unexpected",
        f"{transport.repository.registry} gives a list that leads away or never ends",
        why(f"It was asked to {doing}."),
    )
