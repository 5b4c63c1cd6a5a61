"""What a release is about to do, kept until it is done: after a cut the next run knows what to complete.

A file in git's own folder of this working tree, so it goes with it and is never part of anything. The remote decides:
has it the tags, the release was made, and this clone follows; has it not, nothing was made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.errors import Failure, why
from pipeline_kit.record import write_atomically

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "pipeline-kit-bump.json"


class Journal(msgspec.Struct, frozen=True):
    """``commit`` is made on ``base``, which ``branch`` (a full ref, or HEAD) names; ``tags`` are full refs and the
    objects of the tags. ``push`` is false where nothing leaves this clone.
    """

    base: str
    commit: str
    branch: str
    tags: dict[str, str]
    push: bool


def write(folder: Path, journal: Journal) -> None:
    """Keep it in git's ``folder``."""
    try:
        write_atomically(folder / _NAME, msgspec.json.encode(journal), top=folder)
    except Failure as failure:
        raise failure.extended(
            why("Git's own folder keeps what a release is about to do, so that a cut can be completed.")
        ) from None


def read(folder: Path) -> Journal | None:
    """What was kept; None if nothing was. A file that is none of ours says nothing."""
    try:
        return msgspec.json.decode((folder / _NAME).read_bytes(), type=Journal)
    except (OSError, msgspec.MsgspecError):
        return None


def remove(folder: Path) -> None:
    """It is done, or was never begun."""
    (folder / _NAME).unlink(missing_ok=True)
