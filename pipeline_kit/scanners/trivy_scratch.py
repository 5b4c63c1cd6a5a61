"""The folder that one run of Trivy works in: nothing in it but what we put there, and gone afterwards.

Trivy remembers what it read of a layer, by the digest of what the layer unpacks to. That saves a second and more, but
it also remembers a layer that it could read only half, and then says nothing of it. So each scan works on a copy of
that memory, and only a scan without any warning leaves it behind for the next.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pipeline_kit.redaction import Redactor

_DATABASES = ("db", "java-db")
_LAYERS = Path("fanal") / "fanal.db"


@dataclass(frozen=True, slots=True)
class Scratch:
    """``folder`` is ours alone, ``shared`` is the cache of all scans."""

    folder: Path
    shared: Path

    @classmethod
    def made(cls, folder: Path, view: Path, shared: Path) -> Self:
        """Prepare the empty ``folder`` for a scan of the layout ``view``."""
        scratch = cls(folder, shared)
        for path in (scratch.empty, scratch.home, scratch.temporary, (scratch.cache / _LAYERS).parent):
            path.mkdir(parents=True)
        # A path with : or @ is taken for an image's name, so Trivy is given a relative one.
        (folder / "view").symlink_to(view.resolve())
        for name in _DATABASES:
            (scratch.cache / name).symlink_to((shared / name).resolve())
        with suppress(FileNotFoundError):
            shutil.copyfile(shared / _LAYERS, scratch.cache / _LAYERS)
        return scratch

    @property
    def empty(self) -> Path:
        """The working directory: Trivy reads files of certain names wherever it is started."""
        return self.folder / "empty"

    @property
    def home(self) -> Path:
        """An empty home, without plugins, modules or credentials."""
        return self.folder / "home"

    @property
    def temporary(self) -> Path:
        """For temporary files, which a killed Trivy leaves behind."""
        return self.folder / "temporary"

    @property
    def cache(self) -> Path:
        """The databases, and the layers that earlier scans read."""
        return self.folder / "cache"

    @property
    def report(self) -> Path:
        """Where Trivy writes its report."""
        return self.folder / "report.json"

    def keep_report(self, place: Path, secrets: Redactor) -> None:
        """Have the report that was written now at ``place``, or none: never one of an earlier scan. An image's own
        variables are in it.
        """
        place.unlink(missing_ok=True)
        if self.report.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(secrets.clean(self.report.read_bytes()))

    def remember_layers(self) -> None:
        """Leave what was read of the layers to later scans."""
        (self.shared / _LAYERS).parent.mkdir(exist_ok=True)
        with suppress(FileNotFoundError):
            (self.cache / _LAYERS).replace(self.shared / _LAYERS)
