"""Uploads that have begun: bytes in the order they came, in a file of their own until their digest is checked."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING
from uuid import uuid4

from pipeline_kit.oci.server.body import PIECE
from pipeline_kit.oci.server.messages import ApiError
from pipeline_kit.oci.server.names import algorithm_of, repository_folder

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.oci.server.body import Body

_ID = re.compile(r"[0-9a-f]{32}\Z")
_ABANDONED_AFTER = 24 * 3600.0


class Upload:
    """One upload. Hold ``lock`` to write; the file is the truth about how far it came, after a restart too."""

    def __init__(self, path: Path) -> None:
        self.id = path.name
        self.path = path
        self.lock = threading.Lock()
        self._hash = hashlib.sha256()
        self._hashed = 0

    @property
    def size(self) -> int:
        """Bytes that arrived. ApiError if the upload has ended in the meantime."""
        try:
            return self.path.stat().st_size
        except FileNotFoundError:
            raise unknown_upload() from None

    def append(self, body: Body) -> None:
        """Add all of ``body``. What came before a cut stays, so that the client can go on from there."""
        piece = memoryview(bytearray(PIECE))
        with self.path.open("r+b") as file:
            file.seek(0, 2)
            while count := body.readinto(piece):
                file.write(piece[:count])
                self._hash.update(piece[:count])
                self._hashed += count

    def digest(self, algorithm: str) -> str:
        """The digest of what arrived."""
        if algorithm != self._hash.name or self._hashed != self.size:
            with self.path.open("rb") as file:
                return f"{algorithm}:{hashlib.file_digest(file, algorithm).hexdigest()}"
        return f"{algorithm}:{self._hash.hexdigest()}"


class Uploads:
    """The uploads of all repositories, below ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._open: dict[Path, Upload] = {}

    def start(self, repository: str) -> Upload:
        """A new, empty upload to ``repository``."""
        path = repository_folder(self._folder, repository) / uuid4().hex
        path.parent.mkdir(exist_ok=True)
        path.touch(exist_ok=False)
        return self._known(path)

    def find(self, repository: str, name: str) -> Upload:
        """The upload to ``repository`` with the id ``name``; ApiError if there is none."""
        path = repository_folder(self._folder, repository) / name
        if not _ID.match(name) or not path.is_file():
            raise unknown_upload()
        return self._known(path)

    def verify(self, upload: Upload, digest: str) -> None:
        """ApiError, and the end of the upload, if what arrived has another digest than the client says."""
        found = upload.digest(algorithm_of(digest))
        if found != digest:
            self.end(upload)
            raise ApiError(HTTPStatus.BAD_REQUEST, "DIGEST_INVALID", f"{digest} was announced, {found} arrived")

    def end(self, upload: Upload) -> None:
        """Forget ``upload`` and what arrived, unless it was moved away."""
        upload.path.unlink(missing_ok=True)
        with self._lock:
            self._open.pop(upload.path, None)

    def sweep(self) -> None:
        """Remove what nobody has gone on with for a day."""
        oldest = time.time() - _ABANDONED_AFTER
        for path in self._folder.glob("*/*"):
            if path.stat().st_mtime < oldest:
                path.unlink()

    def _known(self, path: Path) -> Upload:
        with self._lock:
            return self._open.setdefault(path, Upload(path))


def unknown_upload() -> ApiError:
    """What is said of an upload that never began, or has ended."""
    return ApiError(HTTPStatus.NOT_FOUND, "BLOB_UPLOAD_UNKNOWN", "there is no such upload")
