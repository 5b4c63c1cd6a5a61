"""YAML as a tree of nodes that know their line and column, read so that a file means only what it seems to.

Aliases, anchors, tags, merge keys, duplicate keys, more than 1 MiB and more than 32 levels are refused. Scalars keep
their text: whether ``1.10`` is a number or a version is decided by who asks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pipeline_kit import tree
from pipeline_kit.errors import Failure, Place, why

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LARGEST = 1 << 20
_DEEPEST = 32


class Scalar(msgspec.Struct, frozen=True):
    """``quoted`` scalars are text; others may be read as a number, true or false, or null."""

    text: str
    quoted: bool
    place: Place


class Sequence(msgspec.Struct, frozen=True):
    """A list."""

    items: tuple[Node, ...]
    place: Place


class Mapping(msgspec.Struct, frozen=True):
    """A map; ``keys`` has the place of each key."""

    items: dict[str, Node]
    keys: dict[str, Place]
    place: Place


Node = Scalar | Sequence | Mapping


def read(path: Path, shown: str, *, top: Path | None = None) -> str:
    """The text of the file. ``shown`` is its name in messages; no part of its path below ``top`` may be a link."""
    try:
        raw = tree.read(path, 64 * _LARGEST, top=top)
    except OSError as error:
        raise Failure("config.file", f"{shown} can't be read: {error.strerror}") from error
    if len(raw) > _LARGEST:
        raise Failure("config.syntax", f"{shown} has more than 1 MiB")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Failure("config.syntax", f"{shown}:{line} is not UTF-8", place=Place(shown, line)) from error


def parse(text: str, shown: str) -> Mapping:
    """The map that ``text`` holds; an empty text is an empty map."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        events = iter(YAML(typ="safe", pure=True).parse(text))
        node = _Builder(events, shown).document()
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise _syntax(shown, "a character that YAML does not allow", Place(shown, line), text) from error
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = Place(shown, mark.line + 1, mark.column + 1) if mark else Place(shown)
        raise _syntax(shown, str(getattr(error, "problem", "") or "not valid YAML"), place, text) from error
    if not isinstance(node, Mapping):
        raise _syntax(shown, "the file must be a map of keys and values", node.place, text)
    return node


def excerpt(text: str, place: Place, width: int = 1, note: str = "") -> tuple[str, ...]:
    """The line of ``place`` with a caret under it, as evidence for a failure."""
    lines = text.splitlines()
    if not 0 < place.line <= len(lines):
        return ()
    marker = " " * (max(place.column, 1) - 1) + "^" * max(width, 1)
    return (f"{place.line:>8} │ {lines[place.line - 1]}", f"{'':>8} │ {marker}{' ' if note else ''}{note}")


def _syntax(shown: str, problem: str, place: Place, text: str) -> Failure:
    where = Place(shown, place.line, place.column)
    return Failure("config.syntax", f"{where}, {problem}", evidence=excerpt(text, where), place=where)


class _Builder:
    """Builds nodes from parser events with a depth limit, so that no input can exhaust the stack."""

    def __init__(self, events: Iterator[Any], shown: str) -> None:
        self._events = events
        self._shown = shown

    def document(self) -> Node:
        node: Node | None = None
        for event in self._events:
            name = type(event).__name__
            if name in ("ScalarEvent", "SequenceStartEvent", "MappingStartEvent", "AliasEvent"):
                if node is not None:
                    raise self._refuse(event, "only one document is allowed")
                node = self._node(event, 1)
        return node or Mapping({}, {}, Place(self._shown, 1, 1))

    def _node(self, event: Any, depth: int) -> Node:
        name = type(event).__name__
        if name == "AliasEvent" or getattr(event, "anchor", None):
            raise self._refuse(event, "anchors and aliases are not allowed: write the value out")
        if getattr(event, "tag", None):
            raise self._refuse(event, "tags such as !!python are not allowed")
        if depth > _DEEPEST:
            raise self._refuse(event, f"more than {_DEEPEST} levels")
        if name == "ScalarEvent" and "\0" in event.value:
            raise self._refuse(event, "a NUL character is not allowed")
        if name == "ScalarEvent":
            return Scalar(event.value, event.style is not None, self._place(event))
        if name == "SequenceStartEvent":
            return Sequence(tuple(self._sequence(depth)), self._place(event))
        return self._mapping(event, depth)

    def _sequence(self, depth: int) -> Iterator[Node]:
        for event in self._events:
            if type(event).__name__ == "SequenceEndEvent":
                return
            yield self._node(event, depth + 1)

    def _mapping(self, start: Any, depth: int) -> Mapping:
        items: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for event in self._events:
            if type(event).__name__ == "MappingEndEvent":
                break
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar) or key.text == "<<":
                raise self._refuse(event, "a key must be plain text")
            if key.text in items:
                raise self._refuse(event, f'"{key.text}" is here twice, first in line {keys[key.text].line}')
            items[key.text] = self._node(next(self._events), depth + 1)
            keys[key.text] = key.place
        return Mapping(items, keys, self._place(start))

    def _place(self, event: Any) -> Place:
        return Place(self._shown, event.start_mark.line + 1, event.start_mark.column + 1)

    def _refuse(self, event: Any, problem: str) -> Failure:
        place = self._place(event)
        return Failure("config.syntax", f"{place}, {problem}", why(_WHY), place=place)


_WHY = "The file is read strictly, so that what a reviewer sees is what runs."
