"""The gate: which verdicts count, and what this job can prove that it made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline_kit.errors import Exit, Failure
from pipeline_kit.gate.authorised import Policy, authorised
from pipeline_kit.gate.proofs import Proofs
from pipeline_kit.model.image import Tool
from pipeline_kit.model.verdict import Severity, Verdict
from pipeline_kit.scanners.settings import ScanSettings

if TYPE_CHECKING:
    from pathlib import Path

IMAGE, OTHER = (f"sha256:{digit * 64}" for digit in "ab")
POLICY = Policy("sha256:" + "c" * 64, 5)
NOW, DAY = 1_800_000_000.0, 86_400
PASS = Verdict(IMAGE, "pass", Tool("trivy", "1"), "HIGH or worse", POLICY.digest, data_time=int(NOW))

verdicts = st.none() | st.builds(
    Verdict,
    digest=st.sampled_from([IMAGE, OTHER]),
    outcome=st.sampled_from(["pass", "refused", "unknown"]),
    scanner=st.just(Tool("trivy", "1")),
    policy=st.just("HIGH or worse"),
    policy_digest=st.sampled_from([POLICY.digest, "", OTHER]),
    data_time=st.sampled_from([int(NOW), int(NOW - 4 * DAY), int(NOW - 6 * DAY), 0]),
)


def counts(verdict: Verdict | None) -> bool:
    return (
        verdict is not None
        and (verdict.digest, verdict.policy_digest) == (IMAGE, POLICY.digest)
        and verdict.data_time >= NOW - 5 * DAY
    )


@pytest.mark.parametrize("kind", ["push.unscanned", "deploy.unscanned"])
@given(told=verdicts, found=verdicts)
def test_only_a_pass_of_this_image_under_this_policy_lets_it_go_on(
    kind: str, told: Verdict | None, found: Verdict | None
) -> None:
    asked: list[str] = []

    def again(reason: str) -> Verdict:
        asked.append(reason)
        return found or PASS

    decisive = told if counts(told) else (found or PASS)
    assert decisive is not None
    if counts(decisive) and decisive.outcome == "pass":
        assert authorised(IMAGE, told, POLICY, NOW, again, kind) is decisive
    else:
        with pytest.raises(Failure) as refused:
            authorised(IMAGE, told, POLICY, NOW, again, kind)
        assert (refused.value.kind, refused.value.exit) == (kind, Exit.REFUSED)
    assert bool(asked) is not counts(told)
    assert all(asked)


@pytest.mark.parametrize(
    "other",
    [
        {"fail_on": Severity.CRITICAL},
        {"fixable_only": False},
        {"stop_unrated": True},
        {"allow_no_os": "one static program"},
        {"max_data_age": 6},
        {"database": "mirror.example.test/db"},
        {"java_database": "mirror.example.test/java"},
        {"tool_sha256": "0" * 64},
    ],
)
def test_all_that_decides_makes_another_policy(tmp_path: Path, other: dict[str, object]) -> None:
    settings = ScanSettings(cache=tmp_path)
    assert ScanSettings(cache=tmp_path, **other).policy_digest != settings.policy_digest  # type: ignore[arg-type]
    assert ScanSettings(cache=tmp_path / "elsewhere", timeout=7).policy_digest == settings.policy_digest


def test_a_proof_is_of_one_content_and_the_last_one_made(tmp_path: Path) -> None:
    proofs = Proofs(tmp_path)
    assert not proofs.holds("scan web", b"pass")
    proofs.keep("scan web", b"pass")
    assert proofs.holds("scan web", b"pass")
    assert not proofs.holds("scan api", b"pass")
    assert not Proofs(tmp_path / "another job").holds("scan web", b"pass")
    proofs.keep("scan web", b"refused")
    assert not proofs.holds("scan web", b"pass")


def test_an_old_verdict_without_a_policy_counts_for_nothing() -> None:
    with pytest.raises(Failure, match="has not passed"):
        authorised(
            IMAGE, replace(PASS, policy_digest=""), POLICY, NOW, lambda _: replace(PASS, digest=OTHER), "push.unscanned"
        )
