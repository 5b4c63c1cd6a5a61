"""The lines of a wrapped tool, made safe to print in any CI and on any terminal.

A CI takes commands from the same stream, so a file name in a build log could set an output or hide an error. Every
CI's commands are broken, whichever runs: logs are copied, and one CI's runner may run inside another. GitHub's own
fence, ::stop-commands::, is not used: it would also stop our masks, and a secret that comes up meanwhile would show.
"""

from __future__ import annotations

import re

from pipeline_kit.errors import printable

# Compiled with the first line: most commands show none.
_COLOUR = r"(\x1b\[[0-9;:]*m)"
_COLOUR_OFF = "\x1b[0m"
# CSI (moves the cursor, clears lines) and OSC (sets titles, makes links), as ECMA-48 writes them.
_SEQUENCE = r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
# Azure's agent finds ##vso[ anywhere in a line, GitHub's runner ##[ too.
_BRACKET_COMMAND = r"(?i)##(vso)?\["
# GitHub's runner reads ::name::data after any white space. Without the second pair it is no command.
_COLON_COMMAND = r"\A([ \t]*):(?=:.*::)"


def neutralise(line: str) -> str:
    """``line`` as one line that no CI takes for a command and no terminal obeys, except that it may be coloured.

    ``##vso[`` becomes ``##_vso[``, ``##[`` becomes ``##_[`` and a leading ``::`` becomes ``:_:``. Sequences that move
    the cursor are dropped; other control characters, a carriage return within the line too, are shown as escapes.
    """
    line = re.sub(_SEQUENCE, _colour_only, line.rstrip("\r\n"))
    pieces = re.split(_COLOUR, line)
    text = "".join(piece if index % 2 else printable(piece) for index, piece in enumerate(pieces))
    text = re.sub(_BRACKET_COMMAND, lambda found: f"##_{found[1] or ''}[", text)
    text = re.sub(_COLON_COMMAND, r"\1:_", text)
    return text if len(pieces) == 1 or text.endswith(_COLOUR_OFF) else text + _COLOUR_OFF


def _colour_only(sequence: re.Match[str]) -> str:
    return sequence[0] if re.fullmatch(_COLOUR, sequence[0]) else ""
