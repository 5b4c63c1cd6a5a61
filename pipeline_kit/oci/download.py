"""One blob on its way out of a registry: resumed where it broke off, hashed before it gets its name."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pipeline_kit.model.digest import short
from pipeline_kit.oci.manifests import lied
from pipeline_kit.oci.wire import Lost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pipeline_kit.oci.client import Registry
    from pipeline_kit.oci.documents import Descriptor
    from pipeline_kit.oci.parallel import Stop
    from pipeline_kit.oci.patience import Patience


def download(
    registry: Registry, blob: Descriptor, target: Path, *, advance: Callable[[int], None], stop: Stop | None = None
) -> None:
    """Write ``blob`` to the file ``target``, which appears only if its bytes hash to the blob's digest. ``advance`` is
    told the bytes as they come.
    """
    partial = target.with_name(f"{target.name}.partial")
    patience = registry.transport.patience(stop)
    hashed = hashlib.sha256()
    with partial.open("wb") as file:
        while (start := file.tell()) < blob.size:
            try:
                for piece in _pieces(registry, blob, start, patience):
                    if stop:
                        stop.check()
                    hashed.update(piece)
                    file.write(piece)
                    advance(len(piece))
                    patience.moved(len(piece))
                    if file.tell() > blob.size:
                        break
            except Lost as lost:
                patience.wait(lost)
    if f"sha256:{hashed.hexdigest()}" != blob.digest:
        raise lied(registry.repository, f"sha256:{hashed.hexdigest()}", blob.digest)
    partial.replace(target)


def _pieces(registry: Registry, blob: Descriptor, start: int, patience: Patience) -> Iterator[bytes]:
    """The bytes from ``start`` on, at least one; ``Lost`` if they break off."""
    with registry.open_blob(blob.digest, start, patience) as (answer, pieces):
        if answer.status not in (200, 206):
            raise registry.transport.refused(answer, f"give blob {short(blob.digest)}")
        skip = start if answer.status == 200 else 0
        came = False
        for piece in pieces:
            wanted = piece[skip:]
            skip -= len(piece) - len(wanted)
            if wanted:
                came = True
                yield wanted
        if not came:
            raise Lost("the answer was empty")
