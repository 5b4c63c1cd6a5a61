"""What a scan is asked to judge by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_kit.model.digest import Digest, digest_of
from pipeline_kit.model.verdict import Severity

if TYPE_CHECKING:
    from pathlib import Path

OFFLINE = "offline"
_DECIDING = (
    *("fail_on", "fixable_only", "stop_unrated", "allow_no_os", "max_data_age"),
    *("database", "java_database", "tool_sha256"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanSettings:
    """The policy, and where the scanner's data comes from.

    ``fail_on`` is the lowest severity that stops an image, ``fixable_only`` leaves out what has no fix yet. A finding
    that nobody has rated yet stops only with ``stop_unrated`` (or ``fail_on`` UNKNOWN); it is always counted.
    ``allow_no_os`` is the reason why this image has no operating system or no packages; '' says that it should have.

    ``max_data_age`` is in days, ``timeout`` in seconds. ``database`` and ``java_database`` are OCI references of
    mirrors, '' means the scanner's own; ``database`` 'offline' reads what is in ``cache`` and downloads nothing.
    ``cache`` is a folder of ours, outside of every build context. ``tool_sha256`` pins the scanner's program.
    """

    cache: Path
    fail_on: Severity = Severity.HIGH
    fixable_only: bool = True
    stop_unrated: bool = False
    allow_no_os: str = ""
    max_data_age: int = 5
    database: str = ""
    java_database: str = ""
    timeout: int = 600
    tool_sha256: str = ""

    @property
    def offline(self) -> bool:
        """Whether nothing may be downloaded."""
        return self.database == OFFLINE

    @property
    def policy_digest(self) -> Digest:
        """What tells one policy from another: all that decides, and nothing of where this machine keeps its data."""
        return digest_of(repr([getattr(self, name) for name in _DECIDING]).encode())

    @property
    def rule(self) -> str:
        """The policy in words, as a headline has it."""
        worse = "" if self.fail_on is Severity.CRITICAL else " or worse"
        level = "any severity" if self.fail_on is Severity.UNKNOWN else f"{self.fail_on.name}{worse}"
        unrated = ", unrated too" if self.stop_unrated and self.fail_on is not Severity.UNKNOWN else ""
        return f"{level}{unrated}{', fixable' if self.fixable_only else ''}"
