"""Reads which buckets a bbolt file has, and nothing else of it.

Trivy answers "no findings" for a distribution that its database knows nothing of, without a word. The names of the
buckets tell; a real database has hundreds of megabytes, of which this touches a few pages.

The format, as https://github.com/etcd-io/bbolt writes it: pages of one size; a header of id u64, flags u16, count u16
and overflow u32; then elements, whose positions count from themselves. Pages 0 and 1 hold the meta data, the newer
valid one counts. A bucket's value starts with the number of its root page, 0 where its only page follows at once.
"""

from __future__ import annotations

import mmap
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_HEADER = struct.Struct("<QHHI")
_META = struct.Struct("<IIIIQQQQQQ")
_LEAF_ELEMENT = struct.Struct("<IIII")
_BRANCH_ELEMENT = struct.Struct("<IIQ")
_BUCKET = struct.Struct("<QQ")
_MAGIC, _VERSION = 0xED0CDAED, 2
_BRANCH, _LEAF, _IS_BUCKET = 1, 2, 1


def bucket_names(file: Path) -> frozenset[str]:
    """The names of the top-level buckets that are not empty; ValueError if ``file`` is no sound bbolt file."""
    with file.open("rb") as opened:
        try:
            with mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ) as content:
                page_size, root = _meta(content)
                return frozenset(_names(content, page_size, root, set()))
        except (struct.error, IndexError, UnicodeDecodeError, RecursionError) as error:
            raise ValueError(f"{file.name} is damaged: {error}") from error


def _meta(content: mmap.mmap) -> tuple[int, int]:
    # The second meta page stands one page behind the first, whose size only the first tells.
    first = _META.unpack_from(content, _HEADER.size)
    found = [first, _META.unpack_from(content, first[2] + _HEADER.size)]
    sound = [meta for meta in found if meta[0] == _MAGIC and meta[1] == _VERSION and meta[9] == _checksum(meta)]
    if not sound:
        raise ValueError("it is not a database: no valid meta page")
    newest = max(sound, key=lambda meta: meta[8])
    return newest[2], newest[4]


def _checksum(meta: tuple[int, ...]) -> int:
    """64-bit FNV-1a of everything before the checksum."""
    value = 0xCBF29CE484222325
    for byte in _META.pack(*meta)[:-8]:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def _names(content: mmap.mmap, page_size: int, page: int, seen: set[int]) -> Iterator[str]:
    if page in seen:
        raise ValueError(f"it is damaged: page {page} is reached twice")
    seen.add(page)
    start = page * page_size
    _, flags, count, _ = _HEADER.unpack_from(content, start)
    start += _HEADER.size
    if flags & _BRANCH:
        for n in range(count):
            _, _, child = _BRANCH_ELEMENT.unpack_from(content, start + n * _BRANCH_ELEMENT.size)
            yield from _names(content, page_size, child, seen)
    elif flags & _LEAF:
        for n in range(count):
            at = start + n * _LEAF_ELEMENT.size
            kind, position, key_size, _ = _LEAF_ELEMENT.unpack_from(content, at)
            value = at + position + key_size
            if kind & _IS_BUCKET and _elements(content, page_size, value):
                yield content[at + position : value].decode()
    else:
        raise ValueError(f"it is damaged: page {page} holds no elements")


def _elements(content: mmap.mmap, page_size: int, bucket: int) -> int:
    root, _ = _BUCKET.unpack_from(content, bucket)
    start = root * page_size if root else bucket + _BUCKET.size
    count: int = _HEADER.unpack_from(content, start)[2]
    return count
