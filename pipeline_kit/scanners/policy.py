"""Whether an image may go on: one answer for all its platforms, from what the scanner saw and what it doubts.

Pure: the same scans, data, settings and time give the same verdict. A certain no ("refused") is worse than "unknown",
which is a no as well; a pass needs a scan of every platform without any doubt.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pipeline_kit.model.verdict import Finding, PlatformScan, ScannerData, Severity, Verdict

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline_kit.model.digest import Digest
    from pipeline_kit.model.image import Tool
    from pipeline_kit.scanners.settings import ScanSettings

_DAY = 86_400


def judge(
    digest: Digest,
    scans: Sequence[PlatformScan],
    data: ScannerData,
    settings: ScanSettings,
    tool: Tool,
    now: float,
) -> Verdict:
    """The verdict on the image ``digest``. ``now`` is in seconds since 1970."""
    stops = sorted((f for f in distinct(scans) if _stops(f, settings)), key=_worst_first)
    doubts = (*_doubts_about(data, settings, now), *_of_platforms(scans, "doubts"))
    if not scans:
        doubts = (*doubts, "no platform was scanned")
    notes = ((data.note,) if data.note else ()) + _of_platforms(scans, "notes")
    return Verdict(
        digest=digest,
        outcome="refused" if stops else "unknown" if doubts else "pass",
        scanner=tool,
        policy=settings.rule,
        policy_digest=settings.policy_digest,
        data_time=data.time,
        data_sha256=data.sha256,
        scans=tuple(scans),
        stops=tuple(stops),
        doubts=doubts,
        notes=notes,
    )


def distinct(scans: Sequence[PlatformScan]) -> tuple[Finding, ...]:
    """Each finding once, although several platforms have it."""
    found: dict[tuple[str, ...], Finding] = {}
    for scan in scans:
        for finding in scan.findings:
            found.setdefault((finding.id, finding.package, finding.installed, finding.where), finding)
    return tuple(found.values())


def others(verdict: Verdict, settings: ScanSettings) -> str:
    """Why the other findings do not stop: ``41 others do not stop: 29 below HIGH, 12 without a fix``; '' if none."""
    stops = set(verdict.stops)
    rest = [finding for finding in distinct(verdict.scans) if finding not in stops]
    if not rest:
        return ""
    unrated = sum(finding.severity is Severity.UNKNOWN for finding in rest)
    below = sum(Severity.UNKNOWN < finding.severity < settings.fail_on for finding in rest)
    counted = {
        f"below {settings.fail_on.name}": below,
        "not rated yet": unrated,
        "without a fix": len(rest) - below - unrated,
    }
    reasons = ", ".join(f"{count} {reason}" for reason, count in counted.items() if count)
    return f"{len(rest)} {'other does' if len(rest) == 1 else 'others do'} not stop: {reasons}"


def _stops(finding: Finding, settings: ScanSettings) -> bool:
    if settings.fixable_only and not finding.fixed:
        return False
    if finding.severity is Severity.UNKNOWN and settings.stop_unrated:
        return True
    return finding.severity >= settings.fail_on


def _worst_first(finding: Finding) -> tuple[object, ...]:
    return (-finding.severity, finding.id, finding.package, finding.installed, finding.where)


def _doubts_about(data: ScannerData, settings: ScanSettings, now: float) -> tuple[str, ...]:
    age = now - data.time
    if age > settings.max_data_age * _DAY:
        return (f"the scanner data is {age / _DAY:.0f} days old (limit {settings.max_data_age})",)
    if age < -_DAY:
        return (f"the scanner data is {-age / _DAY:.0f} days newer than this machine's clock",)
    return ()


def _of_platforms(scans: Sequence[PlatformScan], field: Literal["doubts", "notes"]) -> tuple[str, ...]:
    """The texts of all platforms, behind the platform's name where there are several."""
    texts: dict[str, None] = {}
    for scan in scans:
        prefix = f"{scan.platform}: " if len(scans) > 1 else ""
        texts |= dict.fromkeys(f"{prefix}{text}" for text in getattr(scan, field))
    return tuple(texts)
