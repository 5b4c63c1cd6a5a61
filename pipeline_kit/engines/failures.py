"""From how a build ended to a failure that names the line, the cause and the way out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline_kit.engines.case import Case
from pipeline_kit.engines.checks import missing_target, relative
from pipeline_kit.engines.docker_client import unknown_builder
from pipeline_kit.engines.missing_base import missing_base
from pipeline_kit.engines.missing_file import missing_file
from pipeline_kit.errors import Failure, alternative, log

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline_kit.engines.ending import Ending
    from pipeline_kit.engines.job import Job

_KILLED = 137
_DISK = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
_ENGINE_DIED = re.compile(
    r"failed to receive status|error reading from server|transport is closing|Cannot connect to the Docker daemon"
)
_NO_TARGET = re.compile(r"target stage .* could not be found|The target .* was not found")
_NO_SECRET = re.compile(r"secret (\S+?):? not found|no secret with id (\S+) found")
_SYNTAX = re.compile(
    r"parse error(?: on)? line \d+: (.+)|LLB definition: (?!dockerfile parse error)(.+)"
    r'|parsing main Dockerfile: \S+: (.+)|Build error: (Unknown instruction: "\S+")|(no FROM statement found)'
)


def explain(ending: Ending, job: Job) -> Failure:
    """The failure that ``ending`` is."""
    case = Case(ending=ending, job=job)
    failure = next(filter(None, (rule(case) for rule in _RULES)), None) or _other(case)
    target = (case.stage and case.stage.name) or job.request.target
    failure.narrowed = target
    count = len(job.log_lines()) - 1
    whole = f"{relative(job.log, job.context.root)}, {count} line{'' if count == 1 else 's'}"
    return failure.extended(log(f"{whole}, this command from {ending.log_line}" if ending.log_line else whole))


def _run(case: Case) -> Failure | None:
    code = case.ending.code
    if code is None:
        return None
    keyword = case.instruction.keyword if case.instruction else "RUN"
    command = f"The command of {case.stage}" if case.stage and len(case.job.dockerfile.stages) > 1 else "The command"
    words = "\n".join(case.ending.words).strip("\n")
    where = f"lines below {case.ending.line}" if case.ending.line else "lines behind the bar"
    said = f"; the {where} are its own last words" if words else " and said nothing"
    killed = " 137 means that it was killed, most often for want of memory." if code == _KILLED else ""
    return case.failure(
        "build.run",
        f"{case.place}, {keyword} ended with exit code {code}",
        f"{command} failed{said}.{killed}",
        words=words,
    )


def _disk(case: Case) -> Failure | None:
    if not _DISK.search(case.ending.message):
        return None
    return case.failure(
        "build.disk",
        "there is no space left on the disk",
        "The engine or this machine ran out of space while it built or wrote the image.",
        alternative("docker system df shows what takes the space, docker builder prune frees the build cache"),
        words=case.said,
    )


def _engine_died(case: Case) -> Failure | None:
    if not _ENGINE_DIED.search(case.ending.message):
        return None
    return case.failure(
        "build.engine-died",
        "the engine went away in the middle of the build",
        "The connection to it ended: it was stopped or restarted, or it crashed.",
        words=case.said,
    )


def _no_builder(case: Case) -> Failure | None:
    return unknown_builder(case.ending.message)


def _no_target(case: Case) -> Failure | None:
    if not _NO_TARGET.search(case.ending.message):
        return None
    return missing_target(case.job.request, case.job.dockerfile, case.place.file)


def _no_secret(case: Case) -> Failure | None:
    found = _NO_SECRET.search(case.ending.message)
    if not found:
        return None
    name = found[1] or found[2]
    return case.failure(
        "build.secret",
        f"{case.place} needs the secret {name}",
        "It is mounted as required, and no secret with this id was given to the build.",
        alternative(f"--secret id={name},env=VARIABLE, or --secret id={name},src=FILE"),
    )


def _syntax(case: Case) -> Failure | None:
    found = _SYNTAX.search(case.ending.message)
    # What the engine finds wrong before the first step has a line, but no step.
    if not found and (case.ending.log_line or not case.ending.line):
        return None
    reason = next(filter(None, found.groups())) if found else case.said
    return case.failure(
        "build.dockerfile", f"{case.place}, {reason}", "The engine can't read the Dockerfile; nothing was built."
    )


def _other(case: Case) -> Failure:
    step = f", {case.instruction.keyword} failed" if case.instruction else " could not be built"
    return case.failure(
        "build.failed", f"{case.place}{step}", "The engine's own words tell the reason.", words=case.ending.message
    )


# The first that knows the case decides: what a command printed must not be taken for the engine's own words.
_RULES: tuple[Callable[[Case], Failure | None], ...] = (
    _run,
    _disk,
    _engine_died,
    _no_builder,
    _no_target,
    _no_secret,
    missing_file,
    missing_base,
    _syntax,
)
