"""What CIs, terminals and readers find in a stream that is more than text: as strict as all of them together."""

from __future__ import annotations

import re

# Our own colours, as style.py lists them.
_OURS = re.compile(r"\x1b\[(?:0|1|2|32|36|1;3[135])m")
_LINE_END = re.compile(r"\r\n|\r|\n")
_SECTION = re.compile(r"\x1b\[0Ksection_(start|end):\d+:(\w+)(\[[^]]*\])?\r\x1b\[0K")
# What starts like a command, whether or not anyone knows it.
_COLONS = re.compile(r"\s*::.*::")
_BRACKET = re.compile(r"##[A-Za-z]*\[")


def seen(text: str) -> list[str]:
    """All that is found in ``text``, a stream or some lines of it."""
    found = [f"section {''.join(section)}" for section in _SECTION.findall(text)]
    for line in _LINE_END.split(_OURS.sub("", _SECTION.sub("", text))):
        if _COLONS.match(line) or _BRACKET.search(line):
            found.append(f"command: {line}")
        if any(not (character.isprintable() or character == "\t") for character in line):
            found.append(f"screen: {line!r}")
    return found
