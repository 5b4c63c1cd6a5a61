"""Platforms, written as Docker writes them: ``linux/amd64``, ``linux/arm/v7``."""

from __future__ import annotations

import msgspec


class Platform(msgspec.Struct, frozen=True, omit_defaults=True):
    """An operating system, an architecture and, for some, a variant."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    @classmethod
    def parse(cls, text: str) -> Platform:
        """The platform that ``text`` names; ValueError if it is none."""
        parts = text.strip().split("/")
        if len(parts) not in (2, 3) or not all(part.isalnum() and part.isascii() for part in parts):
            raise ValueError(f"{text!r} is not a platform such as linux/amd64 or linux/arm/v7")
        return cls(*parts)
