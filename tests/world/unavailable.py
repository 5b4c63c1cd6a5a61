"""What is said when this machine can't have a part."""

from __future__ import annotations


class Unavailable(Exception):  # noqa: N818 - it is no error: another machine has the part
    """``reason`` says what is missing, in one line; ``ways_out`` are what a person can do about it."""

    def __init__(self, reason: str, *ways_out: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.ways_out = ways_out

    def __str__(self) -> str:
        return "\n  or: ".join([self.reason, *self.ways_out])
