"""How a build ended: read from the engine's own lines after it has ended, so that a build that works costs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline_kit.engines.dockerfile import Dockerfile, Instruction, Stage

KEPT_WORDS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """``message`` is what the engine says at last. ``line`` is the first line of the instruction it stopped at, 0 = not
    known; ``code`` the exit code of that instruction's command, None if none failed; ``words`` its last lines, and
    ``log_line`` the line of the log that they start at. ``pulled`` is the image that was asked for when it stopped.
    """

    message: str
    line: int = 0
    code: int | None = None
    words: tuple[str, ...] = ()
    log_line: int = 0
    pulled: str = ""


def line_of_step(text: str, number: int, counted: Sequence[Instruction], stage: Stage | None, file: Dockerfile) -> int:
    """The line of a step that an engine names by its ``text`` and its ``number`` among the ``counted`` instructions of
    ``stage``. The text decides where it occurs once: it occurs nowhere if variables in it were replaced.
    """
    stages = (stage,) if stage else file.stages
    same = [one.line for each in stages for one in each.instructions if str(one) == " ".join(text.split())]
    if len(same) == 1 or (same and not counted):
        return same[0]
    return counted[number - 1].line if 0 < number <= len(counted) else 0
