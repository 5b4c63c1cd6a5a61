"""A verified layout held still while another program reads it.

The blobs' folder stays open, and the program reads through it: nothing that is put in the place of a folder above gets
between. A file in it that is written, renamed, linked or replaced has another identity afterwards, also if everything
was put back: nobody but the kernel sets the time of a change.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.memory import identity
from pipeline_kit.model.digest import short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.model.digest import Digest


class Pin:
    """``files`` are the identities that ``verify`` gave for the layout ``folder``."""

    def __init__(self, folder: Path, files: Mapping[Digest, str]) -> None:
        self._files = files
        self._place = folder / "blobs" / "sha256"
        try:
            self._folder = os.open(self._place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError:
            raise _changed(str(self._place)) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._folder)

    @property
    def blobs(self) -> Path:
        """The folder of the blobs, whatever is at its path; where the system has no such name for it, its path."""
        opened = Path(f"/proc/{os.getpid()}/fd/{self._folder}")
        return opened if opened.exists() else self._place.resolve()

    def check(self) -> None:
        """Failure ``layout.changed`` if a file is not the one that was hashed, or was touched since."""
        for digest, known in self._files.items():
            try:
                name = digest.removeprefix("sha256:")
                same = identity(os.stat(name, dir_fd=self._folder, follow_symlinks=False)) == known
            except OSError:
                same = False
            if not same:
                raise _changed(f"blob {short(digest)}")


def _changed(what: str) -> Failure:
    return Failure(
        "layout.changed",
        f"{what} was written while it was scanned",
        why("It had been hashed, and the scanner may have read something else. Its answer is not used."),
        alternative("Find out which program writes to the layout, and run again."),
    )
