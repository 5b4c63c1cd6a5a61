"""Whether the package database of an image was kept by its package manager, layer by layer.

A scanner reads the database of the uppermost layer and asks for no files. So a layer that takes a package out of it, or
gives it another version, must have removed or replaced the package's files.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from pipeline_kit.errors import printable
from pipeline_kit.oci.package_files import DPKG, is_in, mark, plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pipeline_kit.oci.package_files import PackageFiles

_LISTS = "var/lib/dpkg/info"
_SHOWN = 3


def doubts(layers: Iterable[PackageFiles]) -> tuple[str, ...]:
    """Why the database of an image with these layers, the lowest first, can't be believed."""
    image = _Image()
    for layer in layers:
        image.add(layer)
    return (*dict.fromkeys(image.doubts), *image.orphans())


class _Image:
    def __init__(self) -> None:
        self.doubts: list[str] = []
        self._databases: dict[str, dict[str, str]] = {}
        self._files: dict[str, list[str]] = {}
        self._existing: set[int] = set()
        self._mentioned: set[str] = set()

    def add(self, layer: PackageFiles) -> None:
        if not layer.sound:
            self.doubts.append("a layer can't be read as a tar file, so nobody knows what it does to the packages")
        left: list[str] = []
        marks, gone = set(layer.paths), {plain(path) for path in layer.removed}
        for path, before in self._databases.items():
            if path in layer.packages:
                after = layer.packages[path]
            elif any(is_in(link, path) for link in layer.links) and before:
                self.doubts.append(f"a layer puts a link in the place of {path}")
                continue
            elif any(is_in(folder, path) for folder in layer.removed):
                after = {}
            else:
                continue
            changed = [name for name, version in before.items() if after.get(name) != version]
            left += [name for name in changed if self._are_left(name, layer, marks, gone)]
            self._databases[path] = after
        if left:
            self.doubts.append(f"a layer changes {_some(left)} in the package database, and leaves the files")
        self._take_over(layer)

    def orphans(self) -> tuple[str, ...]:
        """Packages of dpkg that have files and no entry, in any of the image's databases: it may have several."""
        known = self._mentioned.union(*self._databases.values())
        unknown = sorted(set(self._files) - known) if DPKG in self._databases else []
        return (f"the package database of dpkg lacks {_some(unknown)}, whose files are listed",) if unknown else ()

    def _are_left(self, name: str, layer: PackageFiles, marks: set[int], gone: set[str]) -> bool:
        """Whether most files of a package are neither replaced nor removed, or nobody knows which it has."""
        if name not in self._files:
            # Some bases leave the lists out; whoever installs the package again writes its own.
            brought = [mark(path) in marks for path in layer.files.get(name, ())]
            return 2 * sum(brought) < len(brought) or not brought
        own = [path for path in self._files[name] if mark(path) in self._existing]
        touched = sum(mark(path) in marks or _is_gone(plain(path), gone) for path in own)
        return bool(own) and 2 * touched < len(own)

    def _take_over(self, layer: PackageFiles) -> None:
        for name in [name for name in self._files if _list_is_gone(name, layer.removed)]:
            del self._files[name]
        self._databases |= layer.packages
        if DPKG in layer.packages:
            self._mentioned = set()
        self._mentioned |= set(layer.mentioned) | {name for path in layer.packages.values() for name in path}
        self._files |= layer.files
        self._existing |= set(layer.paths)


def _is_gone(path: str, gone: set[str]) -> bool:
    """Whether a path or a folder that it is in was removed."""
    while path and path not in gone:
        path = posixpath.dirname(path)
    return bool(path)


def _list_is_gone(name: str, removed: Sequence[str]) -> bool:
    return any(
        is_in(gone, _LISTS) or re.fullmatch(rf"{_LISTS}/{re.escape(name)}(:[^:/]*)?\.list", gone) for gone in removed
    )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name)[:60] for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
