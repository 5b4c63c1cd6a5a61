"""Which other repository of a registry has a blob: those that earlier pushes of this user put it into.

A registry takes such a blob over without an upload. It is only ever a hint: what is remembered may be gone, and the
registry may refuse, or want a token that it does not give; then the blob is sent as if nothing were known.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.errors import Failure
from pipeline_kit.memory import keep, recalled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from pipeline_kit.model.digest import Digest
    from pipeline_kit.model.reference import Repository
    from pipeline_kit.oci.client import Registry

_MOST_BLOBS = 5000
# A token names each repository that is read, and has a size that registries accept.
_MOST_SOURCES = 4
_MOST_REFUSALS = 2


class Mounts:
    """What is known for a push to ``repository``. Any thread may use it. ``connect`` gives a client of that repository
    that may also read the repositories whose paths it is given; it is asked once, and only if there is use for it.
    """

    def __init__(self, repository: Repository, memory: Path, connect: Callable[[tuple[str, ...]], Registry]) -> None:
        self._path = repository.path
        self._memory = memory
        self._key = f"repositories with blobs, of {repository.registry}"
        self._known = _known(memory, self._key)
        self._connect = connect
        self._registry: Registry | None = None
        self._sources: tuple[str, ...] = ()
        self._left = _MOST_REFUSALS
        self._lock = threading.Lock()

    def expect(self, blobs: Iterable[Digest]) -> None:
        """Say which blobs are going to be asked for."""
        known = Counter(self._known[blob] for blob in blobs if self._known.get(blob, self._path) != self._path)
        self._sources = tuple(path for path, _ in known.most_common(_MOST_SOURCES))

    def take(self, blob: Digest) -> bool:
        """Whether the registry has taken the blob over from another of its repositories."""
        source = self._known.get(blob, "")
        if source not in self._sources or self._left <= 0:
            return False
        try:
            taken = self._client().mount(blob, source)
        except Failure:
            taken, self._left = False, 0
        if not taken:
            self._left -= 1
            self._known.pop(blob, None)
        return taken

    def remember(self, blobs: Iterable[Digest]) -> None:
        """The repository has these blobs now."""
        new = dict.fromkeys((blob for blob in blobs if blob not in self._known), self._path)
        if new:
            kept = list((self._known | new).items())[-_MOST_BLOBS:]
            keep(self._memory, self._key, msgspec.json.encode(dict(kept)).decode())

    def _client(self) -> Registry:
        with self._lock:
            if self._registry is None:
                self._registry = self._connect(self._sources)
            return self._registry


def _known(memory: Path, key: str) -> dict[Digest, str]:
    try:
        return msgspec.json.decode(recalled(memory, key) or "{}", type=dict[str, str])
    except msgspec.MsgspecError:
        return {}
