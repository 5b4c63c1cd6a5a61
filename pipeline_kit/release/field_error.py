"""What is wrong with a file that should hold a version."""

from __future__ import annotations


class FieldError(ValueError):
    """A sentence that says what is wrong with the file. ``ways`` are what to do, where it is not to give a pattern."""

    def __init__(self, text: str, *ways: str) -> None:
        super().__init__(text)
        self.ways = ways
