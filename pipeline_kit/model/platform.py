"""Platforms, written as Docker writes them: ``linux/amd64``, ``linux/arm/v7``."""

from __future__ import annotations

import msgspec

_ARCHITECTURES = {"i386": "386", "x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64"}
_ARM = {"armhf": "v7", "armel": "v6"}


class Platform(msgspec.Struct, frozen=True, omit_defaults=True):
    """An operating system, an architecture and, for some, a variant."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    @property
    def canonical(self) -> Platform:
        """The one name of all that an engine takes for the same platform, by the rules of
        https://github.com/containerd/platforms: ``Linux/aarch64`` and ``linux/arm64/v8`` are ``linux/arm64``.
        """
        name, variant = self.architecture.lower(), self.variant.lower()
        architecture = "arm" if name in _ARM else _ARCHITECTURES.get(name, name)
        if architecture == "arm":
            variant = _ARM.get(name) or f"v{variant.removeprefix('v') or '7'}"
        elif (architecture, variant) in (("amd64", "v1"), ("arm64", "8"), ("arm64", "v8"), ("arm64", "v8.0")):
            variant = ""
        return Platform({"macos": "darwin"}.get(self.os.lower(), self.os.lower()), architecture, variant)

    @classmethod
    def parse(cls, text: str) -> Platform:
        """The platform that ``text`` names; ValueError if it is none."""
        parts = text.strip().split("/")
        if len(parts) not in (2, 3) or not all(part.isalnum() and part.isascii() for part in parts):
            raise ValueError(f"{text!r} is not a platform such as linux/amd64 or linux/arm/v7")
        return cls(*parts)
