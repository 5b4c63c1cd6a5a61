"""The functions of the expression language that only look at the values they get."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.world.azure_pipelines.values import TemplateError, Version, compare, equal, to_boolean, to_number, to_text

_ANY_NUMBER = 255
_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{(\d+)(?::[^}]*)?\}|[{}]")


@dataclass(frozen=True, slots=True)
class Function:
    """``call`` takes from ``fewest`` to ``most`` values."""

    fewest: int
    most: int
    call: Callable[..., Any]


def _contains_value(where: Any, what: Any) -> bool:
    members = where.values() if isinstance(where, Mapping) else where or []
    return any(equal(member, what) for member in members)


def _format(pattern: Any, *values: Any) -> str:
    text = to_text(pattern)

    def filled(match: re.Match[str]) -> str:
        if match[0] in ("{{", "}}"):
            return match[0][0]
        if match[1] is None or int(match[1]) >= len(values):
            raise TemplateError(f"format: bad index in {text!r}")
        return to_text(values[int(match[1])])

    return _PLACEHOLDER.sub(filled, text)


def _join(separator: Any, items: Any) -> str:
    if not isinstance(items, list):
        return to_text(items)
    return to_text(separator).join(to_text(item) for item in items if not isinstance(item, (list, dict)))


def _split(text: Any, separators: Any) -> list[str]:
    return to_text(text).split(to_text(separators)) if to_text(separators) else [to_text(text)]


def _length(value: Any) -> float:
    return float(len(value) if isinstance(value, (list, dict)) else len(to_text(value)))


def _substring(text: Any, start: Any, length: Any = None) -> str:
    first = max(0, int(to_number(start)))
    rest = to_text(text)[first:]
    return rest if length is None else rest[: max(0, int(to_number(length)))]


def _to_json(value: Any) -> str:
    return json.dumps(_for_json(value), indent=2, ensure_ascii=False)


def _for_json(value: Any) -> Any:
    match value:
        case float() if value == int(value):
            return int(value)
        case Version():
            return str(value)
        case dict():
            return {key: _for_json(each) for key, each in value.items()}
        case list():
            return [_for_json(each) for each in value]
    return value


FUNCTIONS: dict[str, Function] = {
    "eq": Function(2, 2, equal),
    "ne": Function(2, 2, lambda left, right: not equal(left, right)),
    "lt": Function(2, 2, lambda left, right: compare(left, right) < 0),
    "le": Function(2, 2, lambda left, right: compare(left, right) <= 0),
    "gt": Function(2, 2, lambda left, right: compare(left, right) > 0),
    "ge": Function(2, 2, lambda left, right: compare(left, right) >= 0),
    "not": Function(1, 1, lambda value: not to_boolean(value)),
    "xor": Function(2, 2, lambda left, right: to_boolean(left) != to_boolean(right)),
    "in": Function(1, _ANY_NUMBER, lambda value, *others: any(equal(value, other) for other in others)),
    "notin": Function(1, _ANY_NUMBER, lambda value, *others: not any(equal(value, other) for other in others)),
    "contains": Function(2, 2, lambda text, part: to_text(part).lower() in to_text(text).lower()),
    "startswith": Function(2, 2, lambda text, part: to_text(text).lower().startswith(to_text(part).lower())),
    "endswith": Function(2, 2, lambda text, part: to_text(text).lower().endswith(to_text(part).lower())),
    "containsvalue": Function(2, 2, _contains_value),
    "format": Function(1, _ANY_NUMBER, _format),
    "join": Function(2, 2, _join),
    "split": Function(2, 2, _split),
    "replace": Function(3, 3, lambda text, old, new: to_text(text).replace(to_text(old), to_text(new))),
    "lower": Function(1, 1, lambda text: to_text(text).lower()),
    "upper": Function(1, 1, lambda text: to_text(text).upper()),
    "trim": Function(1, 1, lambda text: to_text(text).strip()),
    "length": Function(1, 1, _length),
    "substring": Function(2, 3, _substring),
    "converttojson": Function(1, 1, _to_json),
    "iif": Function(3, 3, lambda condition, yes, no: yes if to_boolean(condition) else no),
}
