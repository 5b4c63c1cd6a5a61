"""Gzip that comes out as the same bytes each time, by several threads.

The input is cut into blocks of fixed size, each compressed with the end of the one before as dictionary, and joined to
one gzip member. So the bytes depend on the input and on zlib alone, not on the number of threads or the time.
"""

from __future__ import annotations

import hashlib
import zlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import BinaryIO

    from pipeline_kit.model.digest import Digest

# Docker's own choice: the layers come out as large as everybody knows them.
_LEVEL = 6
_WINDOW = 32 << 10
BLOCK = 1 << 20
# Deflate, no name, no time, unknown operating system (RFC 1952).
_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LAST_BLOCK = b"\x03\x00"


@dataclass(frozen=True, slots=True)
class Compressed:
    """The digests of a layer as a tar file and as stored; ``size`` is what is stored, in bytes."""

    diff_id: Digest
    digest: Digest
    size: int


def compress(blocks: Iterable[bytes], target: BinaryIO, *, workers: int) -> Compressed:
    """Write ``blocks``, each of ``BLOCK`` bytes but the last, to ``target`` as gzip."""
    unpacked, stored = hashlib.sha256(), hashlib.sha256()
    checksum = length = size = 0

    def write(piece: bytes) -> None:
        nonlocal size
        stored.update(piece)
        target.write(piece)
        size += len(piece)

    write(_HEADER)
    with ThreadPoolExecutor(workers) as pool:
        pending: deque[Future[bytes]] = deque()
        dictionary = b""
        for block in blocks:
            unpacked.update(block)
            checksum = zlib.crc32(block, checksum)
            length += len(block)
            pending.append(pool.submit(_deflate, block, dictionary))
            dictionary = block[-_WINDOW:]
            if len(pending) > 2 * workers:
                write(pending.popleft().result())
        while pending:
            write(pending.popleft().result())
    write(_LAST_BLOCK)
    write(checksum.to_bytes(4, "little") + (length % (1 << 32)).to_bytes(4, "little"))
    return Compressed(f"sha256:{unpacked.hexdigest()}", f"sha256:{stored.hexdigest()}", size)


def _deflate(block: bytes, dictionary: bytes) -> bytes:
    compressor = zlib.compressobj(
        _LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_DEFAULT_STRATEGY, dictionary
    )
    return compressor.compress(block) + compressor.flush(zlib.Z_SYNC_FLUSH)
