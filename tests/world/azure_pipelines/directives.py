"""What ``${{ }}`` does in a tree: values put in, and parts of it left out, chosen or repeated."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tests.world.azure_pipelines.expressions import evaluate, parse
from tests.world.azure_pipelines.values import NoConversion, Object, TemplateError, to_boolean, to_text
from tests.world.azure_pipelines.yaml_tree import Map, to_plain, to_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DIRECTIVE = re.compile(
    r"^\s*(?P<condition>if|elseif)\s+(?P<of>.+)$"
    r"|^\s*(?P<plain>else|insert)\s*$"
    r"|^\s*each\s+(?P<first>[\w-]+)(?:\s*,\s*(?P<second>[\w-]+))?\s+in\s+(?P<in>.+)$",
    re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Scope:
    """Where a part of a tree stands: what its expressions may name, and the file that relative paths start from."""

    parameters: Object
    variables: Object
    file: str
    repository: str = "self"
    loops: dict[str, Any] = field(default_factory=dict)

    @property
    def names(self) -> dict[str, Any]:
        """What an expression may name here."""
        known = {"parameters": self.parameters, "variables": self.variables}
        return {**known, "resources": Object(), "pipeline": Object(), **self.loops}

    def inside(self, **loop: Any) -> Scope:
        """The same scope with the variables of a loop."""
        return replace(self, loops={**self.loops, **loop})

    def with_own_variables(self) -> Scope:
        """The same scope, whose further variables nobody outside sees."""
        return replace(self, variables=Object(self.variables))

    def with_variables_of(self, other: Scope) -> Scope:
        """The same scope with the variables of another one."""
        return replace(self, variables=other.variables)


@dataclass(frozen=True, slots=True)
class Directive:
    """A key that is an instruction. ``of`` is the condition or the collection, ``variables`` are those of an each."""

    kind: Literal["if", "elseif", "else", "insert", "each"]
    of: str = ""
    variables: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Embedded:
    """An expression within a text."""

    expression: str


Part: TypeAlias = str | Embedded
_END = object()
# A key, its value and the scope of both; without a key the value is spliced in.
Pair: TypeAlias = tuple[Any, Any, Scope]


def check_expressions(node: Any) -> None:
    """TemplateError if an expression in a tree can't be parsed, be it in a branch that is never taken."""
    match node:
        case Map():
            for key, value in node:
                directive = directive_of(key)
                if directive is None:
                    check_expressions(key)
                elif directive.of:
                    parse(directive.of)
                check_expressions(value)
        case list():
            for each in node:
                check_expressions(each)
        case str():
            for part in split(node):
                if isinstance(part, Embedded):
                    _check_embedded(part, node)


def _check_embedded(part: Embedded, text: str) -> None:
    if _DIRECTIVE.match(part.expression):
        raise TemplateError(f"'{text}' is a directive and needs a trailing ':'")
    parse(part.expression)


def split(text: str) -> list[Part]:
    """The parts of ``text``. What looks like the end of an expression does not end it within quotes."""
    parts: list[Part] = []
    position = 0
    while (start := text.find("${{", position)) >= 0:
        if start > position:
            parts.append(text[position:start])
        end, quoted = start + 3, False
        while end < len(text) and (quoted or not text.startswith("}}", end)):
            quoted ^= text[end] == "'"
            end += 1
        if end >= len(text):
            raise TemplateError(
                f"The expression is not closed. An unescaped ${{{{ was found: {text[start : start + 40]}"
            )
        parts.append(Embedded(text[start + 3 : end]))
        position = end + 2
    if position < len(text):
        parts.append(text[position:])
    return parts


def directive_of(key: Any) -> Directive | None:
    """The directive that the key of a map is, None if it is an ordinary one."""
    if not isinstance(key, str) or not key.strip().startswith("${{"):
        return None
    parts = split(key.strip())
    match = _DIRECTIVE.match(parts[0].expression) if len(parts) == 1 and isinstance(parts[0], Embedded) else None
    if match is None:
        return None
    if match["condition"]:
        return Directive("if" if match["condition"].lower() == "if" else "elseif", match["of"])
    if match["plain"]:
        return Directive("else" if match["plain"].lower() == "else" else "insert")
    return Directive("each", match["in"], tuple(name.lower() for name in (match["first"], match["second"]) if name))


