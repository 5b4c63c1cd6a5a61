"""What is in a layer's tar file, told while it is unpacked for its hash: no second pass, nothing is extracted."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCK = 512
_LARGEST_KEPT = 64 << 20
_REGULAR, _LONG_NAME, _LONG_LINK, _PAX, _SPARSE = b"0", b"L", b"K", b"x", b"S"
_DIGITS = re.compile(rb"[0-7]*")


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
    file is none that can be followed, or one that engines may read in another way: a member that two headers name, and
    a sparse file. No builder writes these into a layer.
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
        self._before = b""

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
        if kind in (_LONG_NAME, _LONG_LINK, _PAX):
            if self._before and (_PAX in self._before + kind or kind in self._before):
                raise ValueError("a member with two names")
            self._before += kind
            self._hold("", kind, _number(block[124:136]))
            return
        if kind == b"g" and self._before:
            raise ValueError("two kinds of extended headers")
        if kind == _SPARSE or block[508:] == b"tar\0" or any(key.startswith("GNU.sparse.") for key in self._pax):
            raise ValueError("a sparse file, or a header of star's")
        size = _decimal(self._pax["size"]) if self._pax.get("size") else _number(block[124:136])
        name = self._pax.get("path") or _name(block)
        self._pax, self._before = {}, b""
        name = posixpath.normpath(f"/{name}").lstrip("/")
        self._skip = 0 if kind in b"123456" else _padded(size)
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
    magic = block[257:265]
    prefixed = magic.startswith(b"ustar\0")
    if magic == b"ustar  \0":
        # Times, in GNU's format; Docker of 2017 and before wrote the start of long names there, as Go still reads it.
        try:
            _number(block[345:357])
            _number(block[357:369])
        except ValueError:
            prefixed = True
    prefix = _text(block[345:500]) if prefixed else ""
    return f"{prefix}/{_text(block[:100])}" if prefix else _text(block[:100])


def _text(field: bytes) -> str:
    return field.partition(b"\0")[0].decode("utf-8", "surrogateescape")


def _number(field: bytes) -> int:
    if field[0] & 0x80:
        number = int.from_bytes(field, "big") & ((1 << 95) - 1)
        if number >> 63:
            raise ValueError("a size below zero, or above all")
        return number
    digits = field.strip(b" \0").partition(b"\0")[0]
    if not _DIGITS.fullmatch(digits):
        raise ValueError(f"{digits!r} is no size")
    return int(digits or b"0", 8)


def _decimal(text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ValueError(f"{text} is no size")
    return int(text)


def _padded(size: int) -> int:
    return -(-size // _BLOCK) * _BLOCK
