"""How much of the working tree the commit lacks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pipeline_kit import tree
from pipeline_kit.errors import Failure

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.git.repository import Git
    from pipeline_kit.git.settings import Settings

_STATUS = ("status", "--porcelain=v2", "-z", "--ignore-submodules=dirty", "--no-renames")
# An ordinary entry: changed in the working tree alone, with the blob that the index has.
_CHANGED = r"(?s)1 \.M \S+ \S+ \S+ \S+ \S+ ([0-9a-f]+) (.+)"
_CHUNK = 1 << 20
_MOST_PATHS = 500


class _Entry(NamedTuple):
    path: str
    blob: str


def changed(git: Git, settings: Settings, *, untracked: bool = True) -> int:
    """Changed files; those that git does not track yet are counted too, since a build may take them in, unless
    ``untracked`` is false.

    Git compares a file whose times are new by content, through its filter. No filter runs here, so those files are
    compared in another way.
    """
    out = git.call(*_STATUS, f"--untracked-files={'normal' if untracked else 'no'}").checked("git.broke").stdout
    entries = [entry for entry in out.decode("utf-8", "surrogateescape").split("\0") if entry]
    if not settings.filters:
        return len(entries)
    found = [_Entry(match[2], match[1]) for entry in entries if (match := re.fullmatch(_CHANGED, entry))]
    return len(entries) - (_unchanged(git, settings, found) if found else 0)


def _unchanged(git: Git, settings: Settings, entries: list[_Entry]) -> int:
    """How many of the entries have a filter, and are as they were checked out."""
    top = git.top()
    filters = _filters(git, top, entries)
    filtered = [entry for entry in entries if filters.get(entry.path) in settings.filters]
    times = _index_times(git, [entry.path for entry in filtered if filters[entry.path] != "lfs"])
    return sum(
        _is_pointed_at(top / entry.path, entry.blob, top)
        if filters[entry.path] == "lfs"
        else _time(top / entry.path) == times.get(entry.path)
        for entry in filtered
    )


def _filters(git: Git, top: Path, entries: list[_Entry]) -> dict[str, str]:
    """The filter of each path."""
    paths = "".join(f"{entry.path}\0" for entry in entries).encode("utf-8", "surrogateescape")
    out = git.call("-C", str(top), "check-attr", "-z", "--stdin", "filter", stdin=paths).checked("git.broke").stdout
    fields = out.decode("utf-8", "surrogateescape").split("\0")
    return dict(zip(fields[::3], fields[2::3], strict=False))


def _is_pointed_at(path: Path, blob: str, top: Path) -> bool:
    """Whether a file is the one that git-lfs's pointer names: the pointer is made from the file, and has to be the
    index's blob (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md).
    """
    import hashlib

    content, size = hashlib.sha256(), 0
    try:
        with tree.opened(path, top=top) as file:
            while chunk := file.read(_CHUNK):
                content.update(chunk)
                size += len(chunk)
    except (OSError, Failure):
        return False
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{content.hexdigest()}\nsize {size}\n".encode()
    hashed = hashlib.new("sha256" if len(blob) == 64 else "sha1", usedforsecurity=False)
    hashed.update(f"blob {len(pointer)}\0".encode() + pointer)
    return hashed.hexdigest() == blob


def _index_times(git: Git, paths: list[str]) -> dict[str, int]:
    """When each file was last changed, as the index has it, in nanoseconds since 1970. Too many are not asked for."""
    if not paths or len(paths) > _MOST_PATHS:
        return {}
    literal = [f":(literal,top){path}" for path in paths]
    out = git.call("ls-files", "--debug", "-z", "--full-name", "--end-of-options", *literal).checked("git.broke").stdout
    found = re.findall(
        r"(?:\A|\n)([^\0]+)\0  ctime: \S+\n  mtime: (\d+):(\d+)\n", out.decode("utf-8", "surrogateescape")
    )
    return {path: int(seconds) * 1_000_000_000 + int(rest) for path, seconds, rest in found}


def _time(path: Path) -> int:
    try:
        return path.lstat().st_mtime_ns
    except OSError:
        return -1
