"""Writes a bbolt file (version 2), the embedded key-value store of Trivy's database, in one go.

https://github.com/etcd-io/bbolt: pages of 4096 bytes, two of them meta pages, one the list of free pages, then a B+tree
for every bucket, children before parents. A bucket is a dict, a value is bytes.
"""

from __future__ import annotations

import struct
from typing import TypeAlias

Bucket: TypeAlias = "dict[bytes, bytes | Bucket]"

_PAGE = 4096
_BRANCH, _LEAF, _META, _FREELIST = 0x01, 0x02, 0x04, 0x10
_MAGIC, _VERSION = 0xED0CDAED, 2
_FIRST_FREE = 3  # after the meta pages 0 and 1 and the free list
_IS_BUCKET = 1
# id, flags, count of elements, further pages that it runs on to
_PAGE_HEADER = struct.Struct("<QHHI")
# flags, position from this element on, length of the key, length of the value
_LEAF_ELEMENT = struct.Struct("<IIII")
# position from this element on, length of the key, page
_BRANCH_ELEMENT = struct.Struct("<IIQ")
# page of the root (0: the leaf page follows inline), sequence
_BUCKET_HEADER = struct.Struct("<QQ")
# magic, version, page size, flags, root bucket (2), page of the free list, first page never used, transaction
_META_CONTENT = struct.Struct("<IIIIQQQQQ")


def encode(root: Bucket) -> bytes:
    """The file whose buckets are ``root``'s."""
    pages: list[bytes] = []
    top = _tree(root, pages)
    meta = [_meta_page(number, top, _FIRST_FREE + _count(pages)) for number in (0, 1)]
    freelist = _page(2, _FREELIST, 0, b"")
    return b"".join([*meta, freelist, *pages])


def _count(pages: list[bytes]) -> int:
    return sum(map(len, pages)) // _PAGE


def _page(number: int, flags: int, count: int, body: bytes) -> bytes:
    """A page, or as many as its body needs."""
    size = -(-(_PAGE_HEADER.size + len(body)) // _PAGE)
    return (_PAGE_HEADER.pack(number, flags, count, size - 1) + body).ljust(size * _PAGE, b"\0")


def _meta_page(number: int, root: int, end: int) -> bytes:
    content = _META_CONTENT.pack(_MAGIC, _VERSION, _PAGE, 0, root, 0, 2, end, number)
    return _page(number, _META, 0, content + struct.pack("<Q", _fnv1a(content)))


def _fnv1a(content: bytes) -> int:
    """The 64-bit FNV-1a hash."""
    hashed = 0xCBF29CE484222325
    for byte in content:
        hashed = ((hashed ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return hashed


def _append(pages: list[bytes], flags: int, count: int, body: bytes) -> int:
    number = _FIRST_FREE + _count(pages)
    pages.append(_page(number, flags, count, body))
    return number


def _bucket(bucket: Bucket, pages: list[bytes]) -> bytes:
    """What a bucket's parent keeps of it. A small one without buckets inside has to be inline, as bbolt writes it."""
    values = [(key, value) for key, value in sorted(bucket.items()) if isinstance(value, bytes)]
    size = _PAGE_HEADER.size + sum(_LEAF_ELEMENT.size + len(key) + len(value) for key, value in values)
    if len(values) == len(bucket) and size <= _PAGE // 4:
        leaf = _leaf([(0, key, value) for key, value in values])
        return _BUCKET_HEADER.pack(0, 0) + _PAGE_HEADER.pack(0, _LEAF, len(values), 0) + leaf
    return _BUCKET_HEADER.pack(_tree(bucket, pages), 0)


def _tree(bucket: Bucket, pages: list[bytes]) -> int:
    """Append the B+tree of ``bucket``; the page of its root."""
    elements = [
        (0, key, value) if isinstance(value, bytes) else (_IS_BUCKET, key, _bucket(value, pages))
        for key, value in sorted(bucket.items())
    ]
    level = []
    for group in _groups([(_LEAF_ELEMENT.size + len(key) + len(value)) for _, key, value in elements]):
        part = elements[group]
        level.append((part[0][1] if part else b"", _append(pages, _LEAF, len(part), _leaf(part))))
    while len(level) > 1:
        children, level = level, []
        for group in _groups([_BRANCH_ELEMENT.size + len(key) for key, _ in children]):
            nodes = children[group]
            level.append((nodes[0][0], _append(pages, _BRANCH, len(nodes), _branch(nodes))))
    return level[0][1]


def _groups(sizes: list[int]) -> list[slice]:
    """Neighbours that fit into one page together; at least one slice, and an element that is too large on its own."""
    starts, used = [0], 0
    for index, size in enumerate(sizes):
        if used and used + size > _PAGE - _PAGE_HEADER.size:
            starts.append(index)
            used = 0
        used += size
    return [slice(start, end) for start, end in zip(starts, [*starts[1:], len(sizes)], strict=True)]


def _leaf(elements: list[tuple[int, bytes, bytes]]) -> bytes:
    heads, data = bytearray(), bytearray()
    for index, (flags, key, value) in enumerate(elements):
        position = (len(elements) - index) * _LEAF_ELEMENT.size + len(data)
        heads += _LEAF_ELEMENT.pack(flags, position, len(key), len(value))
        data += key + value
    return bytes(heads + data)


def _branch(nodes: list[tuple[bytes, int]]) -> bytes:
    heads, data = bytearray(), bytearray()
    for index, (key, page) in enumerate(nodes):
        position = (len(nodes) - index) * _BRANCH_ELEMENT.size + len(data)
        heads += _BRANCH_ELEMENT.pack(position, len(key), page)
        data += key
    return bytes(heads + data)
