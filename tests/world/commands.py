"""Commands that bring the world up: their own last words are in the error when one fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.process import Command, Runner

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def output_of(
    *argv: str,
    environ: Mapping[str, str],
    stdin: bytes = b"",
    cwd: Path | None = None,
    log: Path | None = None,
    timeout: float | None = None,
) -> str:
    """What ``argv`` prints on standard output; RuntimeError with the last lines of both streams if it does not end
    with 0. The command sees all of ``environ``; ``timeout`` is in seconds.
    """
    command = Command(argv=argv, cwd=cwd, extra=environ, stdin=stdin, log=log, timeout=timeout)
    ended = Runner(environ).run(command)
    if ended.code != 0:
        last = "\n".join(ended.output.splitlines()[-15:])
        raise RuntimeError(f"{command} ended with exit code {ended.code}:\n{last}")
    return ended.text
