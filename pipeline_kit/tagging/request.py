"""What a person asks of ``tag``: rules, flavor, images, labels; read once, and evaluated for an event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.tagging import flavor, images, lists, metadata, rule
from pipeline_kit.tagging.flavor import Flavor
from pipeline_kit.tagging.images import Image
from pipeline_kit.tagging.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline_kit.tagging.evaluate import Evaluated
    from pipeline_kit.tagging.facts import Facts
    from pipeline_kit.tagging.metadata import Metadata


class Request(msgspec.Struct, frozen=True):
    """The inputs of docker/metadata-action, parsed. ``labels`` and ``annotations`` are templates of KEY=VALUE."""

    images: tuple[Image, ...] = ()
    rules: tuple[Rule, ...] = ()
    flavor: Flavor = Flavor()
    labels: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ()
    compat: bool = False

    @property
    def asks(self) -> bool:
        """Whether anything asks about the event."""
        around = self.flavor.prefix + self.flavor.suffix
        return bool(self.rules or self.labels or self.annotations or "{{" in around)

    def evaluated(self, facts: Facts, *, kubernetes: bool = False) -> Evaluated:
        """What the rules give for that event."""
        # A run without rules has no need of it.
        from pipeline_kit.tagging import checks, evaluate

        if not self.compat:
            checks.check(self.rules, self.flavor, facts)
        return evaluate.evaluate(self.rules, self.flavor, facts, compat=self.compat, kubernetes=kubernetes)

    def metadata(self, facts: Facts, names: Iterable[str], version: str) -> Metadata:
        """Labels and annotations for an image of that version, published as ``names``."""
        return metadata.Metadata(
            version=version,
            names=tuple(names),
            images=images.names(self.images, compat=self.compat),
            labels=metadata.labels(facts, version, self.labels, compat=self.compat),
            annotations=metadata.labels(facts, version, self.annotations, compat=self.compat),
            whole=not self.compat,
        )


def parse(
    *,
    images_given: Iterable[str] = (),
    tags: Iterable[str] = (),
    flavor_given: Iterable[str] = (),
    labels: Iterable[str] = (),
    annotations: Iterable[str] = (),
    compat: bool = False,
) -> Request:
    """The request of those texts. Each may hold several lines, as the inputs of an action do.

    Failure: ``tag.list``, ``tag.rule``, ``tag.flavor``, ``tag.images``.
    """

    def listed(texts: Iterable[str], *, whole: bool = not compat) -> list[str]:
        return [item for text in texts for item in lists.items(text, whole=whole)]

    return of_items(
        images_given=listed(images_given),
        tags=listed(tags),
        flavor_given=listed(flavor_given),
        labels=listed(labels, whole=False),
        annotations=listed(annotations, whole=False),
        compat=compat,
    )


def of_items(
    *,
    images_given: list[str],
    tags: list[str],
    flavor_given: list[str],
    labels: list[str],
    annotations: list[str],
    compat: bool = False,
) -> Request:
    """The request of those items, one rule, name or label each."""
    rules = tags or (list(rule.DEFAULTS) if compat else [])
    return Request(
        images=images.parse(images_given, compat=compat),
        rules=tuple(rule.parse(one, compat=compat) for one in rules),
        flavor=flavor.parse(flavor_given),
        labels=tuple(labels),
        annotations=tuple(annotations),
        compat=compat,
    )
