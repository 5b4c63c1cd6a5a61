"""Conditional requests: the compare-and-swap of tags, and answers that the client has already.

https://www.rfc-editor.org/rfc/rfc9110#name-conditional-requests
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from pipeline_kit.oci.server.messages import ApiError

if TYPE_CHECKING:
    from pipeline_kit.oci.server.messages import Request


def etag(digest: str) -> str:
    """The entity tag of content: its digest."""
    return f'"{digest}"'


@dataclass(frozen=True, slots=True)
class Condition:
    """What the client says of the present state: If-Match and If-None-Match, '' where it says nothing."""

    match: str = ""
    none_match: str = ""

    @classmethod
    def of(cls, request: Request) -> Condition:
        """The condition that ``request`` states."""
        return cls(request.header("If-Match"), request.header("If-None-Match"))

    def check(self, digest: str) -> None:
        """ApiError if it does not hold for what is there now: content with ``digest``, '' for nothing."""
        if (self.match and not _names(self.match, digest)) or (self.none_match and _names(self.none_match, digest)):
            raise ApiError(
                HTTPStatus.PRECONDITION_FAILED,
                "PRECONDITION_FAILED",
                f"it is {digest} now" if digest else "there is nothing by that name now",
                headers={"ETag": etag(digest)} if digest else {},
            )

    def has(self, digest: str) -> bool:
        """Whether the client has the content already, and only asks if it is still the same."""
        return bool(self.none_match) and _names(self.none_match, digest)


def _names(tags: str, digest: str) -> bool:
    if tags == "*":
        return bool(digest)
    return bool(digest) and digest in [tag.strip().removeprefix("W/").strip('"') for tag in tags.split(",")]
