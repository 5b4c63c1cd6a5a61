"""An OCI registry, one repository of it (https://github.com/opencontainers/distribution-spec).

What a registry answers is compared with what was asked for: bytes are hashed, digests in headers must agree. Failures
are ``registry.*``; for what isn't there the answer is None.
"""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from pipeline_kit.errors import Failure
from pipeline_kit.model.digest import Digest, digest_of, is_digest, short
from pipeline_kit.oci.blob_source import BlobSource
from pipeline_kit.oci.documents import LARGEST_MANIFEST, Descriptor, Index
from pipeline_kit.oci.listing import decode_list, list_referrers, list_tags
from pipeline_kit.oci.manifests import BlobsUnknown, HeldManifest, Nothing, StoredManifest, lied
from pipeline_kit.oci.media_types import ACCEPT_MANIFESTS
from pipeline_kit.oci.patience import LONG, SHORT
from pipeline_kit.oci.refusal import unexpected
from pipeline_kit.oci.transport import Transport
from pipeline_kit.oci.upload import Sessions, Upload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    import requests

    from pipeline_kit.context import Clock
    from pipeline_kit.model.reference import Repository
    from pipeline_kit.oci.auth import Authorizer
    from pipeline_kit.oci.parallel import Stop
    from pipeline_kit.oci.patience import Patience
    from pipeline_kit.oci.wire import Answer

# The values that its methods give belong to it.
__all__ = ["BlobsUnknown", "HeldManifest", "Registry", "StoredManifest"]

_ACCEPT = {"Accept": ACCEPT_MANIFESTS}
_DIGEST_HEADER = "Docker-Content-Digest"
_VERSION_HEADER = "Docker-Distribution-Api-Version"
# The same thing under three names; an index needs its manifests as a manifest needs its blobs.
_UNKNOWN = frozenset({"MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"})
# While another push writes the same blob some registries do not find it, for a moment.
_OTHER_WRITER = 0.5


