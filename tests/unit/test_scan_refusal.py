"""What a person reads when an image goes no further."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from pipeline_kit.errors import Exit
from pipeline_kit.model.verdict import Severity
from pipeline_kit.scanners.refusal import refusal, unknown
from tests.unit.scan_samples import MEDIUM, OPENSSL, SETTINGS, UNFIXED, UNRATED, URLLIB3, scan_of, verdict_on


def notes(failure: object) -> dict[str, str]:
    return {note.label: note.text for note in failure.notes}  # type: ignore[attr-defined]


def test_a_refusal_names_what_stops_why_and_the_fix_that_is_known() -> None:
    verdict = verdict_on(scan_of(URLLIB3, OPENSSL, MEDIUM, UNFIXED, UNRATED))
    failure = refusal(verdict, SETTINGS, ".pipeline-kit/scan.sarif")
    assert failure.exit is Exit.REFUSED
    assert failure.headline == "2 of 5 findings stop this image (HIGH or worse, fixable)"
    assert failure.evidence == (
        "  CRITICAL  CVE-2026-10001  openssl  3.0.13 > 3.0.14         debian 12.5",
        "  HIGH      CVE-2026-10002  urllib3  2.0.7 > 1.26.19, 2.2.2  app/urllib3.dist-info/METADATA",
    )
    assert notes(failure) == {
        "why": "Rule scan.fail-on (default HIGH).\n"
        "3 others do not stop: 1 below HIGH, 1 not rated yet, 1 without a fix. All: .pipeline-kit/scan.sarif",
        "fix": "urllib3==2.2.2",
    }


def test_at_most_four_findings_are_shown() -> None:
    many = [msgspec.structs.replace(OPENSSL, id=f"CVE-2026-2000{n}") for n in range(6)]
    failure = refusal(verdict_on(scan_of(*many)), SETTINGS)
    assert len(failure.evidence) == 5
    assert failure.evidence[-1] == "  and 2 more"
    assert "fix" not in notes(failure)


def test_a_doubt_beside_a_refusal_is_not_lost() -> None:
    failure = refusal(verdict_on(scan_of(OPENSSL, doubts=("Trivy read no package of debian 12.5",))), SETTINGS)
    assert notes(failure)["why"].endswith("There may be more: Trivy read no package of debian 12.5.")


def test_a_rule_of_ones_own_is_named() -> None:
    settings = replace(SETTINGS, fail_on=Severity.MEDIUM)
    failure = refusal(verdict_on(scan_of(MEDIUM), settings=settings), settings)
    assert failure.headline == "1 of 1 findings stops this image (MEDIUM or worse, fixable)"
    assert notes(failure)["why"] == "Rule scan.fail-on (set to MEDIUM)."


def test_a_fix_is_one_version_that_ends_all_findings_of_the_package() -> None:
    later = msgspec.structs.replace(URLLIB3, id="CVE-2026-10009", fixed="2.10.0")
    assert notes(refusal(verdict_on(scan_of(URLLIB3, later)), SETTINGS))["fix"] == "urllib3==2.10.0"


def test_a_fix_that_is_not_certain_is_left_out() -> None:
    for fixed in ("2.2.2rc1", "1.26.19", "2.2.2, after 3"):
        odd = msgspec.structs.replace(URLLIB3, fixed=fixed)
        assert "fix" not in notes(refusal(verdict_on(scan_of(odd)), SETTINGS))


def test_an_image_that_could_not_be_judged_says_the_first_doubt_and_the_scanners_own_words() -> None:
    doubts = ("trivy ended with exit code 1\nx FATAL out of cheese", "another\nwith words")
    failure = unknown(verdict_on(scan_of(doubts=doubts)))
    assert failure.exit is Exit.UNKNOWN
    assert failure.headline == "cannot tell: trivy ended with exit code 1"
    assert failure.evidence == ("│ x FATAL out of cheese", "  also: another: with words")