def filled(text: Any, scope: Scope) -> Any:
    """The value of a scalar: that of its expression, if it is nothing else, else text with the expressions' values."""
    if not isinstance(text, str) or "${{" not in text:
        return text
    parts = split(text)
    if len(parts) == 1 and isinstance(parts[0], Embedded):
        return evaluate(parts[0].expression, scope.names)
    try:
        values = [part if isinstance(part, str) else to_text(evaluate(part.expression, scope.names)) for part in parts]
    except NoConversion as error:
        raise TemplateError(f"{error} in {text!r}") from error
    return "".join(values)


def expanded(node: Any, scope: Scope) -> Any:
    """A tree without expressions."""
    if isinstance(node, list):
        return [expanded(each, inner) for each, inner in items(node, scope)]
    if not isinstance(node, Map):
        return to_tree(filled(node, scope))
    pairs: dict[str, tuple[Any, Any]] = {}
    for key, value, inner in members(node, scope):
        if str(key).lower() in pairs:
            raise TemplateError(f"'{key}' is already defined")
        pairs[str(key).lower()] = (key, expanded(value, inner))
    return Map(pairs.values())


def members(node: Any, scope: Scope) -> Iterator[Pair]:
    """The pairs of a map once its directives are carried out; the values are left as they are."""
    if isinstance(node, str):
        node = to_tree(filled(node, scope))
    for key, value, inner in _chosen(node or Map(), scope):
        if key is not None:
            name = filled(key, inner)
            yield (name if isinstance(name, str) else to_text(name)), value, inner
            continue
        spliced = to_tree(filled(value, inner)) if isinstance(value, str) else value
        if spliced is None:
            continue
        if not isinstance(spliced, Map):
            raise TemplateError("Expected a mapping")
        yield from members(spliced, inner)


def items(node: Any, scope: Scope) -> Iterator[tuple[Any, Scope]]:
    """The items of a list once its directives are carried out; the items are left as they are."""
    if isinstance(node, str):
        node = filled(node, scope)
    if node is None:
        return
    if not isinstance(node, list):
        raise TemplateError(f"Expected a sequence, got {type(node).__name__}: {str(to_plain(node))[:80]}")
    # Neighbouring directives belong together: an else is an item of its own.
    directives: list[tuple[Any, Any]] = []
    for item in [*node, _END]:
        if isinstance(item, Map) and len(item) == 1 and directive_of(item.pairs[0][0]):
            directives.append(item.pairs[0])
            continue
        for key, value, inner in _chosen(directives, scope):
            if key is None:
                yield from items(value, inner)
        directives.clear()
        if item is not _END:
            yield from _put_in(item, scope)


def _put_in(item: Any, scope: Scope) -> Iterator[tuple[Any, Scope]]:
    if not isinstance(item, str) or "${{" not in item:
        yield item, scope
        return
    value = to_tree(filled(item, scope))
    if isinstance(value, list):
        yield from ((each, scope) for each in value)
    elif value is not None:
        yield value, scope


def _chosen(pairs: Iterable[tuple[Any, Any]], scope: Scope) -> Iterator[Pair]:
    """``pairs`` with the bodies of those directives that apply. Nothing is evaluated that a branch leaves out."""
    taken: bool | None = None  # whether a branch of the chain was taken; None outside of a chain
    for key, value in pairs:
        directive = directive_of(key)
        match directive:
            case None:
                taken = None
                yield key, value, scope
            case Directive("if"):
                taken = to_boolean(evaluate(directive.of, scope.names))
                if taken:
                    yield None, value, scope
            case Directive("elseif" | "else"):
                if taken is None:
                    raise TemplateError(f"Unexpected '{directive.kind}' without matching if")
                applies = not taken and (not directive.of or to_boolean(evaluate(directive.of, scope.names)))
                taken = None if directive.kind == "else" else taken or applies
                if applies:
                    yield None, value, scope
            case Directive("insert"):
                taken = None
                yield None, value, scope
            case Directive("each"):
                taken = None
                yield from ((None, value, scope.inside(**loop)) for loop in _rounds(directive, scope))


def _rounds(directive: Directive, scope: Scope) -> Iterator[dict[str, Any]]:
    """The variables of each round of a loop."""
    collection = evaluate(directive.of, scope.names)
    first, *second = directive.variables
    match collection:
        case None:
            return
        case Object():
            for key, value in collection.items():
                yield {first: key, second[0]: value} if second else {first: Object({"key": key, "value": value})}
        case list():
            for index, value in enumerate(collection):
                yield {first: float(index), second[0]: value} if second else {first: value}
        case _:
            raise TemplateError(f"'each' needs a sequence or mapping: {directive.of}")
