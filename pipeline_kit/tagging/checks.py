"""What is wrong in a rule, found on every event."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.tagging import template, variables
from pipeline_kit.tagging.apply import check_group, expression_of, no_group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline_kit.tagging.facts import Facts
    from pipeline_kit.tagging.flavor import Flavor
    from pipeline_kit.tagging.rule import Rule


def check(rules: Iterable[Rule], flavor: Flavor, facts: Facts) -> None:
    """Refuse what is wrong in a rule whether it applies to this event or not: a template that breaks on the day of the
    release is found today.
    """
    known = variables.general(facts)
    everywhere = [flavor.prefix, flavor.suffix]
    for one in rules:
        attributes = one.attributes
        texts = [attributes.get(name, "") for name in ("enable", "prefix", "suffix", "value")]
        for text in (*texts, *everywhere):
            template.check(template.parse(text), known)
        patterns: dict[str, Iterable[str]] = {
            "schedule": ("date", "commit_date"),
            "semver": variables.VERSION_NAMES,
            "pep440": variables.PEP440_NAMES,
        }
        if one.type in patterns:
            template.check(template.parse(attributes["pattern"]), dict.fromkeys(patterns[one.type], ""))
        elif one.type == "match":
            check_group(one, expression_of(attributes["pattern"], literal=True))
        if attributes.get("match") and not expression_of(attributes["match"]).compiled.groups:
            raise no_group(one, 1)
