"""One blob on its way into a registry: an upload session that is resumed, begun again, or taken back.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pushing-blobs
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure
from pipeline_kit.http import RETRIABLE
from pipeline_kit.model.digest import short
from pipeline_kit.oci.blob_source import OpenBody, WholeBody
from pipeline_kit.oci.parallel import in_parallel
from pipeline_kit.oci.transport import UPLOAD_TIMEOUT
from pipeline_kit.oci.wire import Answer, Lost

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline_kit.oci.blob_source import BlobSource
    from pipeline_kit.oci.parallel import Stop
    from pipeline_kit.oci.patience import Patience
    from pipeline_kit.oci.transport import Transport

_OCTETS = {"Content-Type": "application/octet-stream"}
# What a registry answers where it no longer has the session, or where the bytes of an earlier try went wrong.
_SESSION_GONE = frozenset({400, 404})
# More of an earlier try arrived than it told.
_ELSEWHERE = 416
_MOST_SESSIONS = 4
_SMALL = 1 << 20
_RANGE = re.compile(r"(?:bytes=)?0-([0-9]{1,18})")
_CANCEL_TIMEOUT = (1.0, 1.0)


class Sessions:
    """The upload sessions that are open. Whoever interrupts threads that may hang takes the sessions back himself."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._open: set[str] = set()

    def began(self, location: str) -> None:
        """The registry has opened a session."""
        self._open.add(location)

    def ended(self, location: str) -> None:
        """The registry has closed it."""
        self._open.discard(location)

    def cancel(self, location: str) -> None:
        """Ask the registry to forget a session, if it is open. If it doesn't answer, it will by itself some day."""
        if location in self._open:
            self._open.discard(location)
            with suppress(Lost, Failure):
                self._transport.once("DELETE", location, timeout=_CANCEL_TIMEOUT)

    def cancel_all(self) -> None:
        """Take back every session that is open, all at once: there may be little time left."""
        in_parallel(lambda location, _: self.cancel(location), tuple(self._open), workers=len(self._open))


class Upload:
    """Sends one blob. ``is_there`` asks the registry for it; ``advance`` is told the bytes sent, and less than none
    when some have to be sent again.
    """

    def __init__(
        self,
        transport: Transport,
        sessions: Sessions,
        blob: BlobSource,
        is_there: Callable[[Patience], bool],
        advance: Callable[[int], None],
        stop: Stop | None,
    ) -> None:
        self._transport = transport
        self._sessions = sessions
        self._blob = blob
        self._is_there = is_there
        self._advance = advance
        self._stop = stop
        self._patience = transport.patience(stop)
        self._location = ""
        self._position = self._farthest = 0
        self._renewed = False

    def run(self) -> None:
        """Send until the registry confirms the digest. However this ends, no session stays open."""
        refusals = 0
        while True:
            try:
                self._begin()
                cause = self._send()
            finally:
                self._sessions.cancel(self._location)
            if cause is None:
                return
            if isinstance(cause, Answer) and cause.status in _SESSION_GONE:
                refusals += 1
                if refusals == _MOST_SESSIONS:
                    raise self._refused(cause)

    def _begin(self) -> None:
        answer = self._transport.ask("POST", self._transport.url("blobs/uploads/"), patience=self._patience)
        if answer.status != 202 or "Location" not in answer.headers:
            raise self._refused(answer)
        self._move(answer)

    def _send(self) -> Answer | Lost | None:
        """Send the blob in the session; None once it is there, else what makes another session necessary."""
        offset: int | None = 0
        while offset is not None:
            try:
                cause: Answer | Lost = self._try(offset)
            except Lost as lost:
                cause = lost
            if isinstance(cause, Answer):
                if cause.status == 201:
                    self._sessions.ended(self._location)
                    return None
                if cause.status == 202 and self._is_patch(offset):
                    self._move(cause)
                    offset = self._blob.size
                    continue
                if not self._is_worth_another_try(cause):
                    raise self._refused(cause)
            self._transport.tell(f"waits for {self._transport.repository.registry}: blob {short(self._blob.digest)}")
            self._patience.wait(cause)
            if self._is_there(self._patience):
                return None
            offset = None if isinstance(cause, Answer) and cause.status in _SESSION_GONE else self._ask_offset()
        return cause

    def _try(self, offset: int) -> Answer:
        """Send what is missing after ``offset`` bytes, or say with the digest that nothing is."""
        self._count(offset - self._position)
        if self._is_patch(offset):
            return self._patch(offset)
        url = f"{self._location}{'&' if '?' in self._location else '?'}digest={self._blob.digest}"
        rest = WholeBody(self._blob, offset, self._count, self._stop) if offset < self._blob.size else b""
        return self._transport.once("PUT", url, _OCTETS, rest, UPLOAD_TIMEOUT, self._patience)

    def _is_patch(self, offset: int) -> bool:
        """Small blobs are sent with the digest in one request, others before it."""
        return 0 < offset < self._blob.size or (offset == 0 and self._blob.size > _SMALL)

    def _patch(self, offset: int) -> Answer:
        body = OpenBody(self._blob, offset, self._count, self._stop)
        headers = {**_OCTETS, "Content-Range": f"{offset}-{self._blob.size - 1}"} if offset else _OCTETS
        answer = self._transport.once("PATCH", self._location, headers, body, UPLOAD_TIMEOUT, self._patience)
        if body.problem:
            if answer.status == 202:
                self._move(answer)
            raise body.problem
        return answer

    def _ask_offset(self) -> int | None:
        """How many bytes the registry has of the session; None if it has lost it."""
        answer = self._transport.ask("GET", self._location, patience=self._patience)
        last = _RANGE.fullmatch(answer.headers.get("Range", ""))
        if answer.status not in (200, 202, 204) or not last:
            return None
        self._move(answer)
        # Some say 0-0 where they have nothing, some count one too many: then the digest is wrong, and it is sent anew.
        return min(int(last.group(1)) + 1, self._blob.size) if int(last.group(1)) else 0

    def _is_worth_another_try(self, answer: Answer) -> bool:
        if answer.status == 401 and not self._renewed:
            self._renewed = self._transport.auth.renew(answer)
            return self._renewed
        return answer.status in RETRIABLE | _SESSION_GONE | {_ELSEWHERE}

    def _move(self, answer: Answer) -> None:
        """The session goes on at the address that the answer names, if it names one."""
        self._sessions.ended(self._location)
        self._location = self._transport.resolve(answer.url, answer.headers.get("Location", answer.url))
        self._sessions.began(self._location)

    def _count(self, size: int) -> None:
        self._position += size
        if self._position > self._farthest:
            self._patience.moved(self._position - self._farthest)
            self._farthest = self._position
        self._advance(size)

    def _refused(self, answer: Answer) -> Failure:
        return self._transport.refused(answer, f"take blob {short(self._blob.digest)}")
