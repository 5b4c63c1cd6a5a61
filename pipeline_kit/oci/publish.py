"""Tags for an image that is in the registry: a version names one image for ever, other tags only move forwards.

A tag is read, then it is decided whether it may move, then it is written on the condition that it still names what was
read. Where a registry does not look at conditions, all is read once more at the end, after a moment in which a writer
that read before us has written: whoever holds the newer image writes again, until what is read is as new as its own.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, fix, why
from pipeline_kit.model.digest import short
from pipeline_kit.model.published import PublishedTag
from pipeline_kit.oci.labels import REVISION, labels
from pipeline_kit.oci.manifests import HeldManifest, Nothing, lied
from pipeline_kit.oci.patience import SHORT

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline_kit.model.digest import Digest
    from pipeline_kit.model.plan import Tag
    from pipeline_kit.oci.client import Registry

# A registry in several places may take a moment to agree with itself.
_READ_BACK_AFTER = (0.0, 0.5, 1.0, 2.0, 4.0)
# Of two that hold equal rights to a tag each may write it again; this often, then somebody has to look.
_MOST_ROUNDS = 16
# How long another writer may be between reading and writing, measured by how long we are.
_SETTLING = 0.2
_LONGEST_SETTLING = 10.0
_SLOWER = 4


def publish(
    registry: Registry,
    digest: Digest,
    tags: tuple[Tag, ...],
    stays: Callable[[Tag, HeldManifest], str] | None = None,
) -> tuple[PublishedTag, ...]:
    """Give the image ``digest``, which the registry has, its tags in this order, and read each one back. ``stays`` says
    why a tag must not move from what it names, '' if it may: then it is kept.

    Failure ``push.taken`` where a version tag names another image; ``push.raced`` where somebody else moves a tag all
    the time; ``push.unconfirmed`` where the registry took a tag and can't be made to say so; ``push.not-staged``;
    ``registry.lied`` where the registry doesn't hold what it confirmed.
    """
    publication = _Publication(registry, digest, tags, stays or _moves)
    try:
        return publication.run()
    except Failure as failure:
        failure.done = publication.told(ask=failure.kind not in ("registry.down", "registry.slow"))
        raise
    except BaseException as ended:
        ended.add_note(publication.told(ask=False))
        raise


class _Publication:
    """``set`` are the tags that name the image now, ``kept`` those that stay; ``writing`` is one of which nobody knows.
    ``gap`` is the longest time in seconds between reading a tag and having written it.
    """

    def __init__(
        self, registry: Registry, digest: Digest, tags: tuple[Tag, ...], stays: Callable[[Tag, HeldManifest], str]
    ) -> None:
        self.set: dict[Tag, str] = {}
        self.kept: dict[Tag, str] = {}
        self.writing: Tag | None = None
        self._registry = registry
        self._digest = digest
        self._tags = tags
        self._stays = stays
        self._written: set[Tag] = set()
        self._set_back: set[Tag] = set()
        self._gap = 0.0

    def run(self) -> tuple[PublishedTag, ...]:
        """Set all tags."""
        image = self._registry.get_manifest(self._digest)
        if image is None:
            raise Failure(
                "push.not-staged",
                f"{self._registry.repository} has no {short(self._digest)}",
                why(
                    "Tags are set last, on what was uploaded before. It was not, or the registry has removed it since."
                ),
            )
        for tag in [tag for tag in self._tags if tag.kind == "version"][1:]:
            # None is published before the last one is known to be free.
            self._refuse_taken(image, tag, self._registry.get_manifest(tag.name))
        for tag in self._tags:
            self._publish(image, tag)
        if self._written and not self._registry.has_conditions(image):
            self._settle(image)
        found = [PublishedTag(tag.name, was=was) for tag, was in self.set.items()]
        return (*found, *(PublishedTag(tag.name, kept=reason) for tag, reason in self.kept.items()))

    def told(self, *, ask: bool) -> str:
        """What of it is done, in words. ``ask`` has the registry asked about a tag of which nobody knows."""
        unknown = self.writing
        if unknown and ask:
            with suppress(Failure):
                named = self._registry.head_manifest(unknown.name, self._registry.transport.patience(contact=SHORT))
                if named == self._digest:
                    self.set.setdefault(unknown, "")
                unknown = None
        names = " ".join(tag.name for tag in self.set)
        perhaps = f", and perhaps {unknown.name}" if unknown and unknown not in self.set else ""
        count = f"{len(self.set)} of {len(self._tags) - len(self.kept)} tags"
        return f"all blobs, {count} published{f' ({names})' if names else ''}{perhaps}"

    def _publish(self, image: HeldManifest, tag: Tag) -> None:
        """Have ``tag`` name the image, or something newer."""
        refused: str | None = None
        for _ in range(_MOST_ROUNDS):
            began = self._registry.clock.monotonic()
            held = self._registry.get_manifest(tag.name)
            if held and held.digest == image.digest:
                self.set.setdefault(tag, held.digest)
                return
            self._refuse_taken(image, tag, held)
            if held and tag.kind != "version" and (reason := self._stays(tag, held)):
                self.set.pop(tag, None)
                self.kept[tag] = reason
                return
            self.writing = tag
            over = held or Nothing()
            # A condition that is refused although it holds is understood in another way: then it is left out.
            condition = None if over.digest == refused and tag.kind != "version" else over
            stored = self._registry.put_manifest(image.content, image.media_type, tag.name, over=condition)
            refused = None if stored else over.digest
            self._gap = max(self._gap, self._registry.clock.monotonic() - began)
            self._written.add(tag)
            if stored and self._read_back(image, tag, over.digest):
                self.set.setdefault(tag, over.digest)
                self.writing = None
                return
            self.writing = None
        raise Failure(
            "push.raced",
            f"{tag.name} is moved by somebody else all the time",
            why(
                f"It was set to {short(image.digest)} {_MOST_ROUNDS} times. Neither image is newer than the other one."
            ),
            alternative("Let one of the runs wait for the other, and run the one again that is to hold the tag."),
        )

    def _settle(self, image: HeldManifest) -> None:
        """Look at what was written once more, until it is still what it should be."""
        for _ in range(_MOST_ROUNDS):
            self._registry.clock.sleep(min(max(_SETTLING, _SLOWER * self._gap), _LONGEST_SETTLING))
            # A version that is lost comes first: whoever lost it has no right to the others.
            moved = [
                tag for tag in self._tags if tag in self.set and tag in self._written and not self._is_ours(image, tag)
            ]
            if not moved:
                return
            for tag in moved:
                self._publish(image, tag)

    def _is_ours(self, image: HeldManifest, tag: Tag) -> bool:
        if self._named(tag) == image.digest:
            return True
        if tag.kind == "version":
            self.set.pop(tag, None)
            self._refuse_taken(image, tag, self._registry.get_manifest(tag.name))
        return False

    def _read_back(self, image: HeldManifest, tag: Tag, was: str) -> bool:
        """Whether the registry says that ``tag`` names the image; no if it names what somebody else has set."""
        held = ""
        for seconds in _READ_BACK_AFTER:
            self._registry.clock.sleep(seconds)
            held = self._named(tag)
            if held == image.digest:
                return True
            if held and held != was:
                return False
        # Somebody may have set it back; who finds it so again was told a lie.
        if tag in self._set_back or not held:
            raise lied(self._registry.repository, held or "nothing", image.digest)
        self._set_back.add(tag)
        return False

    def _named(self, tag: Tag) -> str:
        """What ``tag`` names, '' if nothing: asked in two ways, several times, before nobody knows."""
        for seconds in _READ_BACK_AFTER:
            self._registry.clock.sleep(seconds)
            try:
                held = self._registry.get_manifest(tag.name)
                return held.digest if held else ""
            except Failure as failure:
                problem = failure
            with suppress(Failure):
                return self._registry.head_manifest(tag.name) or ""
        raise _unconfirmed(tag, problem) from problem

    def _refuse_taken(self, image: HeldManifest, tag: Tag, holder: HeldManifest | None) -> None:
        """A version names one image for ever."""
        if tag.kind == "version" and holder and holder.digest != image.digest:
            told = labels(self._registry, holder).get(REVISION)
            same = bool(told) and told == labels(self._registry, image).get(REVISION)
            raise taken(tag.name, holder.digest, told, same_commit=same)


def taken(tag: str, holder: Digest, revision: str | None, *, same_commit: bool = False) -> Failure:
    """The failure of a version that names the image ``holder`` already, which was built from ``revision``."""
    origin = f"built from {revision}" if revision else "which does not say what it was built from"
    return Failure(
        "push.taken",
        f"{tag} is published already, as {short(holder)}",
        why(f"It names {holder}, {origin}. Whoever pulled that version must go on getting the same image."),
        alternative(
            "pipeline-kit run  # takes over what is published: it is built from the same commit"
            if same_commit
            else "Publish under the next version."
        ),
    )


def _unconfirmed(tag: Tag, problem: Failure) -> Failure:
    return Failure(
        "push.unconfirmed",
        f"{tag.name} is published, and not confirmed",
        why(f"The registry took it, and then did not say what it names: {problem.headline}."),
        fix("pipeline-kit push"),
        evidence=problem.evidence,
    )


def _moves(_: Tag, __: HeldManifest) -> str:
    return ""
