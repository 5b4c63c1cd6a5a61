"""What is in a layer's tar file, told while it is unpacked for its hash: no second pass, nothing is extracted."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK = 512
_LARGEST_KEPT = 64 << 20
_REGULAR, _LONG_NAME, _LONG_LINK, _PAX, _SPARSE = b"0", b"L", b"K", b"x", b"S"


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a tar file. ``kind`` is its letter (``0`` a file, ``2`` a link, ``5`` a folder); ``content`` is b''
    where it was not wanted.
    """

    name: str
    kind: str
    content: bytes = b""


class TarWalk:
    """``wants`` says by name which files' contents are needed, ``tell`` gets each member. ``sound`` is false once the
    file is none that can be followed.
    """

    def __init__(self, wants: Callable[[str], bool], tell: Callable[[Member], None]) -> None:
        self.sound = True
        self._wants = wants
        self._tell = tell
        self._ended = False
        self._skip = 0
        self._need = _BLOCK
        self._held = bytearray()
        self._member: tuple[str, bytes, int] | None = None
        self._pax: dict[str, str] = {}

    def feed(self, part: bytes) -> None:
        """Go on with the next bytes."""
        position = 0
        while position < len(part) and self.sound and not self._ended:
            if self._skip:
                step = min(self._skip, len(part) - position)
                self._skip -= step
                position += step
                continue
            taken = part[position : position + self._need - len(self._held)]
            self._held += taken
            position += len(taken)
            if len(self._held) == self._need:
                content, self._held = bytes(self._held), bytearray()
                try:
                    self._content(content) if self._member else self._header(content)
                except (ValueError, IndexError):
                    self.sound = False

    def _header(self, block: bytes) -> None:
        if not any(block):
            self._ended = True
            return
        kind = block[156:157].replace(b"\0", _REGULAR)
        size = int(self._pax.get("size", "0")) or _number(block[124:136])
        name = self._pax.get("path") or _name(block)
        if kind in (_LONG_NAME, _LONG_LINK, _PAX):
            self._hold(name, kind, size)
            return
        self._pax = {}
        name = posixpath.normpath(f"/{name}").lstrip("/")
        self._skip = _padded(0 if kind in b"123456" else size) + (_BLOCK if kind == _SPARSE and block[482] else 0)
        if kind == _REGULAR and size and self._wants(name):
            self._skip = 0
            self._hold(name, kind, size)
        else:
            self._tell(Member(name, kind.decode("latin-1")))

    def _hold(self, name: str, kind: bytes, size: int) -> None:
        if size > _LARGEST_KEPT:
            raise ValueError(f"{name} has {size} bytes")
        if not size:
            return
        self._member, self._need = (name, kind, size), _padded(size)

    def _content(self, content: bytes) -> None:
        name, kind, size = self._member or ("", b"", 0)
        self._member, self._need = None, _BLOCK
        content = content[:size]
        if kind == _PAX:
            self._pax |= dict(_pax_records(content))
        elif kind == _LONG_NAME:
            self._pax["path"] = _text(content)
        elif kind == _REGULAR:
            self._tell(Member(name, "0", content))


def _pax_records(content: bytes) -> list[tuple[str, str]]:
    records = []
    while content:
        length = int(content[: content.index(b" ")])
        if length < 5:
            raise ValueError("a record without a length")
        key, _, value = content[content.index(b" ") + 1 : length - 1].partition(b"=")
        records.append((_text(key), _text(value)))
        content = content[length:]
    return records


def _name(block: bytes) -> str:
    prefix = _text(block[345:500]) if block[257:263] == b"ustar\0" else ""
    return f"{prefix}/{_text(block[:100])}" if prefix else _text(block[:100])


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        return int.from_bytes(field, "big") & ((1 << 95) - 1)
    return int(field.strip(b" \0") or b"0", 8)


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
