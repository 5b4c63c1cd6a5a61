"""Scans as a scanner would answer them."""

from __future__ import annotations

from pathlib import Path

from pipeline_kit.model.image import Tool
from pipeline_kit.model.platform import Platform
from pipeline_kit.model.verdict import Finding, PlatformScan, ScannerData, Severity, Verdict
from pipeline_kit.scanners.policy import judge
from pipeline_kit.scanners.settings import ScanSettings

NOW = 1_800_000_000.0
DAY = 86_400
DIGEST = "sha256:" + "4f" * 32
FRESH = ScannerData(int(NOW) - 3600, "ab" * 32)
TRIVY = Tool("Trivy", "0.76.0", "cd" * 32)
SETTINGS = ScanSettings(cache=Path("cache"))

OPENSSL = Finding(
    "CVE-2026-10001",
    Severity.CRITICAL,
    "openssl",
    "3.0.13",
    "3.0.14",
    where="debian 12.5",
    purl="pkg:deb/debian/openssl",
)
URLLIB3 = Finding(
    "CVE-2026-10002",
    Severity.HIGH,
    "urllib3",
    "2.0.7",
    "1.26.19, 2.2.2",
    where="app/urllib3.dist-info/METADATA",
    purl="pkg:pypi/urllib3",
)
MEDIUM = Finding("CVE-2026-10003", Severity.MEDIUM, "zlib1g", "1.2", "1.3")
UNFIXED = Finding("CVE-2026-10004", Severity.CRITICAL, "tar", "1.34")
UNRATED = Finding("CVE-2026-10005", Severity.UNKNOWN, "curl", "8.0", "8.1")


def scan_of(*findings: Finding, platform: str = "linux/amd64", doubts: tuple[str, ...] = ()) -> PlatformScan:
    """A scan of one platform that saw 142 packages."""
    return PlatformScan(
        Platform.parse(platform), DIGEST, DIGEST, 142, os="debian 12.5", findings=findings, doubts=doubts
    )


def verdict_on(
    *scans: PlatformScan, data: ScannerData = FRESH, settings: ScanSettings = SETTINGS, now: float = NOW
) -> Verdict:
    """The verdict on an image of these platforms."""
    return judge(DIGEST, scans, data, settings, TRIVY, now)
