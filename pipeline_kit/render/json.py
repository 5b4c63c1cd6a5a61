"""Values as JSON that a CI, a terminal and a reader take for nothing else."""

from __future__ import annotations

import re

import msgspec

# Inside of texts alone: nothing of JSON's own has one.
_COMMAND = r"#(?=#)"


def json_text(value: object, *, ascii_alone: bool = False) -> str:
    """``value`` as JSON of several lines. What would start a command of a CI, and what can't be seen, is written as
    ``\\uXXXX``: it reads as the same value.
    """
    text = msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
    text = re.sub(_COMMAND, r"\\u0023", text)
    return "".join(
        c if c == "\n" or (c.isprintable() and not (ascii_alone and ord(c) > 127)) else _escaped(c) for c in text
    )


def _escaped(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))
