"""A verdict as SARIF 2.1.0, which the code scanning of GitHub and Azure DevOps shows. GitHub wants more than the format
does: descriptions, a help text and a line.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

import msgspec

from pipeline_kit import __version__
from pipeline_kit.model.verdict import Severity
from pipeline_kit.scanners.policy import distinct

if TYPE_CHECKING:
    from pipeline_kit.model.verdict import Finding, Verdict

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# Code scanning sorts by a CVSS score: the middle of each severity's range.
_SCORES = {Severity.CRITICAL: "9.5", Severity.HIGH: "8.0", Severity.MEDIUM: "5.5", Severity.LOW: "2.0"}


class _Camel(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """SARIF's names are in camel case."""


class _Message(_Camel, frozen=True):
    text: str


class _Rule(_Camel, frozen=True):
    id: str
    short_description: _Message
    full_description: _Message
    help: _Message
    properties: dict[str, str]


class _Driver(_Camel, frozen=True):
    name: str
    version: str
    rules: tuple[_Rule, ...] = msgspec.field(name="rules")


class _Tool(_Camel, frozen=True):
    driver: _Driver


class _Artifact(_Camel, frozen=True):
    uri: str


class _Region(_Camel, frozen=True):
    start_line: int


class _Physical(_Camel, frozen=True):
    artifact_location: _Artifact
    region: _Region


class _Location(_Camel, frozen=True):
    physical_location: _Physical
    message: _Message


class _Result(_Camel, frozen=True):
    rule_id: str
    level: Literal["error", "warning"]
    message: _Message
    locations: tuple[_Location, ...]
    partial_fingerprints: dict[str, str]


class _Run(_Camel, frozen=True):
    tool: _Tool
    results: tuple[_Result, ...] = msgspec.field(name="results")
    properties: dict[str, str] = {}


class _Log(_Camel, frozen=True):
    version: str
    runs: tuple[_Run, ...]
    schema: str = msgspec.field(name="$schema")


def encoded(verdict: Verdict) -> bytes:
    """All findings of ``verdict`` as SARIF, those that stop as errors, the others as warnings."""
    return msgspec.json.format(msgspec.json.encode(_log(verdict)), indent=1)


def fingerprint(finding: Finding) -> str:
    """The same for the same finding in the next image: neither the version installed nor the digest is part of it."""
    key = "\\0".join((finding.id, finding.purl or finding.package, finding.where))
    return hashlib.sha256(key.encode()).hexdigest()


def _log(verdict: Verdict) -> _Log:
    findings = distinct(verdict.scans)
    stops = set(verdict.stops)
    driver = _Driver(verdict.scanner.name, verdict.scanner.version, _rules(findings))
    properties = {
        "image": verdict.digest,
        "outcome": verdict.outcome,
        "policy": verdict.policy,
        "database": f"sha256:{verdict.data_sha256}",
        "judgedBy": f"pipeline-kit {__version__}",
    }
    results = tuple(_result(finding, finding in stops, verdict.digest) for finding in findings)
    return _Log("2.1.0", (_Run(_Tool(driver), results, properties),), _SCHEMA)


def _rules(findings: tuple[Finding, ...]) -> tuple[_Rule, ...]:
    """One rule for each vulnerability, with the worst severity that it has in any package."""
    worst: dict[str, Finding] = {}
    for finding in findings:
        if finding.id not in worst or worst[finding.id].severity < finding.severity:
            worst[finding.id] = finding
    return tuple(
        _Rule(
            finding.id,
            _Message(finding.title or finding.id),
            _Message(f"{finding.id}: {finding.title or finding.package}"),
            _Message("Update the package, or build on a base that has; each result names the version that fixes it."),
            {"security-severity": _SCORES[finding.severity]} if finding.severity in _SCORES else {},
        )
        for finding in worst.values()
    )


def _result(finding: Finding, stops: bool, digest: str) -> _Result:  # noqa: FBT001 - called once
    fixed = f"fixed in {finding.fixed}" if finding.fixed else "no fix yet"
    text = f"{finding.severity.name}: {finding.package} {finding.installed} ({fixed}). {finding.title}".rstrip()
    # What was scanned is no file of the repository, so the location is the place inside of the image.
    uri = quote(finding.where or finding.package, safe="/")
    place = _Location(
        _Physical(_Artifact(uri), _Region(1)), _Message(f"{finding.where or finding.package} in {digest}")
    )
    return _Result(
        finding.id,
        "error" if stops else "warning",
        _Message(text),
        (place,),
        {"findingOfPackage/v1": fingerprint(finding)},
    )
