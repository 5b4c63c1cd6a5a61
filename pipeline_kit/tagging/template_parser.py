"""From the text of a template to its nodes; a construct that is not supported is refused by name."""

from __future__ import annotations

import re
from typing import TypeAlias, Union

import msgspec

from pipeline_kit.errors import Failure, Note, alternative, why
from pipeline_kit.tagging.lists import shown

_DEEPEST = 16
# An identifier as Handlebars' lexer has it.
_ID = r"""[^\s!"#%&'()*+,./;<=>@\[\\\]^`{|}~]+"""
_QUOTED = r"""'(?P<single>(?:\\'|[^'])*)'|"(?P<double>(?:\\"|[^"])*)\""""
_TAG = re.compile(r"\{\{(?P<inner>\{[^{}]*\}|[^{}]*)\}\}")
# Compiled by the few templates that need them.
_PIECE = rf"""\s*(?:(?P<name>{_ID})\s*=|{_QUOTED}|(?P<path>{_ID}(?:[./]{_ID})*)(?=\s|\Z))"""
_VALUE = rf"""\s*(?:{_QUOTED}|(?P<path>{_ID}(?:[./]{_ID})*)(?=\s|\Z))"""
# What an unquoted word must not be: docker/metadata-action would fail on it in its own way.
_FUNCTIONS = ("branch", "tag", "sha", "base_ref", "is_default_branch", "is_not_default_branch", "date", "commit_date")
_HELPERS = ("each", "if", "log", "lookup", "unless", "with", "helperMissing", "blockHelperMissing")
_SUPPORTED = "{{x}}, {{{x}}}, {{#if x}}...{{else}}...{{/if}}, {{#unless x}}, {{date 'FORMAT' tz='ZONE'}}"


class Value(msgspec.Struct, frozen=True):
    """``{{name ...}}``. ``words`` are what follows the name, ``named`` what follows as NAME=VALUE; None is a value that
    is undefined in JavaScript.
    """

    name: str
    escaped: bool = True
    words: tuple[str | None, ...] = ()
    named: tuple[tuple[str, str | None], ...] = ()


class Condition(msgspec.Struct, frozen=True):
    """``{{#if name}}``: ``then`` where the variable holds something, else ``otherwise``."""

    name: str
    then: tuple[Node, ...] = ()
    otherwise: tuple[Node, ...] = ()


Node: TypeAlias = Union[str, Value, "Condition"]


def nodes_of(text: str) -> tuple[Node, ...]:
    """The nodes of ``text``.

    Failure: ``tag.template``.
    """
    return _Parser(text).whole()


def refused(text: str, what: str, reason: str, *ways: Note) -> Failure:
    """The failure of a template, with the ways out."""
    # A construct that is the whole text is not said twice.
    headline = what if what.startswith(shown(text)) else f"{shown(text)}: {what}"
    return Failure(
        "tag.template",
        headline,
        why(reason),
        *(ways or [alternative("a step before this one can make the text, and give it as type=raw,value=...")]),
    )


