"""What of JavaScript decides about the answers of docker/metadata-action: white space, numbers, sorting, the order of
texts.
"""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Item = TypeVar("Item")

SPACE = "\t\n\v\f\r \u00a0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000\ufeff"
# The order of ICU's root collation, which String.localeCompare has: signs, then digits, then letters.
_SIGNS = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$"
_RANK = {character: index for index, character in enumerate(_SIGNS + "0123456789abcdefghijklmnopqrstuvwxyz")}
_DECIMAL = r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\Z"
_PREFIXED = r"0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)\Z"
_EXACT = 2**53
_PLAIN_BELOW = 1e21


def trim(text: str) -> str:
    """``String.prototype.trim``."""
    return text.strip(SPACE)


def number(text: str) -> float:
    """``Number(text)``; NaN for what is none."""
    text = trim(text)
    if not text:
        return 0.0
    if text.isascii() and text.isdecimal():
        return float(text)
    if re.match(_PREFIXED, text):
        return float(int(text, 0))
    return float(text.replace("Infinity", "inf")) if re.match(_DECIMAL, text) else math.nan


def number_text(value: float) -> str:
    """``String(value)`` of a number that is 0 or more and has no fraction."""
    if value < _EXACT:
        return str(int(value))
    if value == math.inf:
        return "Infinity"
    mantissa, _, exponent = f"{value!r}".partition("e")
    mantissa = mantissa.removesuffix(".0")
    if not exponent or value >= _PLAIN_BELOW:
        return f"{mantissa}e{int(exponent):+d}" if exponent else mantissa
    whole, _, fraction = mantissa.partition(".")
    return whole + fraction.ljust(int(exponent), "0")


def sorted_by(items: Iterable[Item], before: Callable[[Item, Item], bool]) -> list[Item]:
    """``Array.prototype.sort`` of V8, for less than 64 items step by step: also where ``before`` contradicts itself, as
    it does with NaN. More are sorted in the same way, which V8 does only where there is no such contradiction.
    """
    found = list(items)
    end = min(2, len(found))
    falls = end > 1 and before(found[1], found[0])
    while 1 < end < len(found) and before(found[end], found[end - 1]) == falls:
        end += 1
    # A run that is in order, or in its reverse, stays together; each further item is put to its place by halving.
    if falls:
        found[:end] = found[end - 1 :: -1]
    for index in range(end, len(found)):
        low, high = 0, index
        while low < high:
            middle = (low + high) // 2
            if before(found[index], found[middle]):
                high = middle
            else:
                low = middle + 1
        found.insert(low, found.pop(index))
    return found


def sort_key(text: str) -> tuple[list[int], str, list[int]]:
    """A key that sorts as ``String.prototype.localeCompare`` does: letters first, then accents, then small before
    capital ones. Characters beyond Latin come after, by their code.
    """
    plain = unicodedata.normalize("NFD", text)
    base = [one for one in plain if not unicodedata.combining(one) and unicodedata.category(one) != "Cc"]
    accents = "".join(one for one in plain if unicodedata.combining(one))
    return [_RANK.get(one.lower(), 1000 + ord(one)) for one in base], accents, [int(one.isupper()) for one in base]
