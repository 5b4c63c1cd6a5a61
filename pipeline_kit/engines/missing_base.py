"""A base image that can't be had: no such image, no right to pull it, or a registry that does not answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline_kit.errors import nearest

if TYPE_CHECKING:
    from pipeline_kit.engines.case import Case
    from pipeline_kit.errors import Failure

_BASE = re.compile(
    r"failed to resolve source metadata|pull access denied|initializing source|short-name|no stage or image found"
)
_UNREACHABLE = re.compile(
    r"dial tcp|no such host|connection refused|connection reset|i/o timeout|TLS handshake timeout|deadline exceeded"
    r"|network is unreachable|toomanyrequests|Too Many Requests|: EOF|\b(?:429|50[0234]) "
)
_DENIED = re.compile(r"denied|unauthorized|authorization|\b40[13]\b", re.IGNORECASE)


def missing_base(case: Case) -> Failure | None:
    """The failure, if it is one of this kind."""
    message = case.ending.message
    if not (case.ending.pulled or _BASE.search(message)):
        return None
    source = case.instruction.option("from") if case.instruction else ""
    if source and case.job.dockerfile.stage(source) is None:
        return _neither_stage_nor_image(case, source)
    image = case.ending.pulled.removeprefix("docker.io/library/")
    if _UNREACHABLE.search(message):
        return case.failure(
            "build.base-unreachable",
            f"{case.place}, {image} can't be reached",
            "The registry that has it did not answer the engine, which pulls it.",
            words=case.said,
        )
    return case.failure(
        "build.base", f"{case.place}, there is no base image {image}", _why_not(message, image), words=case.said
    )


def _neither_stage_nor_image(case: Case, source: str) -> Failure:
    near = nearest(source, [stage.name for stage in case.job.dockerfile.stages if stage.name])
    hint = f" Did you mean {near}?" if near else ""
    return case.failure(
        "build.base",
        f"{case.place}, there is neither a stage nor an image {source}",
        f"What is no stage of this Dockerfile is looked for as an image.{hint}",
        words=case.said,
    )


def _why_not(message: str, image: str) -> str:
    if "short-name" in message:
        return f"Buildah needs the registry's name too: docker.io/library/{image} is what Docker takes it for."
    if _DENIED.search(message):
        return "Its registry refuses it: there is no such image, or whoever builds may not pull it."
    return "Its registry has no such image, or none for this platform."
