"""From the rules to the tags: the names in their order, and whether ``latest`` moves along."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.model.plan import Tag, TagKind
from pipeline_kit.tagging import names, rule, variables
from pipeline_kit.tagging.apply import Evaluation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline_kit.tagging.facts import Facts
    from pipeline_kit.tagging.flavor import Flavor
    from pipeline_kit.tagging.rule import Rule


class Evaluated(msgspec.Struct, frozen=True):
    """``main`` is the first tag, None if no rule gave one, ``partial`` the others without doubles, and ``latest`` says
    whether ``latest_name`` is a tag too. ``kinds`` are by name; ``version`` is that of the first tag that is one.
    """

    main: str | None
    partial: tuple[str, ...]
    latest: bool
    latest_name: str
    kinds: dict[str, TagKind]
    version: str = ""
    warnings: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names in their order; ``latest`` may come twice, as docker/metadata-action has it."""
        if self.main is None:
            return ()
        return (self.main, *self.partial, *((self.latest_name,) if self.latest else ()))

    @property
    def tags(self) -> tuple[Tag, ...]:
        """The tags without doubles."""
        return tuple(Tag(name, self.kinds[name]) for name in dict.fromkeys(self.names))


def evaluate(
    rules: Iterable[Rule], flavor: Flavor, facts: Facts, *, compat: bool = False, kubernetes: bool = False
) -> Evaluated:
    """Evaluate ``rules`` by their priority.

    Failure: ``tag.rule``, ``tag.template``, ``tag.pattern``, ``tag.default-branch``.
    """
    evaluation = Evaluation(flavor, facts, compat=compat)
    given = [one for one in map(evaluation.given, rule.ordered(rules)) if one and one.whole]

    def name(text: str) -> str:
        # Whoever asks for labels of Kubernetes wants them with compat too, though the peer has no such thing.
        return names.sanitized(text) if compat and not kubernetes else names.tag(text, kubernetes=kubernetes)

    found = [name(one.whole) for one in given]
    kinds: dict[str, TagKind] = {}
    for key, one in zip(found, given, strict=True):
        kinds.setdefault(key, one.kind)
    around = flavor if compat else flavor.filled(variables.general(facts))
    last = name(around.latest_name)
    latest = bool(given) and given[0].latest
    if not compat:
        # One name once: a rule may have said it already.
        latest = latest and last not in found
    kinds[last] = "moving"
    return Evaluated(
        main=found[0] if found else None,
        partial=tuple(dict.fromkeys(one for one in found[1:] if one != found[0])),
        latest=latest,
        latest_name=last,
        kinds=kinds,
        version=next((one.version for one in given if one.version), ""),
        warnings=tuple(evaluation.warnings),
    )
