"""The files in a tar archive, read in place: nothing is extracted, so a hostile name or link leads nowhere."""

from __future__ import annotations

import posixpath
import tarfile
from typing import TYPE_CHECKING, BinaryIO, Self

from pipeline_kit.errors import Failure, why

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MOST_MEMBERS = 65_536
_REGULAR = (tarfile.REGTYPE, tarfile.AREGTYPE)
_LINKS = (tarfile.SYMTYPE, tarfile.LNKTYPE)


class TarMembers:
    """The regular files of an uncompressed archive by their names; of two with one name the later one counts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO = path.open("rb")
        try:
            self._members = self._read()
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def __contains__(self, name: str) -> bool:
        return name in self._members

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def size(self, name: str) -> int:
        """Bytes of a file. Failure ``layout.archive`` if it isn't there."""
        return self._member(name).size

    def content(self, name: str, limit: int) -> bytes:
        """A small file, of at most ``limit`` bytes."""
        if self.size(name) > limit:
            raise self.broken(f"{name} has {self.size(name)} bytes")
        return b"".join(self.blocks(name, limit + 1))

    def blocks(self, name: str, block_size: int) -> Iterator[bytes]:
        """A file piece by piece, each of ``block_size`` bytes but the last."""
        member = self._member(name)
        for start in range(0, member.size, block_size):
            self._file.seek(member.offset_data + start)
            wanted = min(block_size, member.size - start)
            block = self._file.read(wanted)
            if len(block) < wanted:
                raise self.broken(f"It ends in the middle of {name}")
            yield block

    def broken(self, reason: str) -> Failure:
        """The failure of this archive."""
        return Failure("layout.archive", f"{self._path.name} can't be read as an image", why(f"{reason}."))

    def _read(self) -> dict[str, tarfile.TarInfo]:
        members: dict[str, tarfile.TarInfo] = {}
        try:
            with tarfile.open(fileobj=self._file, mode="r:") as archive:
                for member in archive:
                    members[posixpath.normpath(member.name)] = member
                    if len(members) > _MOST_MEMBERS:
                        raise self.broken(f"It has more than {_MOST_MEMBERS} files")
        except tarfile.TarError as error:
            raise self.broken(f"It is no tar archive: {error}") from error
        return members

    def _member(self, name: str) -> tarfile.TarInfo:
        """The file ``name``, or what it links to: older engines store a layer once and link to it."""
        member = self._members.get(name)
        if member and member.type in _LINKS:
            base = posixpath.dirname(name) if member.type == tarfile.SYMTYPE else ""
            member = self._members.get(posixpath.normpath(posixpath.join(base, member.linkname)))
        if member is None or member.type not in _REGULAR or member.sparse:
            raise self.broken(f"{name} is missing or not a regular file")
        return member
