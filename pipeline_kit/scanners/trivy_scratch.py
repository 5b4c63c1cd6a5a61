"""The folder that one run of Trivy works in: nothing in it but what we put there, and gone afterwards.

Trivy remembers what it read of a layer, by the digest of what the layer unpacks to. That saves a second and more, but
it also remembers a layer that it could read only half, and then says nothing of it. So each scan works on a copy of
that memory, and only a scan without any warning leaves it behind for the next, in a file that is named after its hash:
Trivy crashes on a damaged one.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pipeline_kit import tree
from pipeline_kit.process import sha256_of

if TYPE_CHECKING:
    from pipeline_kit.context import Context

LARGEST_REPORT = 256 << 20
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
        scratch.take_layers()
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

    def keep_report(self, place: Path, context: Context) -> None:
        """Have the report that was written now at ``place``, or none: never an earlier one. An image's own variables
        are in it.
        """
        tree.remove(place, top=context.top(place))
        if self.report.is_file() and self.report.stat().st_size <= LARGEST_REPORT:
            context.keep(place, tree.read(self.report, LARGEST_REPORT))

    def take_layers(self) -> None:
        """Have what earlier scans read of the layers, if it is whole."""
        for kept in self._kept():
            try:
                shutil.copyfile(kept, self.cache / _LAYERS)
            except FileNotFoundError:
                continue  # another scan has replaced it
            if sha256_of(self.cache / _LAYERS) == kept.stem:
                return
            (self.cache / _LAYERS).unlink()
            kept.unlink(missing_ok=True)

    def remember_layers(self) -> None:
        """Leave what was read of the layers to later scans."""
        layers = self.cache / _LAYERS
        if not layers.exists():
            return
        earlier, place = self._kept(), self._keeping / f"{sha256_of(layers)}.db"
        self._keeping.mkdir(exist_ok=True)
        with layers.open("rb") as file:
            os.fsync(file.fileno())
        layers.replace(place)
        for kept in earlier:
            if kept != place:
                kept.unlink(missing_ok=True)

    @property
    def _keeping(self) -> Path:
        return self.shared / _LAYERS.parent

    def _kept(self) -> tuple[Path, ...]:
        return tuple(self._keeping.glob("*.db"))
