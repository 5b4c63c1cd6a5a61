"""The files that hold the version, and the lock files beside them that repeat it."""

from __future__ import annotations

import shlex
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, printable, why
from pipeline_kit.release import cargo
from pipeline_kit.release.field_error import FieldError
from pipeline_kit.release.files import safe_path
from pipeline_kit.release.version_fields import locks_of, updated, updated_lock

if TYPE_CHECKING:
    from pipeline_kit.release.files import Files

_LARGEST_MANIFEST = 1 << 20


def set_version(files: Files, asked: str, folder: str, version: str) -> None:
    """Write the version into the file that was asked for, ``PATH`` or ``PATH:WHERE``, from ``folder``, and into its
    lock files.
    """
    written, _, key = asked.partition(":")
    path = safe_path(written, folder)
    text = files.text(path)
    if text is None:
        raise files.no_file(path)
    try:
        files.write(path, updated(path, key, text, version))
        for lock in locks_of(path):
            if (held := files.text(lock)) is not None:
                files.write(lock, _lock(files, path, text, lock, held, version))
    except FieldError as error:
        ways = [] if key else _ways(files, path, folder, text, error)
        raise Failure(
            "bump.file",
            f"the version can't be written into {printable(path)}",
            why(f"{printable(str(error))[:400]}.".replace("..", ".")),
            *(alternative(way) for way in ways),
            done="nothing was written",
        ) from None


def _lock(files: Files, path: str, before: str, lock: str, held: str, version: str) -> str:
    """The text of the lock file beside ``path``, whose text was ``before``."""
    if not _is_cargos(path):
        return updated_lock(lock, held, before, version)
    old, shared = cargo.written(before)
    manifests = _manifests(files) if shared else {path: before}
    return cargo.with_version(held, cargo.names(path, manifests), old, version)


def _ways(files: Files, path: str, folder: str, text: str, error: FieldError) -> tuple[str, ...]:
    """What to do where the version can't be written."""
    if not (_is_cargos(path) and cargo.inherits(text)):
        return error.ways or (f"say where it stands: --file '{printable(path)}:REGEX', with one group",)
    workspace = cargo.workspace_of(path, _manifests(files))
    if not workspace or folder:
        return ("give the package a version of its own, or release the workspace as a whole",)
    return (f"for all of the workspace: --file {shlex.quote(printable(workspace))}",)


def _is_cargos(path: str) -> bool:
    return PurePosixPath(path).name == cargo.MANIFEST


def _manifests(files: Files) -> dict[str, str]:
    return files.called(cargo.MANIFEST, _LARGEST_MANIFEST)
