"""The one way to files of the working tree, whose content anybody may have proposed.

A path is walked folder by folder from the tree's top, each opened below the one before it, and no symbolic link is
followed on the way: one could lead to any file of this machine. Only regular files are read, up to a size; what is
written gets a name that nobody else has, and then takes the place of the old file.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, BinaryIO

from pipeline_kit.errors import Failure, alternative, printable, why

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
TEMPORARY = ".pipeline-kit-new-"


def read(path: Path, limit: int, *, top: Path | None = None) -> bytes:
    """What the regular file holds, at most ``limit`` bytes. ``top`` is a folder above it: no part of the path below is
    a link; without ``top`` that goes for the file itself alone.

    Failure: ``tree.link``, ``tree.file``. OSError where it can't be read.
    """
    with opened(path, top=top) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        raise _no_file(path, top, f"has more than {limit} bytes")
    return content


def opened(path: Path, *, top: Path | None = None) -> BinaryIO:
    """The regular file, to be read; as ``read`` opens it."""
    with _parent(path, top) as folder:
        return os.fdopen(_open(path, top, os.O_RDONLY | _FILE, folder), "rb")


def appended(path: Path, *, top: Path | None = None) -> BinaryIO:
    """The regular file, to be written to at its end, without a buffer; made where there is none."""
    with _parent(path, top, make=True) as folder:
        handle = _open(path, top, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _FILE, folder)
        return os.fdopen(handle, "wb", buffering=0)


def fresh(path: Path, *, top: Path | None = None) -> BinaryIO:
    """A new file, to be written; what was there is removed, and a link is not followed."""
    with _parent(path, top, make=True) as folder:
        with suppress(FileNotFoundError):
            os.unlink(path.name, dir_fd=folder)
        return os.fdopen(os.open(path.name, _NEW, 0o666, dir_fd=folder), "wb", buffering=0)


def write(path: Path, content: bytes, *, top: Path | None = None, sync: bool = False) -> None:
    """Have the file hold ``content``: a reader, and a run that is cut off, sees the old one or the new one, never a
    part. ``sync`` waits until the disk has it.
    """
    with replaced(path, top=top) as file:
        file.write(content)
        if sync:
            file.flush()
            os.fsync(file.fileno())


@contextmanager
def replaced(path: Path, *, top: Path | None = None, scratch: Path | None = None) -> Iterator[BinaryIO]:
    """A file that takes the place of the one at ``path``, with its mode, when the block ends well. Until then it is in
    ``scratch``, a folder of the same file system, or beside ``path``.
    """
    name = f"{TEMPORARY}{os.urandom(8).hex()}"
    with _parent(path, top, make=True) as folder:
        _refuse_other(path, top, folder)
        place = folder if scratch is None else os.open(scratch, _FOLDER)
        try:
            with os.fdopen(os.open(name, _NEW, 0o666, dir_fd=place), "wb") as file:
                with suppress(FileNotFoundError):
                    os.fchmod(file.fileno(), os.stat(path.name, dir_fd=folder, follow_symlinks=False).st_mode & 0o777)
                yield file
            os.replace(name, path.name, src_dir_fd=place, dst_dir_fd=folder)
        except BaseException:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=place)
            raise
        finally:
            if place != folder:
                os.close(place)


def folder(path: Path, *, top: Path) -> Path:
    """``path``, made where it is missing, with those above it."""
    with _parent(path / "_", top, make=True):
        return path


def remove(path: Path, *, top: Path | None = None) -> None:
    """Have no file at ``path``; of a link the link itself goes."""
    with suppress(FileNotFoundError), _parent(path, top) as folder:
        os.unlink(path.name, dir_fd=folder)


def tidy(path: Path, *, unfinished: bool) -> None:
    """Remove from the folder what is neither a folder nor a regular file, since whoever takes it as a whole follows
    links. ``unfinished``: also the new files that a killed run did not finish; for who knows that no other run is.
    """
    with suppress(OSError):
        for _, folders, files, handle in os.fwalk(path, follow_symlinks=False):
            for name in (*folders, *files):
                with suppress(OSError):
                    mode = os.stat(name, dir_fd=handle, follow_symlinks=False).st_mode
                    left = unfinished and name.startswith(TEMPORARY)
                    if not stat.S_ISDIR(mode) and (left or not stat.S_ISREG(mode)):
                        os.unlink(name, dir_fd=handle)


@contextmanager
def _parent(path: Path, top: Path | None, *, make: bool = False) -> Iterator[int]:
    """The folder that ``path`` is in, reached from ``top`` without a link."""
    top = path.parent if top is None else top
    parts = path.relative_to(top).parts[:-1]
    if ".." in path.relative_to(top).parts:
        raise _no_file(path, top, "leads out of its folder")
    if make and not parts:
        top.mkdir(parents=True, exist_ok=True)
    handle = os.open(top, _FOLDER)
    try:
        for number, part in enumerate(parts):
            inner = _enter(handle, part, top.joinpath(*parts[: number + 1]), top, make=make)
            os.close(handle)
            handle = inner
        yield handle
    except OSError as error:
        # The system was given a name in its folder alone; a person needs to know which folder.
        if error.filename in (*parts, path.name) or str(error.filename).startswith(TEMPORARY):
            error.filename = str(path)
        raise
    finally:
        os.close(handle)


def _enter(handle: int, part: str, shown: Path, top: Path, *, make: bool) -> int:
    if make:
        with suppress(FileExistsError):
            os.mkdir(part, dir_fd=handle)
    try:
        return os.open(part, _FOLDER | os.O_NOFOLLOW, dir_fd=handle)
    except NotADirectoryError:
        if stat.S_ISLNK(os.stat(part, dir_fd=handle, follow_symlinks=False).st_mode):
            raise link(shown, top) from None
        raise


def _open(path: Path, top: Path | None, flags: int, folder: int) -> int:
    try:
        handle = os.open(path.name, flags, 0o666, dir_fd=folder)
    except OSError:
        _refuse_other(path, top, folder)
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _no_file(path, top, "is no regular file")
    return handle


def _refuse_other(path: Path, top: Path | None, folder: int) -> None:
    """Refuse a link, and what is no regular file, by name."""
    try:
        mode = os.stat(path.name, dir_fd=folder, follow_symlinks=False).st_mode
    except OSError:
        return
    if stat.S_ISLNK(mode):
        raise link(path, top)
    if not stat.S_ISREG(mode):
        raise _no_file(path, top, "is no regular file")


def _shown(path: Path, top: Path | None) -> str:
    return printable(str(path.relative_to(top) if top and path.is_relative_to(top) else path))


def link(path: Path, top: Path | None) -> Failure:
    """The failure of a path that is a symbolic link."""
    return Failure(
        "tree.link",
        f"{_shown(path, top)} is a symbolic link",
        why("It could lead to any file of this machine, so links in a working tree are not followed."),
        alternative("put the file or folder itself in its place"),
    )


def _no_file(path: Path, top: Path | None, what: str) -> Failure:
    return Failure("tree.file", f"{_shown(path, top)} {what}", why("Only regular files of a moderate size are read."))
