"""The expression language: parsed, checked and evaluated."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from tests.world.azure_pipelines.functions import FUNCTIONS
from tests.world.azure_pipelines.values import NoConversion, TemplateError, to_boolean, to_number, to_text, to_version

Functions: TypeAlias = Mapping[str, Callable[..., Any]]

_TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<version>\d+(?:\.\d+){2,3})(?![\w.])"
    r"|(?P<number>[-+]?(?:\d+(?:\.\d+)?|\.\d+))(?![\w.])"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<mark>[()\[\],.*]))"
)
_KEYWORDS = {"true": True, "false": False, "null": None}
# These look at their arguments only as far as they must.
_LAZY = ("and", "or", "coalesce")


@dataclass(frozen=True, slots=True)
class Literal:
    """A value that stands there."""

    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    """A context: parameters, variables, dependencies, the variable of an each."""

    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """A member of ``of``."""

    of: Expression
    key: Expression


@dataclass(frozen=True, slots=True)
class Members:
    """All members of ``of``, as ``.*`` has them."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """A function and what it is called with."""

    function: str
    arguments: tuple[Expression, ...]


Expression: TypeAlias = Literal | Name | Index | Members | Call


def evaluate(text: str, names: Mapping[str, Any], functions: Functions | None = None) -> Any:
    """The value of the expression ``text``, whose contexts are ``names``. ``functions`` are known beside the usual
    ones. What it names is checked even where it is not evaluated.
    """
    known = {name.lower(): value for name, value in names.items()}
    expression = parse(text)
    _check(expression, known, functions or {})
    return _Evaluation(known, functions or {}).value(expression)


def parse(text: str) -> Expression:
    """The expression that ``text`` is; TemplateError if it is none."""
    return _Parser(text).whole()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text.strip()
        self._tokens = self._tokenized(text)
        self._next = 0

    def _tokenized(self, text: str) -> list[tuple[str, str]]:
        tokens, position = [], 0
        while text[position:].strip():
            match = _TOKEN.match(text, position)
            if not match or match.lastgroup is None:
                raise TemplateError(f"Unexpected symbol {text[position:].strip()[:20]!r} in expression '{self._text}'")
            tokens.append((match.lastgroup, match[match.lastgroup]))
            position = match.end()
        return tokens

    def whole(self) -> Expression:
        if not self._tokens:
            raise TemplateError("An expression was expected")
        expression = self._expression()
        if self._next != len(self._tokens):
            raise TemplateError(f"Unexpected symbol {self._tokens[self._next][1]!r} in '{self._text}'")
        return expression

    def _expression(self) -> Expression:
        kind, token = self._taken()
        expression: Expression
        match kind:
            case "text":
                expression = Literal(token[1:-1].replace("''", "'"))
            case "number":
                expression = Literal(float(token))
            case "version":
                expression = Literal(to_version(token))
            case "name" if self._is_next("("):
                expression = Call(token, tuple(self._arguments()))
            case "name" if token.lower() in _KEYWORDS:
                expression = Literal(_KEYWORDS[token.lower()])
            case "name":
                expression = Name(token)
            case _:
                raise TemplateError(f"Unexpected symbol {token!r} in '{self._text}'")
        return self._followed(expression)

    def _arguments(self) -> list[Expression]:
        self._taken("(")
        arguments = []
        while not self._is_next(")"):
            arguments.append(self._expression())
            if not self._is_next(")"):
                self._taken(",")
        self._taken(")")
        return arguments

    def _followed(self, expression: Expression) -> Expression:
        """``expression`` with the members of it that are asked for."""
        while True:
            if self._is_next("."):
                self._taken(".")
                _, name = self._taken()
                expression = Members(expression) if name == "*" else Index(expression, Literal(name))
            elif self._is_next("["):
                self._taken("[")
                if self._is_next("*"):
                    self._taken("*")
                    expression = Members(expression)
                else:
                    expression = Index(expression, self._expression())
                self._taken("]")
            else:
                return expression

    def _is_next(self, mark: str) -> bool:
        return self._next < len(self._tokens) and self._tokens[self._next] == ("mark", mark)

    def _taken(self, mark: str = "") -> tuple[str, str]:
        if self._next >= len(self._tokens):
            raise TemplateError(f"Unexpected end of '{self._text}' (wanted {mark or 'a value'})")
        if mark and not self._is_next(mark):
            raise TemplateError(f"Unexpected symbol {self._tokens[self._next][1]!r} in '{self._text}' (wanted {mark})")
        self._next += 1
        return self._tokens[self._next - 1]


def _check(expression: Expression, names: Mapping[str, Any], functions: Functions) -> None:
    match expression:
        case Name(name) if name.lower() not in names:
            raise TemplateError(f"Unrecognized value: '{name}'")
        case Call(function, arguments):
            _check_call(function.lower(), len(arguments), functions)
            for argument in arguments:
                _check(argument, names, functions)
        case Index(of, key):
            _check(of, names, functions)
            _check(key, names, functions)
        case Members(of):
            _check(of, names, functions)


def _check_call(function: str, arguments: int, functions: Functions) -> None:
    if function in _LAZY or function in functions:
        return
    if function not in FUNCTIONS:
        raise TemplateError(f"Unrecognized function: '{function}'")
    if not FUNCTIONS[function].fewest <= arguments <= FUNCTIONS[function].most:
        raise TemplateError(f"Wrong number of parameters: {function}")


@dataclass(frozen=True, slots=True)
class _Evaluation:
    names: Mapping[str, Any]
    functions: Functions

    def value(self, expression: Expression) -> Any:
        match expression:
            case Literal(value):
                return value
            case Name(name):
                return self.names[name.lower()]
            case Index(of, key):
                return self._member(of, self.value(key))
            case Members(of):
                value = self.value(of)
                return (
                    list(value.values())
                    if isinstance(value, Mapping)
                    else list(value)
                    if isinstance(value, list)
                    else []
                )
            case Call(function, arguments):
                return self._called(function.lower(), arguments)

    def _member(self, of: Expression, key: Any) -> Any:
        value = self.value(of)
        if isinstance(value, Mapping):
            return value.get(to_text(key))
        if not isinstance(value, list):
            return None
        if isinstance(of, Members):
            return [each.get(to_text(key)) for each in value if isinstance(each, Mapping) and to_text(key) in each]
        try:
            index = int(to_number(key))
        except NoConversion:
            return None
        return value[index] if 0 <= index < len(value) else None

    def _called(self, function: str, arguments: tuple[Expression, ...]) -> Any:
        if function in self.functions:
            return self.functions[function](*map(self.value, arguments))
        match function:
            case "and":
                return all(to_boolean(self.value(argument)) for argument in arguments)
            case "or":
                return any(to_boolean(self.value(argument)) for argument in arguments)
            case "coalesce":
                values = map(self.value, arguments)
                return next((value for value in values if value is not None and value != ""), None)
        try:
            return FUNCTIONS[function].call(*map(self.value, arguments))
        except NoConversion as error:
            raise TemplateError(f"{function}: {error}") from error
