"""Tables in plain text: columns as wide as their widest cell, nothing cut, so that it can be copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.ci.tool_output import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The table; cells with several lines are continued below. ``columns`` may be empty for a table without a head."""
    cells = [
        # A row begins with its first cell, so that one is of one line.
        [[plain(str(row[0]))], *(list(map(plain, str(cell).split("\n"))) for cell in row[1:])]
        for row in (*([columns] if columns else []), *rows)
    ]
    if not cells:
        return ""
    widths = [max(len(line) for row in cells for line in row[index]) for index in range(len(cells[0]))]
    lines = []
    for row in cells:
        for number in range(max(len(cell) for cell in row)):
            parts = [cell[number] if number < len(cell) else "" for cell in row]
            lines.append("  ".join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip())
    return "\n".join(lines)
