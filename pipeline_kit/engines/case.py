"""A build that failed beside what it was made from: how the cause is shown in the user's own file."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_kit.engines.checks import relative
from pipeline_kit.errors import Failure, Note, Place, printable, quote, why

if TYPE_CHECKING:
    from pipeline_kit.engines.dockerfile import Instruction, Stage
    from pipeline_kit.engines.ending import Ending
    from pipeline_kit.engines.job import Job

_TERMINAL_SEQUENCE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """How a job ended, and the job."""

    ending: Ending
    job: Job

    @property
    def place(self) -> Place:
        """``Dockerfile:14``, without the line where it is not known."""
        return Place(relative(self.job.request.dockerfile, self.job.context.root), self.ending.line)

    @property
    def instruction(self) -> Instruction | None:
        """The instruction that failed, as far as it is known."""
        found = self.job.dockerfile.at(self.ending.line)
        return found[1] if found else None

    @property
    def stage(self) -> Stage | None:
        """The stage that failed, as far as it is known."""
        found = self.job.dockerfile.at(self.ending.line)
        return found[0] if found else None

    @property
    def said(self) -> str:
        """The first line of what the engine said at last."""
        return self.ending.message.partition("\n")[0]

    def failure(self, kind: str, headline: str, cause: str, *notes: Note, words: str = "") -> Failure:
        """A failure at this case's place, with the line of the Dockerfile and the last of ``words``."""
        evidence = (*self._excerpt(), *quote(_plain(words)))
        return Failure(kind, headline, why(cause), *notes, evidence=evidence, place=self.place)

    def _excerpt(self) -> tuple[str, ...]:
        """The line that failed, below the one before it; the bars stand below each other."""
        line, lines = self.ending.line, self.job.dockerfile.lines
        if not 0 < line <= len(lines):
            return ()
        numbers = [line - 1, line] if line > 1 and lines[line - 2].strip() else [line]
        return tuple(
            f"   {'>' if number == line else ' '}{number:>4} │ {printable(lines[number - 1])}" for number in numbers
        )


def _plain(words: str) -> str:
    """``words`` as a terminal would have left them: colours dropped, and lines that were drawn over."""
    lines = (line.rstrip("\r").rpartition("\r")[2] for line in _TERMINAL_SEQUENCE.sub("", words).split("\n"))
    return "\n".join(lines)
