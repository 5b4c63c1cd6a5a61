"""From the text of a JavaScript regular expression to the text of Python's, in one pass."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from pipeline_kit.tagging.javascript import SPACE

_LINE_ENDS = "\\n\\r\\u2028\\u2029"
_DEEPEST = 50
_QUANTIFIER = re.compile(r"(\*|\+|\?|\{(\d+)(?:(,)(\d*))?\})(\??)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*>")
_BRACES = re.compile(r"\{\d+(?:,\d*)?\}")
_CONTROL = {"t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}


class NotTranslatable(Exception):  # noqa: N818 - it is turned into a failure at once
    """``what`` in the expression is not supported, for that reason; ``instead`` are ways to write it."""

    def __init__(self, what: str, reason: str, *instead: str) -> None:
        super().__init__(what)
        self.what = what
        self.reason = reason
        self.instead = instead


@dataclass(frozen=True, slots=True)
class Part:
    """A translated piece. ``empty``: it may match nothing. ``groups``: it has groups that capture. ``skips``: it may
    match without some of them.
    """

    text: str
    empty: bool = False
    groups: bool = False
    skips: bool = False


def translate(source: str, *, multiline: bool, ignore_case: bool, any_dot: bool) -> str:
    """Python's text for the expression ``source`` with those flags; NotTranslatable for what has none."""
    if ignore_case and not source.isascii():
        raise NotTranslatable("letters beyond ASCII with the flag i", "The two engines know other pairs of letters.")
    parser = _Parser(source, multiline=multiline, any_dot=any_dot)
    whole = parser.alternatives(0)
    if parser.at < len(source):
        raise NotTranslatable("a ) too many", "Nothing was opened that it could close.", r"\) for the character")
    return whole.text


