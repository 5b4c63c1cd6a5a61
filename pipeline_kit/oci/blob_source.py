"""A blob to send: where its bytes are, and the guard that only the right bytes leave."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, why
from pipeline_kit.model.digest import short
from pipeline_kit.oci.parallel import Halted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from pipeline_kit.model.digest import Digest
    from pipeline_kit.oci.parallel import Stop

# Small enough that a slow line takes a piece within the socket's timeout.
_PIECE = 64 << 10


@dataclass(frozen=True, slots=True)
class BlobSource:
    """``open`` gives the bytes anew for each try."""

    digest: Digest
    size: int
    open: Callable[[], BinaryIO]


class Body:
    """The bytes of a blob from ``start`` on, as the body of a request. The last piece is given out only if all of them
    hash to the blob's digest: a blob that was changed on disk never becomes complete in a registry.
    """

    def __init__(self, blob: BlobSource, start: int, advance: Callable[[int], None], stop: Stop | None) -> None:
        self._blob = blob
        self._start = start
        self._advance = advance
        self._stop = stop

    def __iter__(self) -> Iterator[bytes]:
        hashed = hashlib.sha256()
        with self._blob.open() as file:
            left = self._start
            while left and (skipped := file.read(min(left, _PIECE))):
                hashed.update(skipped)
                left -= len(skipped)
            left = self._blob.size - self._start
            while left:
                piece = file.read(min(left, _PIECE))
                hashed.update(piece)
                left -= len(piece)
                if not piece or (not left and f"sha256:{hashed.hexdigest()}" != self._blob.digest):
                    raise _changed(self._blob)
                if self._stop:
                    self._stop.check()
                yield piece
                self._advance(len(piece))


class WholeBody(Body):
    """A body whose length is announced: it comes whole, or the connection is cut."""

    def __len__(self) -> int:
        return self._blob.size - self._start


class OpenBody(Body):
    """A body of which nobody knows how long it will be. Where it has to stop early it ends in good order, so that the
    registry still knows the upload session and can be asked to forget it; ``problem`` says why.
    """

    problem: BaseException | None = None

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from super().__iter__()
        except (Failure, Halted) as problem:
            self.problem = problem


def _changed(blob: BlobSource) -> Failure:
    return Failure(
        "layout.tampered",
        f"blob {short(blob.digest)} does not hash to its name",
        why("It was hashed while it was sent, and was not completed."),
    )
