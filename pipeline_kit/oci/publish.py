"""Tags for an image that is in the registry: in the given order, each read back; a version tag never moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.model.digest import short
from pipeline_kit.model.published import PublishedTag
from pipeline_kit.oci.labels import REVISION, label_of
from pipeline_kit.oci.manifests import lied

if TYPE_CHECKING:
    from pipeline_kit.model.digest import Digest
    from pipeline_kit.model.plan import Tag
    from pipeline_kit.oci.client import Registry
    from pipeline_kit.oci.manifests import HeldManifest

# A registry in several places may take a moment to agree with itself.
_READ_BACK_AFTER = (0.0, 0.5, 1.0, 2.0, 4.0)


def publish(registry: Registry, digest: Digest, tags: tuple[Tag, ...]) -> tuple[PublishedTag, ...]:
    """Give the image ``digest``, which the registry has, its tags in this order, and read each one back. Whether a tag
    that moves may move is for the caller to decide.

    Failure ``push.taken`` where a version tag names another image already; ``push.raced`` where somebody else moved a
    tag at the same time; ``push.not-staged``; ``registry.lied`` where the registry doesn't hold what it confirmed.
    """
    image = registry.get_manifest(digest)
    if image is None:
        raise Failure(
            "push.not-staged",
            f"{registry.repository} has no {short(digest)}",
            why("Tags are set last, on what was uploaded before. It was not, or the registry has removed it since."),
        )
    versions = [tag for tag in tags if tag.kind == "version"]
    for tag in versions[1:]:
        # None is published before the last one is known to be free.
        _refuse_taken(registry, image, tag, registry.head_manifest(tag.name))
    published: list[PublishedTag] = []
    for tag in tags:
        try:
            published.append(PublishedTag(tag.name, was=_publish(registry, image, tag)))
        except Failure as failure:
            failure.done = f"all blobs, {len(published)} of {len(tags)} tags published"
            raise
    return tuple(published)


def _publish(registry: Registry, image: HeldManifest, tag: Tag) -> str:
    """Set ``tag``; the digest that it named before, '' if it is new."""
    was = registry.head_manifest(tag.name)
    if was != image.digest:
        _refuse_taken(registry, image, tag, was)
        condition = "*" if tag.kind == "version" else ""
        stored = registry.put_manifest(image.content, image.media_type, tag.name, if_none_match=condition)
        if stored is None:
            _refuse_taken(registry, image, tag, registry.head_manifest(tag.name))
    _read_back(registry, image, tag, was)
    return was or ""


def _read_back(registry: Registry, image: HeldManifest, tag: Tag, was: str | None) -> None:
    held = None
    for seconds in _READ_BACK_AFTER:
        registry.clock.sleep(seconds)
        held = registry.get_manifest(tag.name)
        if held and held.digest == image.digest:
            return
    if held is None or held.digest == was:
        raise lied(registry.repository, held.digest if held else "nothing", image.digest)
    _refuse_taken(registry, image, tag, held.digest)
    raise Failure(
        "push.raced",
        f"{tag.name} was moved to {short(held.digest)} by somebody else",
        why(f"It was set to {short(image.digest)} a moment before. Two runs publish the same tag."),
        alternative("Let one of them wait for the other, and run this one again."),
    )


def _refuse_taken(registry: Registry, image: HeldManifest, tag: Tag, holder: Digest | None) -> None:
    """A version names one image for ever."""
    if tag.kind == "version" and holder not in (None, image.digest):
        raise taken(tag.name, str(holder), label_of(registry, str(holder), REVISION))


def taken(tag: str, holder: Digest, revision: str | None) -> Failure:
    """The failure of a version that names the image ``holder`` already, which was built from ``revision``."""
    origin = f"built from {revision}" if revision else "which does not say what it was built from"
    return Failure(
        "push.taken",
        f"{tag} is published already, as {short(holder)}",
        why(f"It names {holder}, {origin}. Whoever pulled that version must go on getting the same image."),
        alternative("Publish under the next version."),
    )
