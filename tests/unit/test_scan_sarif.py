"""The report that code scanning shows."""

from __future__ import annotations

import json

import msgspec

from pipeline_kit.model.verdict import Severity
from pipeline_kit.scanners.sarif import encoded, fingerprint
from tests.unit.scan_samples import MEDIUM, OPENSSL, UNRATED, scan_of, verdict_on


def test_each_finding_is_a_result_with_its_rule_and_a_lasting_fingerprint() -> None:
    elsewhere = msgspec.structs.replace(OPENSSL, package="libssl3", severity=Severity.LOW)
    verdict = verdict_on(scan_of(elsewhere, OPENSSL, MEDIUM, UNRATED), scan_of(OPENSSL, platform="linux/arm64"))
    log = json.loads(encoded(verdict))
    run = log["runs"][0]
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    assert [(r["ruleId"], r["level"]) for r in run["results"]] == [
        (OPENSSL.id, "warning"),
        (OPENSSL.id, "error"),
        (MEDIUM.id, "warning"),
        (UNRATED.id, "warning"),
    ]
    assert {r["id"]: r["properties"] for r in run["tool"]["driver"]["rules"]} == {
        OPENSSL.id: {"security-severity": "9.5"},
        MEDIUM.id: {"security-severity": "5.5"},
        UNRATED.id: {},
    }
    place = run["results"][1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert place == "debian%2012.5"
    assert run["properties"]["image"] == verdict.digest


def test_an_image_without_findings_has_an_empty_list_of_results() -> None:
    assert json.loads(encoded(verdict_on(scan_of())))["runs"][0]["results"] == []


def test_a_fingerprint_outlives_an_update_that_does_not_fix() -> None:
    updated = msgspec.structs.replace(OPENSSL, installed="3.0.13-2", severity=Severity.LOW, layer="x")
    assert fingerprint(updated) == fingerprint(OPENSSL)
    assert fingerprint(msgspec.structs.replace(OPENSSL, where="other")) != fingerprint(OPENSSL)
