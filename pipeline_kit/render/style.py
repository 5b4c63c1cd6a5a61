"""Sixteen colours, switched off as the person or the stream asks; meaning never hangs on them alone."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

_CODES = {"green": "32", "red": "1;31", "yellow": "1;33", "magenta": "1;35", "cyan": "36", "bold": "1", "dim": "2"}
_ASCII = str.maketrans({"✓": "+", "✗": "x", "│": "|", "·": "-", "█": "#", "─": "-", "…": "."})


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
        """``text`` in a colour of the table; '' leaves it as it is."""
        return f"\x1b[{_CODES[name]}m{text}\x1b[0m" if self.colour and name and text else text

    def plain(self, text: str) -> str:
        """``text`` with our marks in ASCII where the stream has nothing better."""
        return text if self.unicode else text.translate(_ASCII).encode("ascii", "backslashreplace").decode("ascii")