@dataclass
class _Parser:
    source: str
    multiline: bool
    any_dot: bool
    at: int = 0
    opened: int = 0
    closed: set[int] = field(default_factory=set)
    names: dict[str, int] = field(default_factory=dict)

    def alternatives(self, depth: int) -> Part:
        if depth > _DEEPEST:
            raise NotTranslatable("too many groups inside of groups", f"At most {_DEEPEST} are read.")
        found = [self._sequence(depth)]
        while self._take("|"):
            found.append(self._sequence(depth))
        if len(found) == 1:
            return found[0]
        groups = any(part.groups for part in found)
        return Part("|".join(part.text for part in found), any(part.empty for part in found), groups, groups)

    def _sequence(self, depth: int) -> Part:
        found: list[Part] = []
        while self.at < len(self.source) and self.source[self.at] not in "|)":
            found.append(self._term(depth))
        return Part(
            "".join(part.text for part in found),
            all(part.empty for part in found),
            any(part.groups for part in found),
            any(part.skips for part in found),
        )

    def _term(self, depth: int) -> Part:
        assertion = self._assertion()
        if assertion:
            return self._unquantified(Part(assertion, empty=True))
        if self.source.startswith(("(?=", "(?!", "(?<=", "(?<!"), self.at):
            return self._unquantified(self._look(depth))
        return self._quantified(self._atom(depth))

    def _assertion(self) -> str:
        if self._take("^"):
            return rf"(?:(?<=[{_LINE_ENDS}])|\A)" if self.multiline else r"\A"
        if self._take("$"):
            return rf"(?=[{_LINE_ENDS}]|\Z)" if self.multiline else r"\Z"
        for boundary in (r"\b", r"\B"):
            if self._take(boundary):
                # \B of Python 3.11 does not match in an empty text.
                return boundary if boundary == r"\b" else r"(?!\b)"
        return ""

    def _look(self, depth: int) -> Part:
        behind = self.source.startswith("(?<", self.at)
        opening = self.source[self.at : self.at + (4 if behind else 3)]
        self.at += len(opening)
        inner = self.alternatives(depth + 1)
        self._close()
        if inner.groups and opening != "(?=":
            raise NotTranslatable(f"a group inside of {opening}", "The two engines fill it differently.", "(?:...)")
        return Part(f"{opening}{inner.text})", empty=True, groups=inner.groups, skips=inner.skips)

    def _atom(self, depth: int) -> Part:
        one = self.source[self.at]
        if one == "(":
            return self._group(depth)
        self.at += 1
        if one == ".":
            return Part("(?s:.)" if self.any_dot else f"[^{_LINE_ENDS}]")
        if one == "[":
            return Part(self._class())
        if one == "\\":
            return self._escape()
        if one in "*+?" or (one == "{" and _BRACES.match(self.source, self.at - 1)):
            raise NotTranslatable(f"{one} with nothing to repeat", "It stands behind what it repeats.", f"\\{one}")
        return Part(_literal(one))

    def _group(self, depth: int) -> Part:
        self.at += 1
        if self._take("?:"):
            inner = self.alternatives(depth + 1)
            self._close()
            return Part(f"(?:{inner.text})", inner.empty, inner.groups, inner.skips)
        opening, name = "(", ""
        if self._take("?<"):
            found = _NAME.match(self.source, self.at)
            if not found:
                raise NotTranslatable("this name of a group", "It has letters, digits and _.", "(?<name>...)")
            self.at = found.end()
            name = found[0][:-1]
            opening = f"(?P<{name}>"
        elif self.source.startswith("?", self.at):
            construct = self.source[self.at - 1 : self.at + 2]
            raise NotTranslatable(
                f"the group {construct}", "Groups are (...), (?:...), (?<name>...), (?=...), (?!...)."
            )
        self.opened += 1
        number = self.opened
        self.names[name] = number
        inner = self.alternatives(depth + 1)
        self._close()
        self.closed.add(number)
        return Part(f"{opening}{inner.text})", inner.empty, groups=True, skips=inner.skips)

    def _close(self) -> None:
        if not self._take(")"):
            raise NotTranslatable("a ( that is not closed", "Each ( needs its ).", r"\( for the character")

    def _quantified(self, part: Part) -> Part:
        found = _QUANTIFIER.match(self.source, self.at)
        if not found:
            return part
        self.at = found.end()
        sign, least, comma, most, lazy = found.groups()
        if least is not None:
            low = int(least)
            high = (int(most) if most else None) if comma else low
        else:
            low, high = (0, 1) if sign == "?" else (0 if sign == "*" else 1, None)
        if part.empty and high != low:
            raise NotTranslatable(
                f"{sign} behind what may be empty",
                "The two engines stop such a repetition differently.",
                "(.+)? for (.*)?",
            )
        if part.skips and high != 1:
            raise NotTranslatable(
                f"{sign} behind a group that it may leave out",
                "The two engines fill that group differently.",
                "(?:...)",
            )
        self._unquantified(part)
        return Part(
            f"{part.text}{sign}{lazy}", part.empty or low == 0, part.groups, part.skips or (part.groups and low == 0)
        )

    def _unquantified(self, part: Part) -> Part:
        if found := _QUANTIFIER.match(self.source, self.at):
            raise NotTranslatable(f"{found[0]} with nothing to repeat", "It stands behind what it repeats.")
        return part

    def _escape(self) -> Part:
        if self.at >= len(self.source):
            raise NotTranslatable("a \\ at the end", "It stands before the character that it changes.", r"\\")
        one = self.source[self.at]
        if one in "dDwW":
            self.at += 1
            return Part(f"\\{one}")
        if one in "sS":
            self.at += 1
            return Part(f"[{'^' if one == 'S' else ''}{_SPACE_CLASS}]")
        if one in "123456789":
            return self._reference()
        if one == "k":
            self.at += 1
            found = _NAME.match(self.source, self.at + 1) if self.source.startswith("<", self.at) else None
            if not found:
                raise NotTranslatable(r"\k", r"It names a group, as in \k<name>.")
            self.at = found.end()
            return self._back_to(self.names.get(found[0][:-1], 0), f"\\k<{found[0]}")
        return Part(_literal(self._character()))

    def _reference(self) -> Part:
        digits = re.compile(r"\d+").match(self.source, self.at)
        written = digits[0] if digits else ""
        self.at += len(written)
        return self._back_to(int(written), f"\\{written}")

    def _back_to(self, number: int, written: str) -> Part:
        if number not in self.closed:
            raise NotTranslatable(written, "It refers to a group that does not end before it.")
        # A group that took no part is like an empty one in JavaScript, and in Python matches nothing.
        return Part(
            f"(?:(?({number})(?P={_name_of(self.names, number)})|))"
            if _name_of(self.names, number)
            else f"(?:(?({number})\\{number}|))",
            empty=True,
        )

    def _character(self) -> str:
        """The character that the escape here stands for."""
        one = self.source[self.at]
        self.at += 1
        if one in _CONTROL:
            return _CONTROL[one]
        if one == "0" and not self.source[self.at : self.at + 1].isdecimal():
            return "\0"
        for letter, length in (("x", 2), ("u", 4)):
            if one == letter:
                found = re.compile(rf"[0-9A-Fa-f]{{{length}}}").match(self.source, self.at)
                if not found:
                    raise NotTranslatable(f"\\{one}", f"{length} hexadecimal digits follow it.")
                self.at = found.end()
                return chr(int(found[0], 16))
        if one == "c":
            letter = self.source[self.at : self.at + 1]
            if not (letter.isascii() and letter.isalpha()):
                raise NotTranslatable(r"\c", "A letter follows it.")
            self.at += 1
            return chr(ord(letter) % 32)
        if one in "0123456789pP":
            raise NotTranslatable(
                f"\\{one}", "It means another thing in each kind of expression.", r"[A-Za-z0-9_] for \p{...}"
            )
        return one

    def _class(self) -> str:
        negated = self._take("^")
        members: list[str] = []
        while not self._take("]"):
            if self.at >= len(self.source):
                raise NotTranslatable("a [ that is not closed", "Each [ needs its ].", r"\[ for the character")
            low = self._member()
            if self.source.startswith("-", self.at) and self.source[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                high = self._member()
                both = isinstance(low, _Set) or isinstance(high, _Set)
                members.append(f"{_one(low)}\\-{_one(high)}" if both else f"{_one(low)}-{_one(high)}")
                if not both and low > high:
                    raise NotTranslatable(f"the range {low}-{high}", "Its ends stand in the wrong order.")
            else:
                members.append(_one(low))
        if not members:
            return "(?s:.)" if negated else "(?!)"
        return f"[{'^' if negated else ''}{''.join(members)}]"

    def _member(self) -> str:
        one = self.source[self.at]
        self.at += 1
        if one != "\\":
            return one
        if self.at >= len(self.source):
            raise NotTranslatable("a [ that is not closed", "Each [ needs its ].", r"\[ for the character")
        one = self.source[self.at]
        if one in "dDwWsS":
            self.at += 1
            return _Set({"s": _SPACE_CLASS, "S": _NO_SPACE_CLASS}.get(one, f"\\{one}"))
        if one in "bB-":
            self.at += 1
            return {"b": "\b"}.get(one, one)
        if one in "123456789":
            raise NotTranslatable(f"\\{one} in [...]", "It is an octal number there.")
        return self._character()

    def _take(self, text: str) -> bool:
        if self.source.startswith(text, self.at):
            self.at += len(text)
            return True
        return False


class _Set(str):
    """A member of a class that is itself a class."""

    __slots__ = ()


def _one(member: str) -> str:
    return str(member) if isinstance(member, _Set) else _literal(member)


def _literal(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    return f"\\x{ord(character):02x}" if ord(character) < 0x100 else f"\\u{ord(character):04x}"


def _name_of(names: dict[str, int], number: int) -> str:
    return next((name for name, one in names.items() if one == number and name), "")


def _ranges(start: int, end: int) -> str:
    return f"\\u{start:04x}-\\u{end:04x}" if start < end else f"\\u{start:04x}"


def _complement(characters: str) -> str:
    """The class of all UTF-16 units that are none of ``characters``."""
    edges = sorted(map(ord, characters))
    starts = [0, *(edge + 1 for edge in edges)]
    ends = [*(edge - 1 for edge in edges), 0xFFFF]
    return "".join(_ranges(start, end) for start, end in zip(starts, ends, strict=True) if start <= end)


_SPACE_CLASS = "".join(f"\\u{ord(one):04x}" for one in SPACE)
_NO_SPACE_CLASS = _complement(SPACE)
