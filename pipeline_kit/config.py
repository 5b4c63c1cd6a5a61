"""``pipeline-kit.yml``: checked against the schema that is generated from the options, with the place of every mistake.

The file's values become click's ``default_map``: a flag and an environment variable win over them, and they win over
the defaults.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from pipeline_kit.errors import Failure, Place, alternative, fix, nearest, why
from pipeline_kit.yaml import Mapping, Node, Scalar, Sequence, excerpt, parse, read

NAME = "pipeline-kit.yml"
SCHEMA_NAME = "pipeline-kit.schema.json"
# `version` at the top of the file is the version of the file.
_SECTIONS = {"version": "versioning"}
_NUMBERS = {"integer": re.compile(r"[-+]?[0-9]+\Z"), "number": re.compile(r"[-+]?[0-9]+(\.[0-9]+)?\Z")}
_BOOLEANS = {"true": True, "false": False, "True": True, "False": False}
_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a map",
}


class Settings(msgspec.Struct, frozen=True):
    """The configuration as read. ``shown`` is the file's name in messages, '' where there is no file."""

    shown: str = ""
    root: Mapping = msgspec.field(default_factory=lambda: Mapping({}, {}, Place("")))

    def text(self, *path: str) -> str:
        """The scalar at ``path``, '' where it is not set."""
        node = self._at(path)
        return node.text if isinstance(node, Scalar) else ""

    def place(self, *path: str) -> Place | None:
        """Where ``path`` is set."""
        node = self._at(path)
        return node.place if node else None

    def options(self, step: str, environment: str = "") -> dict[str, Any]:
        """Values for the options of ``step``: those of its section, over them those of the environment's."""
        section = section_of(step)
        found: dict[str, Any] = {}
        for path in ((section,), ("environments", environment, section)):
            node = self._at(path)
            if isinstance(node, Mapping):
                found |= {key.replace("-", "_"): _value(value) for key, value in node.items.items()}
        return found

    def environments(self) -> tuple[str, ...]:
        """The names under ``environments``."""
        return self._names("environments")

    def packages(self) -> dict[str, tuple[str, str]]:
        """The path and the tags' prefix of each package, by name: ``NAME-v`` where no prefix is set."""
        return {
            name: (self.text("packages", name, "path"), self._or("packages", name, "prefix", default=f"{name}-v"))
            for name in self._names("packages")
        }

    def files_of_package(self, name: str) -> dict[str, Any]:
        """``files`` (a list of texts) and ``changelog`` (text) that the package has of its own; none if not set."""
        node = self._at(("packages", name))
        found = {key: _value(value) for key, value in node.items.items()} if isinstance(node, Mapping) else {}
        if isinstance(found.get("files"), str):
            found["files"] = [found["files"]]
        return {key: found[key] for key in ("files", "changelog") if key in found}

    def _names(self, key: str) -> tuple[str, ...]:
        node = self._at((key,))
        return tuple(node.items) if isinstance(node, Mapping) else ()

    def _or(self, *path: str, default: str) -> str:
        """The scalar at ``path``, also an empty one, or ``default`` where it is not set."""
        return self.text(*path) if self._at(path) else default

    def _at(self, path: tuple[str, ...]) -> Node | None:
        node: Node | None = self.root
        for key in path:
            node = node.items.get(key) if isinstance(node, Mapping) else None
        return node


def section_of(step: str) -> str:
    """The key of the configuration that holds the options of ``step``."""
    return _SECTIONS.get(step, step)


def load(path: Path, shown: str, *, top: Path | None = None) -> Settings:
    """The settings in the file, all of it checked; no part of its path below ``top`` may be a link."""
    try:
        return loads(read(path, shown, top=top), shown)
    except Failure as failure:
        if failure.kind == "tree.link":
            failure.extended(alternative("name the file itself: --config FILE, or PIPELINE_KIT_CONFIG"))
        raise


