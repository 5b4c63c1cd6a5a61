"""May this image go on? The one question that push and deploy both ask before anything is sent or started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.errors import Failure, fix, why
from pipeline_kit.model.digest import Digest, short

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline_kit.model.verdict import Verdict

_DAY = 86_400


class Policy(msgspec.Struct, frozen=True):
    """What a verdict has to have been made under: the ``digest`` of the policy that is configured now, and the most
    days that the data of the scanner may be old.
    """

    digest: Digest
    max_data_age: int


def authorised(
    image: Digest, verdict: Verdict | None, policy: Policy, now: float, again: Callable[[str], Verdict], kind: str
) -> Verdict:
    """The verdict that lets ``image`` go on. ``again`` scans it once more, where there is no verdict that counts, and
    is told why. No verdict counts as no.

    Failure ``kind`` where the verdict is a no, and those of ``again``.
    """
    if verdict is None or (reason := unfit(image, verdict, policy, now)):
        verdict = again(reason if verdict else "no scan of it was made here")
    refuse_unscanned(image, verdict, kind, unfit(image, verdict, policy, now))
    return verdict


def unfit(image: Digest, verdict: Verdict, policy: Policy, now: float) -> str:
    """Why the verdict says nothing about ``image``, now and under this policy; '' where it does, be it a no."""
    if verdict.digest != image:
        return f"the last scan was of {short(verdict.digest)}"
    if verdict.policy_digest != policy.digest:
        return "the last scan went by other rules"
    if now - verdict.data_time > policy.max_data_age * _DAY:
        return "the data of the last scan is too old"
    return ""


def refuse_unscanned(image: Digest, verdict: Verdict, kind: str, reason: str = "") -> None:
    """Refuse what has no pass of its own."""
    if reason or verdict.outcome != "pass" or verdict.digest != image:
        raise Failure(
            kind,
            f"{short(image)} has not passed the scan",
            why(f"The last verdict is {verdict.outcome}, on {short(verdict.digest)}{f': {reason}' if reason else ''}."),
            fix("pipeline-kit scan"),
        )
