"""A layout as a scanner can read it: one platform alone, at a path without surprises.

Trivy takes the first manifest of an index whatever platform it is asked for, and dies on an attestation in that place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.oci.layout import read
from pipeline_kit.oci.layout_folder import create, write_index
from pipeline_kit.oci.verify import other

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.model.image import PlatformImage


def view(folder: Path, platform: PlatformImage, destination: Path, *, blobs: Path | None = None) -> Path:
    """Make ``destination`` a layout that holds only ``platform`` of the layout ``folder``, and return it; what was
    there is removed. The blobs are not copied but read in ``blobs``, by default those of ``folder``: it is of use for
    as long as they stay. Trivy takes a ``:`` or ``@`` in the path of ``destination`` for the start of a tag or digest.
    """
    layout = read(folder)
    manifest = next((entry for entry in layout.manifests if entry.digest == platform.manifest), None)
    if manifest is None:
        raise other(folder, layout.root.digest, platform.manifest)
    create(destination, blobs=blobs or (folder / "blobs" / "sha256").resolve())
    write_index(destination, manifest)
    return destination
