"""The values of the expression language, and how they turn into each other.

https://learn.microsoft.com/azure/devops/pipelines/process/expressions#type-casting
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_VERSION = re.compile(r"\d+(\.\d+){1,3}")
_EXACT_INTEGER = 1e15


class TemplateError(Exception):
    """A pipeline or template says what can't be."""


class NoConversion(TemplateError):  # noqa: N818 - where it is caught, it is an answer
    """A value does not turn into what is wanted."""


class Object(dict[str, Any]):
    """An object: its keys are the same in upper and lower case, and keep the case they came with."""

    def __init__(self, items: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        super().__init__()
        self._spelling: dict[str, str] = {}
        for key, value in items.items() if isinstance(items, Mapping) else items:
            self[key] = value

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(self._spelling.setdefault(str(key).lower(), key), value)

    def __getitem__(self, key: str) -> Any:
        return super().__getitem__(self._spelling.get(str(key).lower(), key))

    def __contains__(self, key: object) -> bool:
        return str(key).lower() in self._spelling

    def get(self, key: str, default: Any = None) -> Any:
        """The value of ``key``, or ``default``."""
        return super().get(self._spelling.get(str(key).lower(), key), default)


class Version(tuple[int, ...]):
    """A version of two to four numbers, which compares as such."""

    __slots__ = ()

    def __str__(self) -> str:
        return ".".join(map(str, self))


def to_text(value: Any) -> str:
    """``value`` as text; NoConversion for objects and lists."""
    match value:
        case None:
            return ""
        case float():
            return _number_text(value)
        case bool() | int() | str() | Version():
            return str(value)
    raise NoConversion(f"Unable to convert from Object or Array to String: {value!r}")


def _number_text(value: float) -> str:
    if abs(value) >= _EXACT_INTEGER:
        return f"{value:.0f}"
    return f"{value:.0f}" if value == int(value) else f"{value:.15g}"


def to_boolean(value: Any) -> bool:
    """``value`` as a boolean: any text but the empty one is true, 'False' too."""
    return (
        value != "" if isinstance(value, str) else bool(value) if isinstance(value, (int, float)) else value is not None
    )


def to_number(value: Any) -> float:
    """``value`` as a number; NoConversion if it is none."""
    match value:
        case None:
            return 0.0
        case bool() | int() | float():
            return float(value)
        case str() if not value.strip():
            return 0.0
        case str():
            try:
                return float(value)
            except ValueError:
                pass
    raise NoConversion(f"Unable to convert to Number: {value!r}")


def to_version(value: Any) -> Version:
    """``value`` as a version; NoConversion if it is none."""
    if isinstance(value, Version):
        return value
    if isinstance(value, str) and _VERSION.fullmatch(value):
        return Version(map(int, value.split(".")))
    raise NoConversion(f"Unable to convert to Version: {value!r}")


def equal(left: Any, right: Any) -> bool:
    """Whether both are the same, once ``right`` is of the kind of ``left``."""
    try:
        one, other = _alike(left, right)
    except NoConversion:
        return False
    return bool(one == other)


def compare(left: Any, right: Any) -> int:
    """-1, 0 or 1 for less, equal, greater, once ``right`` is of the kind of ``left``; TemplateError if it can't be."""
    try:
        one, other = _alike(left, right)
    except NoConversion as error:
        raise TemplateError(f"Unable to compare {left!r} and {right!r}: {error}") from error
    return int(one > other) - int(one < other)


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    match left:
        case bool():
            return left, to_boolean(right)
        case int() | float():
            return float(left), to_number(right)
        case Version():
            return left, to_version(right)
        case str():
            return left.lower(), to_text(right).lower()
        case None if right is None or right == "":
            return None, None
        case None:
            raise NoConversion(f"Unable to convert to Null: {right!r}")
    return id(left), id(right)
