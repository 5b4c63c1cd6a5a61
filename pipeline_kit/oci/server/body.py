"""The body of a request: read in pieces, by its length or chunk by chunk, and never past its end."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING

from pipeline_kit.oci.server.messages import ApiError

if TYPE_CHECKING:
    from email.message import Message
    from io import BufferedIOBase

# What is read at once: larger does not make it faster, and each upload that runs holds one of these.
PIECE = 1 << 18
_LENGTH = re.compile(r"[0-9]{1,18}\Z")
_CHUNK_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\r\n]*)?\r?\n\Z")
_LONGEST_LINE = 4096
_MOST_TRAILERS = 32


class BodyCut(ConnectionError):  # noqa: N818 - it ends like any connection that broke
    """The connection ended within a body, or what came was not one: there is nobody to answer."""


class Body:
    """The bytes that ``source`` holds of one request: ``length`` bytes, or chunks where it is None."""

    def __init__(self, source: BufferedIOBase, length: int | None) -> None:
        self.length = length
        self._source = source
        self._chunked = length is None
        self._left = length or 0
        self._ended = length == 0

    @classmethod
    def of(cls, headers: Message, source: BufferedIOBase) -> Body:
        """The body that ``headers`` announce. ApiError if they are ambiguous, since then its end is anyone's guess."""
        lengths = {value.strip() for value in headers.get_all("Content-Length", ())}
        coding = headers.get("Transfer-Encoding", "").strip().lower()
        if coding and (lengths or coding != "chunked"):
            raise ApiError(HTTPStatus.BAD_REQUEST, "UNSUPPORTED", "the length of the body is ambiguous")
        if coding:
            return cls(source, None)
        if len(lengths) > 1 or not all(_LENGTH.match(value) for value in lengths):
            raise ApiError(HTTPStatus.BAD_REQUEST, "SIZE_INVALID", "Content-Length is not a number")
        return cls(source, int(lengths.pop()) if lengths else 0)

    def readinto(self, buffer: memoryview) -> int:
        """Fill ``buffer`` with what is there, at least one byte; how many bytes, 0 at the end. BodyCut if it is cut."""
        if not self._left and not self._ended:
            self._begin_chunk()
        if self._ended:
            return 0
        count = self._source.readinto1(buffer[: self._left])
        if not count:
            raise BodyCut("the body is shorter than announced")
        self._left -= count
        if not self._left:
            self._end_part()
        return count

    def read(self, limit: int) -> bytes:
        """All of it; ApiError if that is more than ``limit`` bytes."""
        content = bytearray()
        piece = memoryview(bytearray(min(PIECE, limit + 1)))
        while count := self.readinto(piece):
            content += piece[:count]
            if len(content) > limit:
                raise ApiError(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "SIZE_INVALID", f"the body is larger than {limit} bytes"
                )
        return bytes(content)

    def drain(self, seconds: float) -> bool:
        """Read on and forget it, so that the connection can be used again and a client that is still sending sees its
        answer. Whether the end was reached within ``seconds``.
        """
        if self._ended:
            return True
        deadline = time.monotonic() + seconds
        piece = memoryview(bytearray(PIECE))
        with suppress(ConnectionError, TimeoutError):
            while time.monotonic() < deadline:
                if not self.readinto(piece):
                    return True
        return False

    def _end_part(self) -> None:
        if not self._chunked:
            self._ended = True
        elif self._source.readline(3) not in (b"\r\n", b"\n"):
            raise BodyCut("a chunk is longer than announced")

    def _begin_chunk(self) -> None:
        found = _CHUNK_SIZE.match(self._source.readline(_LONGEST_LINE))
        if not found:
            raise BodyCut("a chunk has no size")
        self._left = int(found[1], 16)
        if self._left:
            return
        for _ in range(_MOST_TRAILERS):
            line = self._source.readline(_LONGEST_LINE)
            if line in (b"\r\n", b"\n"):
                self._ended = True
                return
            if not line.endswith(b"\n"):
                break
        raise BodyCut("the trailers have no end")
