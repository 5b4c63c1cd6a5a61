"""A pipeline's YAML as it is written: maps keep their order, and keys that occur twice, as directives may."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from tests.world.azure_pipelines.values import Object, TemplateError, Version


class Map:
    """A map as written: pairs of keys and values."""

    def __init__(self, pairs: Iterable[tuple[Any, Any]] = ()) -> None:
        self.pairs = list(pairs)

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        return iter(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def get(self, key: str, default: Any = None) -> Any:
        """The value of the first ``key``, in upper or lower case, or ``default``."""
        return next((value for name, value in self.pairs if _same(name, key)), default)

    def has(self, key: str) -> bool:
        """Whether there is such a key."""
        return any(_same(name, key) for name, _ in self.pairs)


class _Loader(yaml.SafeLoader):
    """YAML 1.2's core schema: no dates, no yes and no."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML fills the class's


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def _construct_map(loader: yaml.SafeLoader, node: yaml.MappingNode) -> Map:
    pairs = node.value
    return Map(
        (loader.construct_object(key, deep=True), loader.construct_object(value, deep=True)) for key, value in pairs
    )


_Loader.add_constructor("tag:yaml.org,2002:map", _construct_map)


def load(text: str) -> Any:
    """The tree that ``text`` is: Map, list and scalars; TemplateError if it is no YAML."""
    try:
        return yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        raise TemplateError(f"YAML: {error}") from error


def to_plain(node: Any) -> Any:
    """A tree as dicts, lists and scalars, the last of equal keys wins."""
    if isinstance(node, (Map, Mapping)):
        return {str(key): to_plain(value) for key, value in _pairs(node)}
    return [to_plain(each) for each in node] if isinstance(node, list) else node


def to_value(node: Any) -> Any:
    """A tree as a value of the expression language."""
    if isinstance(node, (Map, Mapping)):
        return Object((str(key), to_value(value)) for key, value in _pairs(node))
    return [to_value(each) for each in node] if isinstance(node, list) else node


def to_tree(value: Any) -> Any:
    """A value of the expression language as a tree."""
    match value:
        case Map() | Mapping():
            return Map((key, to_tree(each)) for key, each in _pairs(value))
        case list():
            return [to_tree(each) for each in value]
        case float() if value == int(value):
            return int(value)
        case Version():
            return str(value)
    return value


def _pairs(node: Map | Mapping[str, Any]) -> Iterable[tuple[Any, Any]]:
    return node.items() if isinstance(node, Mapping) else node.pairs


def _same(name: object, key: str) -> bool:
    return isinstance(name, str) and name.lower() == key.lower()
