"""What a scan found, and whether the image may go on."""

from __future__ import annotations

from enum import IntEnum
from typing import Literal

import msgspec

from pipeline_kit.model.digest import Digest
from pipeline_kit.model.image import Tool
from pipeline_kit.model.platform import Platform


class Severity(IntEnum):
    """How bad a finding is; UNKNOWN sorts lowest, so a policy must name it to stop on it."""

    UNKNOWN = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """A known vulnerability in an installed package. ``fixed`` is '' where there is no fix yet; ``where`` the file or
    the package database it was found in, ``layer`` the diff ID of the layer that brought it.
    """

    id: str
    severity: Severity
    package: str
    installed: str
    fixed: str = ""
    title: str = ""
    where: str = ""
    layer: str = ""


class PlatformScan(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the scanner saw in one platform. ``os`` is '' where it recognised none."""

    platform: Platform
    manifest: Digest
    config: Digest
    packages: int
    os: str = ""
    findings: tuple[Finding, ...] = ()


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """``outcome`` of the worst platform. ``stops`` are the findings that the policy stops on, worst first.

    ``data_time`` is when the scanner's database was made, in seconds since 1970. ``doubts`` say why it can't be told.
    """

    digest: Digest
    outcome: Literal["pass", "refused", "unknown"]
    scanner: Tool
    policy: str
    data_time: int = 0
    data_sha256: str = ""
    scans: tuple[PlatformScan, ...] = ()
    stops: tuple[Finding, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def packages(self) -> int:
        """Packages seen on all platforms."""
        return sum(scan.packages for scan in self.scans)

    @property
    def findings(self) -> int:
        """Findings on all platforms."""
        return sum(len(scan.findings) for scan in self.scans)
