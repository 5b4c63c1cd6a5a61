"""JavaScript's regular expressions, as rules of docker/metadata-action have them, matched by Python's.

An expression is translated piece by piece. What Python's engine can't do, or would answer differently, is refused by
name: docs/tags.md lists it. Grammar and meaning: https://tc39.es/ecma262/#sec-regexp-regular-expression-objects
"""

from __future__ import annotations

import re
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.errors import Failure, alternative, fix, why
from pipeline_kit.tagging.lists import shown
from pipeline_kit.tagging.regex_parser import NotTranslatable, translate

if TYPE_CHECKING:
    from collections.abc import Iterator

_LITERAL = re.compile(r"/([^\n\r\u2028\u2029]+)/([^\n\r\u2028\u2029]*)\Z")
_LONGEST_EXPRESSION = 1000
_LONGEST_TEXT = 1000
_SECONDS = 1.0


class Found(msgspec.Struct, frozen=True):
    """``groups[0]`` is the whole match and the others what the groups hold, None for one that took no part. With the
    flag g ``groups`` are all matches instead, as ``String.prototype.match`` has it.
    """

    groups: tuple[str | None, ...]


class Expression(msgspec.Struct, frozen=True):
    """A translated expression. ``every`` is the flag g, ``sticky`` the flag y."""

    source: str
    compiled: re.Pattern[str]
    every: bool = False
    sticky: bool = False


def parse(source: str, *, literal: bool = False) -> Expression:
    """The expression ``source``; with ``literal`` it may also be ``/source/flags``.

    Failure: ``tag.pattern`` for what is no expression, or none that can be translated.
    """
    flags = ""
    if literal and (found := _LITERAL.match(source)):
        source, flags = found[1], found[2]
    if len(source) > _LONGEST_EXPRESSION:
        raise _refused(source, f"it has {len(source)} characters", f"At most {_LONGEST_EXPRESSION} are read.")
    _check_flags(source, flags)
    try:
        text = translate(_units(source), multiline="m" in flags, ignore_case="i" in flags, any_dot="s" in flags)
        compiled = re.compile(text, re.ASCII | (re.IGNORECASE if "i" in flags else re.NOFLAG))
    except NotTranslatable as error:
        raise _refused(source, error.what, error.reason, *error.instead) from error
    except (re.error, OverflowError, RecursionError) as error:
        raise _refused(source, str(error), "This is no regular expression, or one that is not supported.") from error
    return Expression(source, compiled, every="g" in flags, sticky="y" in flags)


def match(expression: Expression, text: str) -> Found | None:
    """What ``String.prototype.match`` gives, None where the expression is not found in ``text``.

    Failure: ``tag.pattern-slow`` where that takes too long.
    """
    if len(text) > _LONGEST_TEXT:
        raise _slow(expression, f"the text has {len(text)} characters", f"At most {_LONGEST_TEXT} are looked at.")
    units = _units(text)
    with _time_limit(expression):
        if expression.every:
            found = tuple(_every(expression, units))
            return Found(tuple(map(_characters, found))) if found else None
        one = expression.compiled.match(units) if expression.sticky else expression.compiled.search(units)
    if one is None:
        return None
    return Found(tuple(None if part is None else _characters(part) for part in (one[0], *one.groups())))


def _every(expression: Expression, text: str) -> Iterator[str]:
    at = 0
    step = expression.compiled.match if expression.sticky else expression.compiled.search
    while at <= len(text) and (one := step(text, at)):
        yield one[0]
        at = one.end() if one.end() > one.start() else one.end() + 1


def _check_flags(source: str, flags: str) -> None:
    for flag in flags:
        if flag in "uv":
            raise _refused(source, f"the flag {flag}", "Unicode expressions are not supported.")
        if flag not in "dgimsy" or flags.count(flag) > 1:
            raise _refused(source, f"the flags {shown(flags)}", "Flags are d, g, i, m, s and y, each once.")


def _units(text: str) -> str:
    """``text`` with each character beyond the first plane as two, as JavaScript counts them."""
    if text.isascii():
        return text
    return "".join(
        one if ord(one) < 0x10000 else chr(0xD7C0 + (ord(one) >> 10)) + chr(0xDC00 + (ord(one) & 0x3FF)) for one in text
    )


def _characters(units: str) -> str:
    return units.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


@contextmanager
def _time_limit(expression: Expression) -> Iterator[None]:
    """End a match that takes exponentially long. Only the main thread has signals; elsewhere the length of the text
    alone is the limit.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def late(*_: object) -> None:
        raise _slow(expression, f"it takes more than {_SECONDS:.0f} s", "Repetitions inside of repetitions do so.")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, _SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _refused(source: str, what: str, reason: str, *instead: str) -> Failure:
    return Failure("tag.pattern", f"{shown(source)}: {what}", why(reason), *(fix(one) for one in instead))


def _slow(expression: Expression, what: str, reason: str) -> Failure:
    return Failure(
        "tag.pattern-slow",
        f"{shown(expression.source)}: {what}",
        why(reason),
        alternative("write (a|b)+ rather than (a+|b)+, and anchor the expression with ^ and $"),
    )
