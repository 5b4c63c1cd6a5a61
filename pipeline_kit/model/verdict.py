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
    the package database it was found in, ``layer`` the diff ID of the layer that brought it. ``purl`` is the package
    URL without the version: with the id and ``where`` it is the same finding in the next image too.
    """

    id: str
    severity: Severity
    package: str
    installed: str
    fixed: str = ""
    title: str = ""
    where: str = ""
    layer: str = ""
    purl: str = ""


class ScannerData(msgspec.Struct, frozen=True, omit_defaults=True):
    """The database that a scan read: ``time`` is when it was made, in seconds since 1970; ``note`` says why it is not
    newer, where an update was wanted and failed.
    """

    time: int
    sha256: str
    note: str = ""


class PlatformScan(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the scanner saw in one platform. ``os`` is '' where it recognised none.

    ``doubts`` say why it may have seen too little: with one, the answer is 'cannot tell'. The first line of each is a
    headline, the others are the scanner's own words. ``notes`` are what a person should know although it is no doubt.
    """

    platform: Platform
    manifest: Digest
    config: Digest
    packages: int
    os: str = ""
    findings: tuple[Finding, ...] = ()
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Verdict(msgspec.Struct, frozen=True, omit_defaults=True):
    """``outcome`` of the worst platform. ``stops`` are the findings that the policy stops on, worst first, each once
    although several platforms have it. ``policy`` is the rule in words, and
    ``policy_digest`` the digest of all that it goes by.

    ``data_time`` is when the scanner's database was made, in seconds since 1970. ``doubts`` say why it can't be told,
    and ``notes`` what a person should know; both name the platform where there are several.
    """

    digest: Digest
    outcome: Literal["pass", "refused", "unknown"]
    scanner: Tool
    policy: str
    policy_digest: str = ""
    data_time: int = 0
    data_sha256: str = ""
    scans: tuple[PlatformScan, ...] = ()
    stops: tuple[Finding, ...] = ()
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def packages(self) -> int:
        """Packages seen on all platforms."""
        return sum(scan.packages for scan in self.scans)

    @property
    def findings(self) -> int:
        """Findings on all platforms."""
        return sum(len(scan.findings) for scan in self.scans)
