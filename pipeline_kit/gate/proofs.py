"""What this job made itself, told from what was written elsewhere: a mark in the state folder for each such value.

The state folder is outside of the working tree. Neither a checkout nor an artifact of another job brings one along, so
a value that it vouches for was made here; a record alone vouches for nothing.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from pipeline_kit.record import write_atomically

if TYPE_CHECKING:
    from pathlib import Path


class Proofs:
    """The marks below the state folder ``state``: one a key, of the content that was made last under it."""

    def __init__(self, state: Path) -> None:
        self._folder = state / "proofs"

    def keep(self, key: str, content: bytes) -> None:
        """From now on it is this ``content`` that was made under ``key``."""
        write_atomically(self._path(key), _mark(content), top=self._folder)

    def holds(self, key: str, content: bytes) -> bool:
        """Whether this ``content`` is what was made last under ``key``."""
        try:
            return self._path(key).read_bytes() == _mark(content)
        except OSError:
            return False

    def _path(self, key: str) -> Path:
        return self._folder / sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _mark(content: bytes) -> bytes:
    return sha256(content).hexdigest().encode()
