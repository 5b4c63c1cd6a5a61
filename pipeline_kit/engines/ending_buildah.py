"""How a build ended, in the words of ``buildah build``: they have no line, but the number of each step."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline_kit.engines.ending import KEPT_WORDS, Ending, line_of_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline_kit.engines.dockerfile import Dockerfile

_STEP = re.compile(r"(?:\[(?P<stage>\d+)/\d+\] )?STEP (?P<number>\d+)/\d+: (?P<text>.*)")
_EXIT_CODE = re.compile(r'building at STEP "RUN .*exit status (\d+)\Z', re.DOTALL)
_OWN_WORDS = re.compile(r"Error: |subprocess exited |time=\"|--> ")
_PULL = re.compile(r'docker://([\w./:@-]+?)(?:: |\s|$)|short-name "([^"]+)"')


def read(lines: Sequence[str], stderr: str, dockerfile: Dockerfile) -> Ending:
    """How the build that printed ``lines`` failed. In them the two streams are mixed as they came, so the error, which
    is the last of one, need not be the last of both.
    """
    message = f"\n{stderr}".rpartition("\nError: ")[2].strip()
    steps = [(index, found) for index, line in enumerate(lines) if (found := _STEP.match(line))]
    pull = _PULL.search(message)
    pulled = (pull[1] or pull[2]) if pull else ""
    if not steps:
        return Ending(message=message, pulled=pulled)
    start, step = steps[-1]
    stage = dockerfile.stage(str(int(step["stage"] or 1) - 1))
    counted = stage.instructions if stage else ()
    code = _EXIT_CODE.search(message)
    return Ending(
        message=message,
        line=line_of_step(step["text"], int(step["number"]), counted, stage, dockerfile),
        code=int(code[1]) if code else None,
        words=tuple(line for line in lines[start + 1 :] if not _OWN_WORDS.match(line))[-KEPT_WORDS:],
        log_line=start + 1,
        pulled=pulled,
    )
