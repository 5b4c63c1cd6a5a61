"""Lines of anyone's text, made safe to print in any CI and on any terminal.

A CI takes commands from the same stream, so a file name in a build log could set an output or hide an error. Every
CI's commands are broken, whichever runs: logs are copied, and one CI's runner may run inside another. GitHub's own
fence, ::stop-commands::, is not used: it would also stop our masks, and a secret that comes up meanwhile would show.
"""

from __future__ import annotations

import re

from pipeline_kit.errors import printable

# Compiled with the first line: most commands show none.
_COLOUR = r"\x1b\[[0-9;:]*m"
_COLOURS = rf"(?:{_COLOUR})*"
_COLOUR_OFF = "\x1b[0m"
# CSI (moves the cursor, clears lines) and OSC (sets titles, makes links), as ECMA-48 writes them.
_SEQUENCE = r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
# Azure's agent finds ##vso[ anywhere in a line, GitHub's runner ##[ too. A copy of a log drops the colours between.
_BRACKET_COMMAND = rf"#({_COLOURS})#((?:[A-Za-z]|{_COLOUR})*)\["
# GitHub's runner reads ::name::data after any white space. Without the second pair it is no command.
_COLON_COMMAND = rf"\A((?:[ \t]|{_COLOUR})*):(?={_COLOURS}:.*:{_COLOURS}:)"


def neutralise(line: str) -> str:
    """``line`` as one line that no CI takes for a command and no terminal obeys, except that it may be coloured."""
    text = plain(line, _COLOUR)
    return text + _COLOUR_OFF if re.search(_COLOUR, text) and not text.endswith(_COLOUR_OFF) else text


def plain(line: str, kept: str = "(?!)") -> str:
    """``line`` as one line that no CI takes for a command and no terminal obeys.

    ``##vso[`` becomes ``##_vso[``, ``##[`` becomes ``##_[`` and a leading ``::`` becomes ``:_:``. Sequences of the
    terminal are dropped, except those of which the whole fits the pattern ``kept``; other control characters, a line
    end within the line too, are shown as escapes.
    """
    line = line.rstrip("\r\n")
    if not line.isprintable():
        line = re.sub(_SEQUENCE, lambda found: found[0] if re.fullmatch(kept, found[0]) else "", line)
        pieces = re.split(f"({kept})", line)
        line = "".join(piece if index % 2 else printable(piece) for index, piece in enumerate(pieces))
    return re.sub(_COLON_COMMAND, r"\1:_", re.sub(_BRACKET_COMMAND, r"#\1#_\2[", line))
