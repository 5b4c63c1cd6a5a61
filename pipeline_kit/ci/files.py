"""Files by which a CI takes values from a step."""

from __future__ import annotations

import os
from pathlib import Path

from pipeline_kit.errors import Failure, alternative, why


def append(path: str, text: str) -> None:
    """Add ``text`` to the file ``path``, in one write, so that two writers don't mix. '' is a file that the CI does not
    have: nothing is written.
    """
    if not path:
        return
    content = text.encode("utf-8", "replace")
    try:
        with Path(path).open("ab", buffering=0) as file:
            file.write(content)
    except (OSError, ValueError) as error:
        raise Failure(
            "run.ci-file",
            f"{path} can't be written: {error}",
            why("The CI reads this file after the step: outputs and summary would be missing."),
            alternative("Give a container the folder too, or don't pass it the CI's variables."),
        ) from error


def random_token() -> str:
    """32 hexadecimal digits that nobody can guess: for what ends a value, or for a name."""
    return os.urandom(16).hex()


def size(path: str) -> int:
    """Bytes in the file ``path``, 0 if there is none."""
    try:
        return Path(path).stat().st_size
    except (OSError, ValueError):
        return 0
