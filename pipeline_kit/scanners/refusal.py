"""What a person reads when an image was refused, or could not be judged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, fix, quote, why
from pipeline_kit.model.verdict import Severity
from pipeline_kit.scanners.policy import distinct, others

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline_kit.model.verdict import Finding, Verdict
    from pipeline_kit.scanners.settings import ScanSettings

_SHOWN = 4
_WIDTH = 200
# How the package managers of these kinds of package URL write one version.
_PINNED = {"pypi": "{}=={}", "npm": "{}@{}", "golang": "{}@v{}", "maven": "{}:{}"}


def refusal(verdict: Verdict, settings: ScanSettings, report: str = "") -> Failure:
    """The failure of a refused image; ``report`` is where all its findings are."""
    stops, total = len(verdict.stops), len(distinct(verdict.scans))
    set_to = "default" if settings.fail_on is Severity.HIGH else "set to"
    lines = [f"Rule scan.fail-on ({set_to} {settings.fail_on.name})."]
    rest = others(verdict, settings)
    lines.append(" ".join(filter(None, (f"{rest}." if rest else "", f"All: {report}" if report else ""))))
    if verdict.doubts:
        lines.append(f"There may be more: {verdict.doubts[0].splitlines()[0]}.")
    notes = [why("\n".join(filter(None, lines)))]
    if remedies := _remedies(verdict.stops):
        notes.append(fix("\n".join(remedies)))
    headline = f"{stops} of {total} findings {'stops' if stops == 1 else 'stop'} this image ({verdict.policy})"
    return Failure("scan.refused", headline, *notes, evidence=_columns(verdict.stops))


def unknown(verdict: Verdict) -> Failure:
    """The failure of an image that could not be judged; the first doubt is the headline."""
    first, *rest = verdict.doubts
    headline, _, words = first.partition("\n")
    also = tuple(f"  also: {': '.join(doubt.splitlines())[:_WIDTH]}" for doubt in rest)
    return Failure(
        "scan.unknown",
        f"cannot tell: {headline}",
        why("An image that could not be judged counts as one with findings."),
        evidence=(*quote(words), *_cut(also)),
    )


def _columns(stops: Sequence[Finding]) -> tuple[str, ...]:
    rows = [
        (
            f.severity.name,
            f.id,
            f.package,
            f"{f.installed} > {f.fixed}" if f.fixed else f"{f.installed}, no fix",
            f.where,
        )
        for f in stops[:_SHOWN]
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  " + "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return _cut((*lines, *stops[_SHOWN:]))


def _cut(lines: Sequence[object]) -> tuple[str, ...]:
    shown = tuple(str(line) for line in lines[:_SHOWN])
    return shown if len(lines) <= _SHOWN else (*shown, f"  and {len(lines) - _SHOWN} more")


def _remedies(stops: Sequence[Finding]) -> list[str]:
    """One line for each language package whose fixed version is certain: ``urllib3==2.2.2``."""
    needed: dict[str, list[tuple[int, ...] | None]] = {}
    for finding in stops:
        kind = finding.purl.removeprefix("pkg:").partition("/")[0]
        # Go's standard library is a package too, but comes with the compiler.
        if kind in _PINNED and finding.package != "stdlib":
            pattern = _PINNED[kind].replace("{}", finding.package, 1)
            needed.setdefault(pattern, []).append(_lowest_fix(finding))
    lines = []
    for pattern, versions in needed.items():
        certain = [version for version in versions if version]
        if len(certain) == len(versions):
            lines.append(pattern.format(".".join(map(str, max(certain)))))
    return sorted(lines)


def _lowest_fix(finding: Finding) -> tuple[int, ...] | None:
    """The lowest fixed version above the installed one; None where versions are not plain numbers."""
    installed = _numbers(finding.installed)
    fixes = [_numbers(version.strip()) for version in finding.fixed.split(",")]
    if installed is None or None in fixes:
        return None
    return min((version for version in fixes if version and version > installed), default=None)


def _numbers(version: str) -> tuple[int, ...] | None:
    return tuple(map(int, version.split("."))) if re.fullmatch(r"[0-9]+(\.[0-9]+)*", version) else None