class Registry:
    """Any thread may use it. ``auth`` decides which actions it may do; ``seconds`` is how long an operation that fails
    is tried again.
    """

    def __init__(
        self,
        repository: Repository,
        session: requests.Session,  # noqa: TID251 - named as a type, not built
        auth: Authorizer,
        clock: Clock,
        *,
        seconds: float = LONG,
    ) -> None:
        self.repository = repository
        self.auth = auth
        self.clock = clock
        self.transport = Transport(repository, session, auth, clock, seconds)
        self.sessions = Sessions(self.transport)

    def ping(self) -> None:
        """Make sure that a registry is there and accepts who we are. It gives up after 15 s."""
        answer = self.transport.ask("GET", self.transport.base, patience=self.transport.patience(contact=SHORT))
        self._expect(answer, "answer as a registry", 200)
        # A registry says that it is one: Docker's and those that follow it by the header, others by JSON.
        if _VERSION_HEADER not in answer.headers and not answer.body.lstrip().startswith((b"{", b"true")):
            raise unexpected(self.repository, "answer as a registry", "It sent something else with 200.")

    def granted(self) -> frozenset[str] | None:
        """The actions (pull, push, delete) that the registry's token lists for the repository, None where it can't be
        told. What isn't listed will be denied.
        """
        self.ping()
        return self.auth.granted()

    def head_blob(self, digest: Digest, patience: Patience | None = None) -> int | None:
        """The size of a blob in bytes, -1 where the registry doesn't tell it; None if it has no such blob."""
        answer = self.transport.ask("HEAD", self._url("blobs", digest), patience=patience, redirects=True)
        if answer.status == 404:
            return None
        self._expect(answer, f"look for blob {short(digest)}", 200)
        size = answer.headers.get("Content-Length", "")
        return int(size) if size.isascii() and size.isdigit() else -1

    def read_blob(self, digest: Digest, limit: int) -> bytes | None:
        """A small blob, of at most ``limit`` bytes, hashed."""
        answer = self.transport.ask("GET", self._url("blobs", digest), redirects=True, limit=limit)
        if answer.status == 404:
            return None
        self._expect(answer, f"give blob {short(digest)}", 200)
        self._compare(digest_of(answer.body), digest)
        return answer.body

    def open_blob(
        self, digest: Digest, start: int, patience: Patience
    ) -> AbstractContextManager[tuple[Answer, Iterator[bytes]]]:
        """The bytes of a blob from ``start`` on, not hashed: see ``Transport.stream``. A registry may ignore ``start``,
        and then answers 200 instead of 206.
        """
        headers = {"Range": f"bytes={start}-"} if start else {}
        return self.transport.stream(self._url("blobs", digest), headers, patience)

    def mount(self, digest: Digest, source: str) -> bool:
        """Whether the registry takes a blob over from its repository ``source``, without an upload. The credentials
        must have been given the right to read that one too.
        """
        query = urlencode({"mount": digest, "from": source})
        answer = self.transport.ask("POST", f"{self.transport.url('blobs/uploads/')}?{query}")
        if answer.status == 201:
            return True
        if answer.status == 202 and (location := answer.headers.get("Location")):
            session = self.transport.resolve(answer.url, location)
            self.sessions.began(session)
            self.sessions.cancel(session)
        return False

    def upload_blob(
        self, blob: BlobSource, *, advance: Callable[[int], None] | None = None, stop: Stop | None = None
    ) -> None:
        """Upload a blob, whether it is there or not; it is hashed while it is sent. ``advance`` is told the bytes as
        they leave, and less than none when some have to be sent again; ``stop`` ends it at the next piece. However it
        ends, no upload session stays open.
        """

        def is_there(patience: Patience) -> bool:
            return self.head_blob(blob.digest, patience) in (blob.size, -1)

        Upload(self.transport, self.sessions, blob, is_there, advance or _ignore, stop).run()

    def put_blob(self, content: bytes) -> Digest:
        """Make sure that the registry has ``content`` as a blob."""
        digest = digest_of(content)
        if self.head_blob(digest) is None:
            self.upload_blob(BlobSource(digest, len(content), lambda: io.BytesIO(content)))
        return digest

    def put_manifest(
        self, content: bytes, media_type: str, reference: str, *, over: HeldManifest | Nothing | None = None
    ) -> StoredManifest | None:
        """Store a manifest or index under a tag or its own digest; ``over`` says what it names now, None for whatever
        it is. None if the registry saw that it is not so, or if that was seen before another try: not every registry
        looks. An answer that says no is not believed before the registry was asked what it has. Failure
        ``BlobsUnknown`` if blobs are missing.
        """
        digest = digest_of(content)
        patience = self.transport.patience()
        headers = {"Content-Type": media_type, **(over.condition if over else {})}

        def stored() -> Answer | None:
            answer = self.transport.ask("HEAD", self._url("manifests", reference), _ACCEPT, patience=patience)
            named = answer.headers.get(_DIGEST_HEADER, "") if answer.status == 200 else ""
            if named == digest:
                return answer
            is_other = over and (answer.status == 404 or is_digest(named)) and named != over.digest
            return replace(answer, status=412) if is_other else None

        url = self._url("manifests", reference)
        for seconds in (_OTHER_WRITER, 0.0):
            answer = self.transport.ask("PUT", url, headers, content, patience=patience, unless=stored)
            if answer.status not in (400, 404) or not _UNKNOWN.intersection(answer.codes):
                break
            self.clock.sleep(seconds)
        else:
            raise BlobsUnknown(self.repository, answer)
        if answer.status == 412 and over:
            return None
        told = answer.headers.get(_DIGEST_HEADER, digest)
        if answer.status not in (200, 201, 202) or told != digest:
            found = self._ask_quietly(stored)
            if found is None or found.status != 200:
                self._expect(answer, f"take manifest {short(digest)} as {short(reference)}", 200, 201, 202)
                self._compare(told, digest)
            return StoredManifest(digest)
        return StoredManifest(digest, answer.headers.get("OCI-Subject", ""))

    def has_conditions(self, held: HeldManifest) -> bool:
        """Whether the registry looks at the conditions of a request: ``held``, which it has, is stored once more, only
        over what is not there.
        """
        headers = {"Content-Type": held.media_type, "If-Match": '"sha256:none"'}
        url = self._url("manifests", held.digest)
        return self.transport.ask("PUT", url, headers, held.content).status == 412

    def get_manifest(self, reference: str) -> HeldManifest | None:
        """What a tag or digest names."""
        url = self._url("manifests", reference)
        answer = self.transport.ask("GET", url, _ACCEPT, limit=LARGEST_MANIFEST)
        if answer.status == 404:
            return None
        self._expect(answer, f"give manifest {short(reference)}", 200)
        digest = digest_of(answer.body)
        self._compare(answer.headers.get(_DIGEST_HEADER, digest), digest)
        self._compare(digest, reference if is_digest(reference) else digest)
        if not answer.body.lstrip().startswith(b"{"):
            raise unexpected(self.repository, f"give manifest {short(reference)}", "It sent something else with 200.")
        return HeldManifest(digest, _media_type(answer), answer.body, answer.headers.get("ETag", ""))

    def head_manifest(self, reference: str, patience: Patience | None = None) -> Digest | None:
        """The digest that a tag or digest names, as the registry tells it."""
        answer = self.transport.ask("HEAD", self._url("manifests", reference), _ACCEPT, patience=patience)
        if answer.status == 404:
            return None
        self._expect(answer, f"look for manifest {short(reference)}", 200)
        told = answer.headers.get(_DIGEST_HEADER, "")
        if not is_digest(told):
            held = self.get_manifest(reference)
            return held.digest if held else None
        self._compare(told, reference if is_digest(reference) else told)
        return told

    def list_tags(self) -> tuple[str, ...]:
        """All tags, in the registry's order; none where the repository doesn't exist."""
        return list_tags(self.transport)

    def referrers(self, digest: Digest, artifact_type: str = "") -> tuple[Descriptor, ...]:
        """What refers to the manifest ``digest``: signatures, reports and the like. Where the registry has no list, the
        one that clients keep under a tag.
        """
        listed = list_referrers(self.transport, digest, artifact_type)
        if listed is None:
            held = self.get_manifest(digest.replace(":", "-"))
            listed = decode_list(self.repository, held.content, Index).manifests if held else ()
        return tuple(entry for entry in listed if artifact_type in ("", entry.artifact_type))

    def delete_manifest(self, digest: Digest) -> bool:
        """Delete a manifest, and with it every tag that names it; whether it was there."""
        return self._delete(digest)

    def delete_tag(self, tag: str) -> bool:
        """Delete a tag alone; whether it was there. Not every registry can."""
        return self._delete(tag)

    def _delete(self, reference: str) -> bool:
        answer = self.transport.ask("DELETE", self._url("manifests", reference))
        if answer.status == 404:
            return False
        self._expect(answer, f"delete {short(reference)}", 200, 202, 204)
        return True

    def _ask_quietly(self, ask: Callable[[], Answer | None]) -> Answer | None:
        """What a second question says, None where it fails as well: then the first one's answer is told."""
        try:
            return ask()
        except Failure:
            return None

    def _url(self, kind: str, reference: str) -> str:
        return self.transport.url(f"{kind}/{reference}")

    def _expect(self, answer: Answer, doing: str, *statuses: int) -> None:
        if answer.status not in statuses:
            raise self.transport.refused(answer, doing)

    def _compare(self, found: str, expected: Digest) -> None:
        if found != expected:
            raise lied(self.repository, found, expected)


def _media_type(answer: Answer) -> str:
    return answer.headers.get("Content-Type", "").partition(";")[0].strip()


def _ignore(_: int) -> None:
    return None
