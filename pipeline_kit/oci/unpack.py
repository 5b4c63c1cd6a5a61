"""Layers unpacked piece by piece, in memory that does not grow with them."""

from __future__ import annotations

import importlib
import zlib
from typing import TYPE_CHECKING, Any, Protocol

from pipeline_kit.errors import Failure, fix, why

if TYPE_CHECKING:
    from collections.abc import Iterator

# A piece of gzip can unpack to a thousand times its size: it is given out in parts of this many bytes.
_PART = 1 << 20
_GZIP = b"\x1f\x8b"
_ZSTD = b"\x28\xb5\x2f\xfd"


class Unpacker(Protocol):
    """Gives, for the pieces of a stored layer in their order, the pieces of its tar file."""

    @property
    def finished(self) -> bool:
        """Whether the layer may end here."""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """What ``piece`` brings; ValueError if it is not in the format."""


def unpacker(start: bytes) -> Unpacker:
    """What unpacks a layer that begins with ``start``: the bytes decide, since engines go by them and not by the media
    type. Failure ``layout.zstd`` where this Python has no zstd.
    """
    if start.startswith(_GZIP):
        return _Gzip()
    if start.startswith(_ZSTD):
        return _Zstd()
    return _Plain()


class _Plain:
    finished = True

    def feed(self, piece: bytes) -> Iterator[bytes]:
        yield piece


class _Gzip:
    """Several members may follow each other, as in layers that can be read lazily."""

    def __init__(self) -> None:
        self._member: Any = None

    @property
    def finished(self) -> bool:
        return self._member is None

    def feed(self, piece: bytes) -> Iterator[bytes]:
        full = False
        while piece or full:
            if self._member is None:
                self._member = zlib.decompressobj(wbits=31)
            try:
                part = self._member.decompress(piece, _PART)
            except zlib.error as error:
                raise ValueError(str(error)) from error
            yield part
            piece, full = self._member.unconsumed_tail, len(part) == _PART
            if self._member.eof:
                piece, full, self._member = self._member.unused_data, False, None


class _Zstd:
    """Frames, one after the other."""

    def __init__(self) -> None:
        self._module = _zstd_module()
        self._frame: Any = None

    @property
    def finished(self) -> bool:
        return self._frame is None

    def feed(self, piece: bytes) -> Iterator[bytes]:
        full = False
        while piece or full:
            if self._frame is None:
                self._frame = self._module.ZstdDecompressor()
            try:
                yield self._frame.decompress(piece, _PART)
            except self._module.ZstdError as error:
                raise ValueError(str(error)) from error
            piece, full = b"", not self._frame.needs_input
            if self._frame.eof:
                piece, full, self._frame = self._frame.unused_data, False, None


def _zstd_module() -> Any:
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise Failure(
        "layout.zstd",
        "a layer is compressed with zstd",
        why("Python reads zstd since 3.14, and with the package backports.zstd before that. Neither is here."),
        fix("pip install backports.zstd"),
    )
