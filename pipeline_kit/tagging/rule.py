"""One tag rule, such as ``type=semver,pattern={{version}}``: a type and its attributes."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal, get_args

import msgspec

from pipeline_kit.errors import Failure, fix, nearest, why
from pipeline_kit.tagging import javascript
from pipeline_kit.tagging.lists import fields, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

RuleType = Literal["schedule", "semver", "pep440", "match", "edge", "ref", "raw", "sortable", "sha"]
TYPES: tuple[RuleType, ...] = get_args(RuleType)
_OURS = ("sortable",)
EVENTS = ("branch", "tag", "pr")
FORMATS = ("short", "long")
_PRIORITIES: dict[RuleType, str] = {
    "schedule": "1000",
    "semver": "900",
    "pep440": "900",
    "match": "800",
    "edge": "700",
    "ref": "600",
    "raw": "200",
    "sortable": "150",
    "sha": "100",
}
_GROUP = r"(?:0|[1-9][0-9]{0,3})\Z"
_COMMON = ("enable", "priority", "prefix", "suffix")
# What an attribute is where a rule leaves it out; one without a value here has to be given.
_ATTRIBUTES: dict[RuleType, dict[str, str | None]] = {
    "schedule": {"pattern": "nightly"},
    "semver": {"pattern": None, "value": "", "match": ""},
    "pep440": {"pattern": None, "value": "", "match": ""},
    "match": {"pattern": None, "group": "0", "value": ""},
    "edge": {"branch": ""},
    "ref": {"event": None},
    "raw": {"value": None},
    "sortable": {},
    "sha": {"prefix": "sha-", "format": "short"},
}
# What docker/metadata-action does where no rule is given.
DEFAULTS = ("type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr")


class Rule(msgspec.Struct, frozen=True):
    """``attributes`` are complete: those that the rule leaves out have their default. ``text`` is the rule as written.
    A prefix or suffix is only there if the rule, or its type, has one, also an empty one.
    """

    type: RuleType
    attributes: dict[str, str]
    text: str = ""

    @property
    def priority(self) -> float:
        """The higher comes first; NaN for what is no number."""
        return javascript.number(self.attributes["priority"])


def ordered(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """The rules by priority; those of one priority as they were written. One without a number is equal to any other,
    so the way of sorting decides; it is not Python's, which differs from release to release.
    """
    ranked = [(one.priority, one) for one in rules]
    return tuple(one for _, one in javascript.sorted_by(ranked, lambda one, other: one[0] > other[0]))


def parse(item: str, *, compat: bool = False) -> Rule:
    """The rule that ``item`` is. With ``compat`` what docker/metadata-action takes in silence is taken here too.

    Failure: ``tag.rule``.
    """
    kind, attributes = _read(item, compat=compat)
    for name, default in _ATTRIBUTES[kind].items():
        if name not in attributes and default is not None:
            attributes[name] = default
        elif name not in attributes:
            raise _wrong(item, f"{name} is missing", f"type={kind} needs it.", _example(kind))
    if kind == "ref" and attributes["event"] == "pr":
        attributes.setdefault("prefix", "pr-")
    attributes.setdefault("enable", "true")
    attributes.setdefault("priority", _PRIORITIES[kind])
    _check_choices(kind, attributes, item)
    if not compat:
        _check_strictly(kind, attributes, item)
    return Rule(kind, attributes, item)


def _read(item: str, *, compat: bool) -> tuple[RuleType, dict[str, str]]:
    kind: RuleType = "raw"
    attributes: dict[str, str] = {}
    for field in fields(item):
        # A pair of quotes that docker/metadata-action needs to be doubled: both ways of writing it mean the same.
        written = field if compat else _unquoted(field)
        name, equals, value = written.partition("=")
        if not equals or not name:
            attributes["value"] = javascript.trim(written)
            continue
        name, value = javascript.trim(name).lower(), javascript.trim(value)
        if name != "type":
            attributes[name] = value
        elif value in TYPES and not (compat and value in _OURS):
            kind = value
        else:
            near = nearest(value, TYPES)
            raise _wrong(
                item,
                f"there is no type {shown(value)}",
                f"The types are {', '.join(TYPES)}.",
                near,
            )
    return kind, attributes


def _unquoted(field: str) -> str:
    return field[1:-1] if len(field) > 1 and field[0] == field[-1] == '"' else field


def _check_choices(kind: RuleType, attributes: dict[str, str], item: str) -> None:
    if kind == "ref" and attributes["event"] not in EVENTS:
        raise _wrong(item, f"there is no event {shown(attributes['event'])}", f"The events are {', '.join(EVENTS)}.")
    if kind == "sha" and attributes["format"] not in FORMATS:
        raise _wrong(item, f"there is no format {shown(attributes['format'])}", f"It is one of {', '.join(FORMATS)}.")
    if kind == "match" and math.isnan(javascript.number(attributes["group"])):
        raise _wrong(item, f"group={shown(attributes['group'])} is no number", "Groups count from 1; 0 is the whole.")


def _check_strictly(kind: RuleType, attributes: dict[str, str], item: str) -> None:
    known = tuple(dict.fromkeys((*_ATTRIBUTES[kind], *_COMMON)))
    for name in attributes:
        if name not in known:
            near = nearest(name, known)
            raise _wrong(item, f"type={kind} has no {shown(name)}", f"It has {', '.join(known)}.", near)
    if math.isnan(javascript.number(attributes["priority"])):
        raise _wrong(item, f"priority={shown(attributes['priority'])} is no number", "The higher one comes first.")
    if kind == "match" and not re.match(_GROUP, attributes["group"]):
        raise _wrong(item, f"there is no group {shown(attributes['group'])}", "Groups count from 1; 0 is the whole.")


def _example(kind: RuleType) -> str:
    return {
        "ref": "type=ref,event=branch",
        "raw": "type=raw,value=NAME",
        "match": r"type=match,pattern=v(.*),group=1",
    }.get(kind, f"type={kind},pattern={{{{version}}}}")


def _wrong(item: str, what: str, reason: str, *meant: str) -> Failure:
    return Failure("tag.rule", f"{shown(item)}: {what}", why(reason), *(fix(one) for one in meant if one))
