"""COPY and ADD of a file that isn't there: a typing error, .dockerignore, or another stage that never made it."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from pipeline_kit.engines.checks import relative
from pipeline_kit.engines.ignore import ignore_file
from pipeline_kit.errors import nearest

if TYPE_CHECKING:
    from pipeline_kit.engines.case import Case
    from pipeline_kit.engines.dockerfile import Instruction
    from pipeline_kit.errors import Failure

# BuildKit's ways to say it for the build context and for a stage, then Buildah's for each.
_ABSENT = re.compile(
    r'"/?(?P<context>[^"]+)"(?: not found)?: (?:not found|no such file)'
    r"|lstat (?:\S*?(?:buildkit-mount\d+|merged))?/(?P<stage>.+): no such file"
    r'|no items matching glob "(?P<ignored>[^"]+)" copied'
)


def missing_file(case: Case) -> Failure | None:
    """The failure, if it is one of this kind."""
    found = _ABSENT.search(case.ending.message)
    instruction = case.instruction
    if not found or instruction is None or instruction.keyword not in ("COPY", "ADD"):
        return None
    reported = next(filter(None, found.groups())).removeprefix(str(case.job.request.folder)).lstrip("/")
    wanted = _as_written(instruction, reported)
    source = instruction.option("from")
    if not source:
        return case.failure(
            "build.copy", f"{case.place}, there is no {wanted} to copy", _why_not_in_context(case, wanted)
        )
    stage = case.job.dockerfile.stage(source)
    return case.failure(
        "build.copy",
        f"{case.place}, {stage or source} has no /{wanted}",
        f"COPY takes it from {stage} as that is after its last line." if stage else f"It was looked for in {source}.",
    )


def _as_written(instruction: Instruction, reported: str) -> str:
    """The source that an instruction names. BuildKit reports the first folder on its way that it was not sent."""
    words = [posixpath.normpath(word).lstrip("/") for word in instruction.text.split() if not word.startswith("--")]
    return next((word for word in words[:-1] if word.startswith(f"{reported}/")), reported)


def _why_not_in_context(case: Case, wanted: str) -> str:
    folder, root = case.job.request.folder, case.job.context.root
    if (folder / wanted).exists():
        return f"It is there, but {relative(ignore_file(case.job.request), root)} keeps it out of the build."
    parent = (folder / wanted).parent
    names = [path.name for path in parent.iterdir()] if parent.is_dir() else []
    near = nearest((folder / wanted).name, names)
    hint = f" Did you mean {relative(parent / near, folder)}?" if near else ""
    name = relative(folder, root)
    where = "the repository" if name == "." else name
    return f"The build sees the files of {where}, and nothing outside of it.{hint}"
