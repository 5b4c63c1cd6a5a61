"""The verdict: a certain no before a doubt, a doubt before a pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pipeline_kit.model.verdict import ScannerData, Severity
from pipeline_kit.scanners.policy import others
from tests.unit.scan_samples import (
    DAY,
    FRESH,
    MEDIUM,
    NOW,
    OPENSSL,
    SETTINGS,
    UNFIXED,
    UNRATED,
    URLLIB3,
    scan_of,
    verdict_on,
)


def test_nothing_found_and_nothing_doubted_passes() -> None:
    assert verdict_on(scan_of()).outcome == "pass"


def test_findings_stop_worst_first_and_once_for_all_platforms() -> None:
    verdict = verdict_on(scan_of(URLLIB3, OPENSSL), scan_of(OPENSSL, MEDIUM, platform="linux/arm64"))
    assert verdict.outcome == "refused"
    assert verdict.stops == (OPENSSL, URLLIB3)


def test_the_worst_platform_decides() -> None:
    assert verdict_on(scan_of(), scan_of(OPENSSL, platform="linux/arm64")).outcome == "refused"
    doubtful = scan_of(platform="linux/arm64", doubts=("Trivy read no package of debian 12.5",))
    verdict = verdict_on(scan_of(), doubtful)
    assert verdict.outcome == "unknown"
    assert verdict.doubts == ("linux/arm64: Trivy read no package of debian 12.5",)


def test_a_certain_no_is_said_before_a_doubt() -> None:
    verdict = verdict_on(scan_of(OPENSSL, doubts=("Trivy warns",)))
    assert (verdict.outcome, verdict.doubts) == ("refused", ("Trivy warns",))


def test_no_platform_is_no_pass() -> None:
    assert verdict_on().doubts == ("no platform was scanned",)


@pytest.mark.parametrize(
    ("made", "doubts"),
    [
        (NOW - 5 * DAY, ()),
        (NOW - 5 * DAY - 1, ("the scanner data is 5 days old (limit 5)",)),
        (NOW - 61 * DAY, ("the scanner data is 61 days old (limit 5)",)),
        (NOW + 2 * DAY, ("the scanner data is 2 days newer than this machine's clock",)),
        (0, ("the scanner data is 20833 days old (limit 5)",)),
    ],
)
def test_the_data_must_be_of_these_days(made: float, doubts: tuple[str, ...]) -> None:
    verdict = verdict_on(scan_of(), data=ScannerData(int(made), FRESH.sha256))
    assert verdict.doubts == doubts
    assert verdict.outcome == ("unknown" if doubts else "pass")


@pytest.mark.parametrize(
    ("changes", "stops"),
    [
        ({}, [OPENSSL]),
        ({"fail_on": Severity.MEDIUM}, [OPENSSL, MEDIUM]),
        ({"fixable_only": False}, [OPENSSL, UNFIXED]),
        ({"stop_unrated": True}, [OPENSSL, UNRATED]),
        ({"fail_on": Severity.UNKNOWN}, [OPENSSL, MEDIUM, UNRATED]),
    ],
)
def test_the_policy_decides_what_stops(changes: dict[str, object], stops: list[object]) -> None:
    settings = replace(SETTINGS, **changes)  # type: ignore[arg-type]
    verdict = verdict_on(scan_of(OPENSSL, MEDIUM, UNFIXED, UNRATED), settings=settings)
    assert list(verdict.stops) == stops


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({}, "HIGH or worse, fixable"),
        ({"fail_on": Severity.CRITICAL, "fixable_only": False}, "CRITICAL"),
        ({"fail_on": Severity.UNKNOWN}, "any severity, fixable"),
        ({"stop_unrated": True}, "HIGH or worse, unrated too, fixable"),
    ],
)
def test_the_policy_is_said_in_words(changes: dict[str, object], rule: str) -> None:
    assert replace(SETTINGS, **changes).rule == rule  # type: ignore[arg-type]


def test_what_does_not_stop_is_counted_by_its_reason() -> None:
    verdict = verdict_on(scan_of(OPENSSL, MEDIUM, UNFIXED, UNRATED))
    expected = "3 others do not stop: 1 below HIGH, 1 not rated yet, 1 without a fix"
    assert others(verdict, SETTINGS) == expected
    assert others(verdict_on(scan_of(OPENSSL)), SETTINGS) == ""
    assert others(verdict_on(scan_of(MEDIUM)), SETTINGS) == "1 other does not stop: 1 below HIGH"


def test_a_note_of_the_data_is_a_note_of_the_verdict() -> None:
    verdict = verdict_on(scan_of(), data=ScannerData(FRESH.time, FRESH.sha256, "could not be updated"))
    assert (verdict.outcome, verdict.notes) == ("pass", ("could not be updated",))