class _Parser:
    """Text and tags in turn; a block calls itself for what is inside."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.end = ""

    def whole(self) -> tuple[Node, ...]:
        nodes = self._nodes(0)
        if self.end:
            raise self._refused(f"{{{{{self.end}}}}} ends nothing", "No block is open that it could end.")
        return nodes

    def _nodes(self, depth: int) -> tuple[Node, ...]:
        """The nodes up to the tag that ends this part, which is left in ``end``; '' at the end of the text."""
        if depth > _DEEPEST:
            raise self._refused("blocks stand too deep inside of blocks", f"At most {_DEEPEST} are read.")
        found: list[Node] = []
        while True:
            start = self.text.find("{{", self.at)
            if start < 0:
                found += [self.text[self.at :]] if self.at < len(self.text) else []
                self.at = len(self.text)
                self.end = ""
                return tuple(found)
            if start > self.at:
                found.append(self.text[self.at : start])
            tag = self._tag(start)
            if tag.startswith("/") or tag.rstrip() == "^" or re.match(r"\s*else(?:\s|\Z)", tag):
                self.end = tag.strip()
                return tuple(found)
            if tag.startswith("#"):
                words = tag[1:].split()
                found.append(self._block(words, tag, depth, words[0] if words else ""))
            else:
                found.append(self._value(tag))

    def _tag(self, start: int) -> str:
        if start and self.text[start - 1] == "\\":
            raise self._refused("\\{{ is not understood", "A brace is no part of a tag, so there is nothing to escape.")
        tag = _TAG.match(self.text, start)
        doubled = tag and not tag["inner"].startswith("{") and self.text.startswith("}", tag.end())
        if self.text.startswith("{{{{", start) or not tag or doubled:
            raise self._refused(
                f"{self.text[start : start + 20]} is not understood", "It is not closed, or closed twice."
            )
        self.at = tag.end()
        return tag["inner"]

    def _block(self, words: list[str], tag: str, depth: int, closing: str) -> Condition:
        """The block that ``tag`` opens, up to ``{{/closing}}``."""
        if "\n" in self.text or "\r" in self.text:
            raise self._refused(f"{{{{{tag}}}}} stands in a text of several lines", "Write it on one line.")
        if len(words) != 2 or words[0] not in ("if", "unless") or not self._is_variable(words[1]):
            raise self._unknown(f"{{{{{tag}}}}}")
        kind, name = words
        inside = self._nodes(depth + 1)
        other: tuple[Node, ...] = ()
        if self.end in ("else", "^"):
            other = self._nodes(depth + 1)
        elif self.end.startswith("else"):
            # What is in the inner one also ends the outer one.
            other = (self._block(self.end.split()[1:], self.end, depth + 1, closing),)
            return Condition(name, inside, other) if kind == "if" else Condition(name, other, inside)
        if self.end.removeprefix("/").strip() != closing or not self.end.startswith("/"):
            opened = f"{{{{#{closing}}}}}"
            raise self._refused(f"{opened} has no {{{{/{closing}}}}}", f"It ends with {self.end or 'the text'}.")
        self.end = ""
        return Condition(name, inside, other) if kind == "if" else Condition(name, other, inside)

    def _value(self, tag: str) -> Value:
        escaped = not tag.startswith(("{", "&"))
        inner = tag[1:-1] if tag.startswith("{") else tag.removeprefix("&")
        written = f"{{{{{tag}}}}}"
        name, *rest = inner.split(maxsplit=1) or [""]
        if not self._is_variable(name):
            raise self._unknown(written)
        words, named = self._arguments(rest[0] if rest else "", written)
        return Value(name, escaped, words, named)

    def _arguments(self, text: str, written: str) -> tuple[tuple[str | None, ...], tuple[tuple[str, str | None], ...]]:
        words: list[str | None] = []
        named: list[tuple[str, str | None]] = []
        at, end = 0, len(text.rstrip())
        while at < end:
            piece = re.compile(_PIECE).match(text, at)
            value = re.compile(_VALUE).match(text, piece.end()) if piece and piece["name"] else piece
            if not piece or not value or (named and not piece["name"]):
                raise self._unknown(written)
            at = value.end()
            text_of = self._literal(value, written)
            if piece["name"]:
                named.append((piece["name"], text_of))
            else:
                words.append(text_of)
        return tuple(words), tuple(named)

    def _literal(self, value: re.Match[str], written: str) -> str | None:
        """The text of a literal, None for one that is undefined: an unquoted word is a variable that there is not."""
        for mark, quoted in (("'", value["single"]), ('"', value["double"])):
            if quoted is not None:
                return str(quoted).replace(f"\\{mark}", mark)
        word = value["path"]
        if word in ("this", "true", "else", "as", *_FUNCTIONS) or (_is_number(word) and float(word)):
            raise self._unknown(written)
        return None

    def _is_variable(self, name: str) -> bool:
        simple = re.fullmatch(_ID, name) and name not in (*_HELPERS, "this", "true", "false", "null", "undefined")
        return bool(simple and not _is_number(name) and not name.startswith("else"))

    def _refused(self, what: str, reason: str) -> Failure:
        return refused(self.text, shown(what), reason)

    def _unknown(self, construct: str) -> Failure:
        return refused(self.text, f"{shown(construct)} is not understood", f"Supported are {_SUPPORTED}.")


def _is_number(word: str) -> bool:
    whole, point, fraction = word.removeprefix("-").partition(".")
    return all(part.isascii() and part.isdecimal() for part in ([whole, fraction] if point else [whole]))
