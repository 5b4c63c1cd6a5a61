"""Two records of the same commit, step by step: the first difference is where the runs parted. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.model.digest import short

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline_kit.model.image import Image
    from pipeline_kit.model.verdict import Verdict
    from pipeline_kit.record import Entry, Record

# What is made again here. login, push and deploy have effects, and the digest that they would carry is build's.
STEPS = ("version", "tag", "build", "scan")
_NOTHING = "not run"


class Comparison(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one step gave ``then`` and ``now``, in words; ``note`` says what lies behind a difference."""

    step: str
    then: str
    now: str
    same: bool
    note: str = ""


def compare(then: Record, now: Record | None, image: str) -> tuple[Comparison, ...]:
    """The steps that ``then`` has of ``image``, in their order. ``now`` is None where nothing came out."""
    found = []
    for step in STEPS:
        if before := then.find(image, step):
            after = _entry(now, step)
            found.append(_compared(step, before, after))
    return tuple(found)


def _entry(record: Record | None, step: str) -> Entry | None:
    return next((entry for entry in record.entries if entry.step == step), None) if record else None


def _compared(step: str, then: Entry, now: Entry | None) -> Comparison:
    words, note_of = _KINDS[step]
    before, after = _word(then, words), _word(now, words) if now else _NOTHING
    note = note_of(then, now) if now and before != after else ""
    return Comparison(step, before, after, before == after, note)


def _word(entry: Entry, words: Callable[[Entry], str]) -> str:
    """What a step gave, or the id of its failure; a refusal is told with what it refused."""
    told = words(entry)
    return f"{entry.failure} {told}".strip() if entry.failure else told


def _version(entry: Entry) -> str:
    return entry.value.version.version if entry.value.version else ""


def _tags(entry: Entry) -> str:
    return " ".join(tag.name for tag in entry.value.tag.tags) if entry.value.tag else ""


def _digest(entry: Entry) -> str:
    return short(entry.value.build.digest) if entry.value.build else ""


def _verdict(entry: Entry) -> str:
    found = entry.value.scan
    return " ".join([found.outcome, *(stop.id for stop in found.stops)]) if found else ""


def _why_version(then: Entry, now: Entry) -> str:
    return f"{then.detail}; now {now.detail}"


def _why_image(then: Entry, now: Entry) -> str:
    before, after = then.value.build, now.value.build
    if not (before and after):
        return ""
    engine = ""
    if before.engine != after.engine:
        engine = f"; {before.engine.name} {before.engine.version} then, {after.engine.name} {after.engine.version} now"
    return f"{_first_difference(before, after)}{engine}"


def _first_difference(then: Image, now: Image) -> str:
    platforms = {str(one.platform): one for one in now.platforms}
    for before in then.platforms:
        after = platforms.get(str(before.platform))
        if after is None:
            return f"{before.platform} is not built here"
        if len(before.layers) != len(after.layers):
            return f"{len(before.layers)} layers then, {len(after.layers)} now"
        for number, (old, new) in enumerate(zip(before.layers, after.layers, strict=True), 1):
            if old != new:
                return f"layer {number} of {len(before.layers)} differs: {short(old)} then, {short(new)} now"
        if before.config != after.config:
            return "all layers are the same, the configuration differs"
    return "the platforms are the same, their order or their index differs"


def _why_verdict(then: Entry, now: Entry) -> str:
    before, after = then.value.scan, now.value.scan
    if not (before and after):
        return ""
    if before.digest != after.digest:
        return "another image was judged"
    return _why_judged(before, after)


def _why_judged(then: Verdict, now: Verdict) -> str:
    if then.policy != now.policy:
        return f"the rule was {then.policy}, it is {now.policy}"
    if then.data_sha256 != now.data_sha256:
        return "the scanner's data is another one"
    return ""


def _nothing(_: Entry, __: Entry) -> str:
    return ""


_KINDS: dict[str, tuple[Callable[[Entry], str], Callable[[Entry, Entry], str]]] = {
    "version": (_version, _why_version),
    "tag": (_tags, _nothing),
    "build": (_digest, _why_image),
    "scan": (_verdict, _why_verdict),
}