def loads(text: str, shown: str = NAME) -> Settings:
    """The settings in ``text``, all of it checked."""
    return _checked(parse(text, shown), text, shown)


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the file, as shipped in the package."""
    raw = Path(__file__).with_name(SCHEMA_NAME).read_bytes()
    found: dict[str, Any] = msgspec.json.decode(raw)
    return found


def _checked(root: Mapping, text: str, shown: str) -> Settings:
    declared = root.items.get("version")
    if isinstance(declared, Scalar) and declared.text != "1":
        raise Failure(
            "config.version",
            f"{declared.place}, version {declared.text} is not known",
            why("This release reads version 1."),
            evidence=excerpt(text, declared.place, len(declared.text)),
            place=declared.place,
        )
    _Check(schema(), text).node(root, schema(), "")
    return Settings(shown, root)


class _Check:
    """Holds a tree against the part of JSON Schema that our own schema uses."""

    def __init__(self, whole: dict[str, Any], text: str) -> None:
        self._whole = whole
        self._text = text

    def node(self, node: Node, rule: dict[str, Any], key: str) -> None:
        if "$ref" in rule:
            rule = self._whole["$defs"][rule["$ref"].rpartition("/")[2]]
        alternatives = rule.get("anyOf", [rule])
        fitting = [one for one in alternatives if _fits(node, one)]
        if not fitting:
            raise self._wrong(node, key, " or ".join(_WORDS[one["type"]] for one in alternatives))
        rule = fitting[0]
        if isinstance(node, Mapping):
            self._mapping(node, rule)
        elif isinstance(node, Sequence):
            for item in node.items:
                self.node(item, rule["items"], key)
        elif "enum" in rule and node.text not in rule["enum"]:
            raise self._wrong(node, key, "one of " + ", ".join(rule["enum"]), near=rule["enum"])

    def _mapping(self, node: Mapping, rule: dict[str, Any]) -> None:
        known = rule.get("properties", {})
        others = rule.get("additionalProperties", False)
        for key, value in node.items.items():
            if key in known:
                self.node(value, known[key], key)
            elif others:
                self.node(value, others, key)
            else:
                raise self._unknown(key, node.keys[key], known)

    def _unknown(self, key: str, place: Place, known: dict[str, Any]) -> Failure:
        near = nearest(key, known)
        note = f'did you mean "{near}"?' if near else "known here: " + ", ".join(sorted(known))
        return Failure(
            "config.unknown-key",
            f'{place}, unknown key "{key}"',
            why("A key that nothing reads would be a setting that silently does not apply."),
            evidence=excerpt(self._text, place, len(key), note),
            place=place,
        )

    def _wrong(self, node: Node, key: str, wanted: str, near: list[str] | None = None) -> Failure:
        written = node.text if isinstance(node, Scalar) else ""
        close = nearest(written.lower(), [word.lower() for word in near or []])
        guess = next((word for word in near or [] if word.lower() == close), "")
        return Failure(
            "config.type",
            f'{node.place}, "{key}" must be {wanted}',
            *([fix(f"{key}: {guess}")] if guess else []),
            evidence=excerpt(self._text, node.place, len(written)),
            place=node.place,
        )


def _fits(node: Node, rule: dict[str, Any]) -> bool:
    kind = rule["type"]
    if isinstance(node, Mapping):
        return bool(kind == "object")
    if isinstance(node, Sequence):
        return bool(kind == "array")
    if kind == "boolean":
        return not node.quoted and node.text in _BOOLEANS
    if kind in _NUMBERS:
        return not node.quoted and bool(_NUMBERS[kind].match(node.text))
    return kind == "string" and (node.quoted or node.text not in ("", "~", "null"))


def _value(node: Node) -> Any:
    """A node as click takes it: text, true or false, a list of texts, a map as KEY=VALUE texts."""
    if isinstance(node, Mapping):
        return [f"{key}={value.text}" for key, value in node.items.items() if isinstance(value, Scalar)]
    if isinstance(node, Sequence):
        return [item.text for item in node.items if isinstance(item, Scalar)]
    return _BOOLEANS.get(node.text, node.text) if not node.quoted else node.text
