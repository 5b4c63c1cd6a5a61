"""Trivy's report taken with suspicion: what it saw, and everything that makes it less than an answer.

The texts in it come from whoever made the image: they are made safe for a terminal here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline_kit.errors import printable
from pipeline_kit.model.digest import short
from pipeline_kit.model.verdict import Finding, PlatformScan, Severity
from pipeline_kit.scanners.trivy_coverage import language_coverage, os_coverage
from pipeline_kit.scanners.trivy_packages import misfits
from pipeline_kit.scanners.trivy_report import LANGUAGE_PACKAGES, OS_PACKAGES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline_kit.model.image import PlatformImage
    from pipeline_kit.scanners.trivy_report import Metadata, Report, Vulnerability

MOST_WARNINGS = 1000
_SHOWN_WARNINGS = 5
_LONGEST_TEXT = 300
# Warnings that say that packages were not read, or were compared with another distribution's data.
_BLIND = re.compile(
    r"No OS package is detected|Unsupported os|Mixing Alpine versions|Some OS packages were skipped"
    r"|\[(?:dpkg|apk|rpm\w*)\] .*[Ee]rror|detection of CoreOS packages is currently not supported"
)
_UNDATED = re.compile(r'This OS version is not on the EOL list\s+family="(?:redhat|centos)"')
_LEVEL = re.compile(r"^\S+\s+(WARN|ERROR|FATAL)\s+(.*)$")
# Said about every image that the verdict speaks of in its own words, or about no image at all.
_SAID_ELSEWHERE = re.compile(
    r"no longer supported by the distribution|may be insufficient because|^e\.g\. files under|not on the EOL list"
    r"|Using severities from other vendors|Conda package|not supported for vulnerability scanning"
)


def judged(
    report: Report,
    image: PlatformImage,
    diff_ids: Sequence[str],
    buckets: frozenset[str],
    warnings: Sequence[str],
    allow_no_os: str = "",
) -> PlatformScan:
    """What ``report`` says about ``image``, with every reason to doubt it.

    ``diff_ids`` are those of the image's config, ``buckets`` what the database has, ``warnings`` the lines of Trivy's
    log that ``is_warning`` finds. ``allow_no_os`` is the reason why this image has no operating system to be found.
    """
    os = report.metadata.os
    name = printable(f"{os.family} {os.name}".strip())[:_LONGEST_TEXT]
    doubts, notes = _other_image(report.metadata, image, diff_ids), []
    for more_doubts, more_notes in (
        _nothing_seen(report, name, allow_no_os),
        _not_covered(report, name, buckets),
        _of_the_log(warnings),
    ):
        doubts += more_doubts
        notes += more_notes
    return PlatformScan(
        platform=image.platform,
        manifest=image.manifest,
        config=image.config,
        packages=sum(len(result.packages) for result in report.results),
        os=name,
        findings=tuple(
            _finding(found, result.kind, name) for result in report.results for found in result.vulnerabilities
        ),
        doubts=tuple(dict.fromkeys(doubts)),
        notes=tuple(dict.fromkeys(notes)),
    )


def _other_image(metadata: Metadata, image: PlatformImage, diff_ids: Sequence[str]) -> list[str]:
    if metadata.image_id != image.config:
        return [f"Trivy read image {short(printable(metadata.image_id)) or 'none'}, not {short(image.config)}"]
    # Of a layer that it remembers Trivy tells the digest that it was stored under then: another engine compresses it in
    # another way. What it unpacks to decides what is in it.
    if not metadata.diff_ids == [layer.diff_id for layer in metadata.layers] == list(diff_ids):
        return ["Trivy read other layers than this image has"]
    return []


def _nothing_seen(report: Report, os: str, allow_no_os: str) -> tuple[list[str], list[str]]:
    """No operating system, no packages of it, no packages at all: all of these look like an image without findings."""
    os_packages = sum(len(result.packages) for result in report.results if result.kind == OS_PACKAGES)
    packages = sum(len(result.packages) for result in report.results)
    family = report.metadata.os.family
    if family in ("", "none"):
        if allow_no_os:
            return [], [f"no operating system, {_packages(packages)}; accepted: {allow_no_os}"]
        return [f"Trivy recognised no operating system, and read {_packages(packages)}"], []
    notes = [f"{os} gets no security updates any more"] if report.metadata.os.ended else []
    if not os_packages:
        return [f"Trivy read no package of {os}"], notes
    doubts = misfits(report, os)
    third = sum(package.repository.kind == "third-party" for result in report.results for package in result.packages)
    if third:
        notes.append(f"{_packages(third)} of other repositories not judged: there is no data")
    return doubts, notes


def _not_covered(report: Report, os: str, buckets: frozenset[str]) -> tuple[list[str], list[str]]:
    doubts, notes = [], []
    family = report.metadata.os.family
    if family not in ("", "none"):
        coverage = os_coverage(family, report.metadata.os.name, buckets)
        if coverage == "missing":
            doubts.append(f"the scanner data has nothing on {os}")
        elif coverage == "unknown":
            doubts.append(f"it is not known which data {os} needs")
    for result in report.results:
        if result.kind != LANGUAGE_PACKAGES:
            continue
        coverage = language_coverage(result.type, buckets)
        kind = printable(result.type)[:_LONGEST_TEXT]
        if coverage == "missing":
            doubts.append(f"the scanner data has nothing on packages of type {kind}")
        elif coverage == "unknown":
            notes.append(f"{_packages(len(result.packages))} of type {kind} not judged: there is no data")
    return doubts, notes


def is_warning(line: str) -> bool:
    """Whether a line of Trivy's log may say that it did not look at something."""
    return bool(_LEVEL.match(line) or _BLIND.search(line))


def _of_the_log(warnings: Sequence[str]) -> tuple[list[str], list[str]]:
    """What Trivy's log warns of: doubts where it did not look, else notes."""
    doubts, notes = [], []
    for line in warnings:
        text = printable(re.sub(_LEVEL, r"\2", line).replace("\t", " "))[:_LONGEST_TEXT]
        if _BLIND.search(line) or _UNDATED.search(line):
            doubts.append(f"Trivy did not read everything\n{text}")
        elif not _SAID_ELSEWHERE.search(text):
            notes.append(f"Trivy warns: {text}")
    if len(warnings) > MOST_WARNINGS:
        doubts.append(f"Trivy gave more than {MOST_WARNINGS} warnings")
    if len(notes) > _SHOWN_WARNINGS:
        notes[_SHOWN_WARNINGS:] = [f"Trivy warns {len(notes) - _SHOWN_WARNINGS} times more, see the log"]
    return doubts, notes


def _finding(found: Vulnerability, kind: str, os: str) -> Finding:
    def text(value: str) -> str:
        return printable(value)[:_LONGEST_TEXT]

    return Finding(
        id=text(found.id),
        severity=Severity.__members__.get(found.severity, Severity.UNKNOWN),
        package=text(found.package),
        installed=text(found.installed),
        fixed=text(found.fixed),
        title=text(found.title),
        where=text(found.path) or (os if kind == OS_PACKAGES else ""),
        layer=text(found.layer.diff_id),
        purl=_without_version(text(found.identifier.purl)),
    )


def _packages(count: int) -> str:
    return "1 package" if count == 1 else f"{count} packages"


def _without_version(purl: str) -> str:
    """``pkg:deb/debian/zlib1g@1.2?arch=amd64`` becomes ``pkg:deb/debian/zlib1g``; an @ of a name is written %40."""
    return purl.partition("?")[0].partition("@")[0]
