"""What a layer does to the package database of an image: found while the layer is unpacked for its hash."""

from __future__ import annotations

import posixpath
import re
import zlib
from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.oci.tar_walk import TarWalk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline_kit.oci.tar_walk import Member

DPKG, APK = "var/lib/dpkg/status", ("lib/apk/db/installed", "usr/lib/apk/db/installed")
_DISTROLESS, _LISTS = "var/lib/dpkg/status.d/", "var/lib/dpkg/info/"
_DATABASES = frozenset({DPKG, *APK})
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"
# Left out of slim images, or kept when a package goes.
_NOT_COUNTED = re.compile(r"(usr/)?share/(doc|man|info|locale|lintian)/|etc/|var/")


class PackageFiles(msgspec.Struct):
    """``packages`` are the installed ones with their versions, by the database's path; rpm's databases are not
    read. ``mentioned`` are all that dpkg knows of; ``files`` what a package consists of. ``removed`` are the paths that
    this layer takes away, ``links`` those of a database that it makes a link. ``paths`` are the hashes of what it has,
    where it touches a database.
    """

    packages: dict[str, dict[str, str]] = {}
    mentioned: list[str] = []
    files: dict[str, list[str]] = {}
    removed: list[str] = []
    links: list[str] = []
    paths: list[int] = []
    sound: bool = True


class PackageWalk:
    """Gathers ``PackageFiles`` of the tar file that it is fed."""

    def __init__(self) -> None:
        self._found = PackageFiles()
        self._walk = TarWalk(_wanted, self._member)
        self._paths: set[int] = set()
        self.feed = self._walk.feed

    def found(self) -> PackageFiles:
        """What was found, at the end."""
        touches = self._found.packages or self._found.removed or self._found.links
        self._found.paths = sorted(self._paths) if touches else []
        self._found.sound = self._walk.sound
        return self._found

    def _member(self, member: Member) -> None:
        folder, name = posixpath.split(member.name)
        if name.startswith(_WHITEOUT):
            gone = folder if name == _OPAQUE else posixpath.join(folder, name.removeprefix(_WHITEOUT))
            self._found.removed.append(gone)
            return
        if member.kind == "5":
            return
        self._paths.add(mark(member.name))
        if member.kind in "12" and any(is_in(member.name, database) for database in _DATABASES):
            self._found.links.append(member.name)
        if member.kind == "0" and _wanted(member.name):
            self._read(member)

    def _read(self, member: Member) -> None:
        text = member.content.decode("utf-8", "replace")
        name = posixpath.basename(member.name)
        if member.name in APK:
            self._found.packages[member.name] = {}
            for package, version, files in _apk(text):
                self._found.packages[member.name][package] = version
                self._found.files[package] = files
        elif member.name.endswith((".list", ".md5sums")):
            lines = (line.split("  ", 1)[-1] if name.endswith(".md5sums") else line for line in text.splitlines())
            files = [line.strip().lstrip("/") for line in lines]
            self._found.files[re.sub(r"(:[^:]*)?\.(list|md5sums)$", "", name)] = _counted(files)
        else:
            entries = list(_dpkg(text))
            self._found.packages[member.name] = {package: version for package, version, there in entries if there}
            self._found.mentioned += [package for package, _, _ in entries]


def plain(path: str) -> str:
    """A path without the folder ``usr``, which systems merge with the root."""
    return path.removeprefix("usr/")


def mark(path: str) -> int:
    """A short name of a plain path."""
    return zlib.crc32(plain(path).encode("utf-8", "surrogateescape"))


def is_in(folder: str, path: str) -> bool:
    """Whether ``path`` is ``folder`` or below it."""
    return path == folder or path.startswith(f"{folder}/")


def _wanted(name: str) -> bool:
    return (
        name == DPKG
        or name in APK
        or name.startswith(_DISTROLESS)
        or (name.startswith(_LISTS) and name.endswith(".list"))
    )


def _dpkg(text: str) -> Iterator[tuple[str, str, bool]]:
    for paragraph in re.split(r"\n\s*\n", text):
        fields = dict(re.findall(r"^(Package|Version|Status):[ \t]*(.*?)[ \t]*$", paragraph, re.MULTILINE))
        if "Package" in fields:
            status = fields.get("Status", "install ok installed").split()
            yield fields["Package"], fields.get("Version", ""), status[-1:] == ["installed"]


def _apk(text: str) -> Iterator[tuple[str, str, list[str]]]:
    for paragraph in text.split("\n\n"):
        name = version = folder = ""
        files = []
        for line in paragraph.splitlines():
            key, _, value = line.partition(":")
            if key == "P":
                name = value
            elif key == "V":
                version = value
            elif key == "F":
                folder = value
            elif key == "R":
                files.append(posixpath.join(folder, value))
        if name:
            yield name, version, _counted(files)


def _counted(files: list[str]) -> list[str]:
    folders = {posixpath.dirname(path) for path in files}
    return [path for path in files if path and path != "." and path not in folders and not _NOT_COUNTED.match(path)]
