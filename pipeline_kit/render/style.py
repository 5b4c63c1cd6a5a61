"""Sixteen colours, switched off as the person or the stream asks; meaning never hangs on them alone."""

from __future__ import annotations

import os
from typing import IO, TYPE_CHECKING

import msgspec

from pipeline_kit.ci.tool_output import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

_CODES = {"green": "32", "red": "1;31", "yellow": "1;33", "magenta": "1;35", "cyan": "36", "bold": "1", "dim": "2"}
_ASCII = str.maketrans({"✓": "+", "✗": "x", "│": "|", "·": "-", "█": "#", "─": "-", "…": "."})
# Our own colours have a number in front until the line leaves. No text can know it, so none can colour itself.
_OURS = f"\x1b[{int.from_bytes(os.urandom(8), 'big')};"
_COLOUR = rf"{_OURS.replace('[', chr(92) + '[')}[0-9;]+m"


class Style(msgspec.Struct, frozen=True):
    """How a stream is written: with colour or without, in UTF-8 or in ASCII, live on a terminal or line by line."""

    colour: bool
    unicode: bool
    live: bool

    @classmethod
    def of(cls, stream: IO[str], environ: Mapping[str, str], *, in_ci: bool) -> Style:
        """What ``stream`` can show. A CI's log takes colours although it is no terminal, and no live line although act
        gives it one.
        """
        terminal = stream.isatty() and environ.get("TERM") != "dumb"
        off = bool(environ.get("NO_COLOR")) or (environ.get("TERM") == "dumb" and not in_ci)
        forced = bool(environ.get("FORCE_COLOR"))
        encoding = (getattr(stream, "encoding", None) or "ascii").lower().replace("-", "")
        return cls(
            colour=not off and (terminal or in_ci or forced),
            unicode=encoding.startswith("utf"),
            live=terminal and not in_ci,
        )

    def paint(self, text: str, name: str) -> str:
        """``text`` in a colour of the table, as ``shown`` knows it; '' leaves it as it is."""
        return f"{_OURS}{_CODES[name]}m{text}{_OURS}0m" if self.colour and name and text else text

    def shown(self, line: str) -> str:
        """``line`` as it leaves: one line of plain text in our colours alone, in ASCII where the stream has nothing
        better.
        """
        if not self.unicode:
            line = line.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")
        return plain(line, _COLOUR).replace(_OURS, "\x1b[")
