"""Cargo's workspaces: which packages take their version from which file, and where the lock file repeats it."""

from __future__ import annotations

import posixpath
import re
import tomllib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MANIFEST = "Cargo.toml"
_ENTRY = re.compile(
    r'^\[\[package\]\]\r?\nname = "(?P<name>[^"\r\n]*)"\r?\nversion = "(?P<version>[^"\r\n]*)"(?!\r?\nsource = )',
    re.MULTILINE,
)
# Cargo adds the version to a dependency's name where the lock has several of that name.
_DEPENDENCY = re.compile(r'^ "(?P<name>[^"\s]+) (?P<version>[^"\s]+)"(?=,?\r?$)', re.MULTILINE)


def inherits(text: str) -> bool:
    """Whether the package of this manifest takes its version from its workspace."""
    return _inherits(_read(text))


def written(text: str) -> tuple[str, bool]:
    """The version that a release writes over, and whether it is the workspace's; '' where there is none."""
    read = _read(text)
    for holder, shared in ((_table(read, "package"), False), (_table(read, "workspace", "package"), True)):
        if isinstance(version := holder.get("version"), str):
            return version, shared
    return "", False


def workspace_of(path: str, manifests: Mapping[str, str]) -> str:
    """The manifest of the workspace that the one at ``path`` belongs to, of ``manifests``: texts by path from the
    repository's top. '' where none is there.
    """
    return _workspace_of(path, {one: _read(text) for one, text in manifests.items()})


def names(path: str, manifests: Mapping[str, str]) -> tuple[str, ...]:
    """The packages whose version the manifest at ``path`` holds: its own, or all that inherit from this workspace."""
    read = {one: _read(text) for one, text in manifests.items()}
    if not written(manifests[path])[1]:
        found = [_table(read[path], "package").get("name")]
    else:
        heirs = [one for one, manifest in read.items() if _inherits(manifest) and _workspace_of(one, read) == path]
        found = [_table(read[one], "package").get("name") for one in heirs]
    return tuple(name for name in found if isinstance(name, str))


def with_version(lock: str, packages: Iterable[str], old: str, new: str) -> str:
    """The lock file's text with the version ``new`` for those ``packages`` of this repository; ``old`` tells apart two
    of one name.
    """
    entries: dict[str, list[re.Match[str]]] = {name: [] for name in packages}
    for match in _ENTRY.finditer(lock):
        if match["name"] in entries:
            entries[match["name"]].append(match)
    chosen = []
    for found in entries.values():
        same = found if len(found) == 1 else [match for match in found if match["version"] == old]
        chosen.extend(same if len(same) == 1 else [])
    known = {(match["name"], match["version"]) for match in chosen}
    spans = [match.span("version") for match in chosen]
    spans += [one.span("version") for one in _DEPENDENCY.finditer(lock) if (one["name"], one["version"]) in known]
    for start, end in sorted(spans, reverse=True):
        lock = lock[:start] + new + lock[end:]
    return lock


def _workspace_of(path: str, manifests: Mapping[str, Any]) -> str:
    folder = posixpath.dirname(path)
    manifest = manifests.get(path, {})
    if isinstance(named := _table(manifest, "package").get("workspace"), str):
        return _manifest(posixpath.normpath(posixpath.join(folder, named)))
    above = folder
    while True:
        candidate = _manifest(above)
        workspace = manifests.get(candidate, {}).get("workspace")
        if isinstance(workspace, dict) and not _excluded(workspace, above, folder):
            return candidate
        if not above:
            return ""
        above = posixpath.dirname(above)


def _excluded(workspace: dict[str, Any], root: str, folder: str) -> bool:
    """Whether the workspace leaves the folder away. A member that is named is one, also below what is excluded."""

    def holds(key: str) -> bool:
        listed = workspace.get(key)
        paths = [one for one in listed if isinstance(one, str)] if isinstance(listed, list) else []
        tops = [posixpath.normpath(posixpath.join(root, one)) for one in paths]
        return any(folder == top or folder.startswith(f"{top}/") for top in tops)

    return holds("exclude") and not holds("members")


def _manifest(folder: str) -> str:
    return MANIFEST if folder in ("", ".") else posixpath.join(folder, MANIFEST)


def _inherits(manifest: Any) -> bool:
    version = _table(manifest, "package").get("version")
    return isinstance(version, dict) and version.get("workspace") is True


def _table(value: Any, *where: str) -> dict[str, Any]:
    for key in where:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _read(text: str) -> dict[str, Any]:
    """The manifest; an empty one for what is no TOML, which is no package of Cargo's either."""
    try:
        return tomllib.loads(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}
