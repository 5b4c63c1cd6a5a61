"""Where two runs of one commit parted, and why."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from pipeline_kit.model.event import RunIdentity
from pipeline_kit.model.image import Image, PlatformImage, Tool
from pipeline_kit.model.platform import Platform
from pipeline_kit.model.verdict import Verdict
from pipeline_kit.model.version import NextVersion
from pipeline_kit.record import SCHEMA, Entry, Record, Run, Values
from pipeline_kit.replay.compare import compare


def digest(letter: str) -> str:
    return f"sha256:{letter * 64}"


PLATFORM = PlatformImage(Platform("linux", "amd64"), digest("b"), digest("c"), (digest("1"), digest("2")), 10)
IMAGE = Image(digest("a"), (PLATFORM,), "0" * 40, Tool("docker", "28.1.0"))
VERDICT = Verdict(digest("a"), "pass", Tool("Trivy", "0.76.0"), "HIGH", 1, digest("d"), ())


def record(**values: Any) -> Record:
    entries = tuple(
        Entry("web", step, "", "word", f"detail of {step}", 0.0, 0.0, "", Values(**{step: value}))
        if not isinstance(value, str)
        else Entry("web", step, "", "failed", "", 0.0, 0.0, value)
        for step, value in values.items()
    )
    return Record(SCHEMA, "0" * 40, Run(RunIdentity("local"), "0", 0.0), entries)


def other_layer(number: int) -> Image:
    layers = tuple(digest("9") if index == number else layer for index, layer in enumerate(PLATFORM.layers))
    return replace(IMAGE, digest=digest("e"), platforms=(replace(PLATFORM, layers=layers, config=digest("f")),))


def test_the_same_is_the_same() -> None:
    one = record(version=NextVersion("1.0.0", "from the tag", released=True), build=IMAGE, scan=VERDICT)
    assert all(step.same and not step.note for step in compare(one, one, "web"))
    assert [step.step for step in compare(one, one, "web")] == ["version", "build", "scan"]


@pytest.mark.parametrize(
    ("now", "note"),
    [
        (other_layer(1), f"layer 2 of 2 differs: {'2' * 12} then, {'9' * 12} now"),
        (
            replace(IMAGE, digest=digest("e"), platforms=(replace(PLATFORM, config=digest("f")),)),
            "all layers are the same, the configuration differs",
        ),
        (replace(IMAGE, digest=digest("e"), platforms=()), "linux/amd64 is not built here"),
        (
            replace(IMAGE, digest=digest("e"), platforms=(replace(PLATFORM, layers=()),)),
            "2 layers then, 0 now",
        ),
        (
            replace(IMAGE, digest=digest("e"), engine=Tool("buildah", "1.28")),
            "the platforms are the same, their order or their index differs; docker 28.1.0 then, buildah 1.28 now",
        ),
    ],
)
def test_an_image_that_differs_is_explained(now: Image, note: str) -> None:
    (step,) = compare(record(build=IMAGE), record(build=now), "web")
    assert (step.same, step.note) == (False, note)


def test_another_verdict_is_explained() -> None:
    newer = replace(VERDICT, outcome="refused", data_sha256=digest("0"))
    (step,) = compare(record(scan=VERDICT), record(scan=newer), "web")
    assert (step.then, step.now, step.note) == ("pass", "refused", "the scanner's data is another one")
    (step,) = compare(record(scan=VERDICT), record(scan=replace(newer, digest=digest("9"))), "web")
    assert step.note == "another image was judged"


def test_a_failure_is_told_by_its_id() -> None:
    (step,) = compare(record(build="build.failed"), record(build="build.failed"), "web")
    assert (step.then, step.same) == ("build.failed", True)
    (step,) = compare(record(build="build.failed"), record(build=IMAGE), "web")
    assert (step.then, step.now, step.same) == ("build.failed", "a" * 12, False)
    (step,) = compare(record(build=IMAGE), None, "web")
    assert (step.now, step.same) == ("not run", False)
