"""Our own folder in the working tree never enters an image: it has the record, which is another one in each run.

Its own ``.gitignore`` keeps it out of git; for a build only the one ignore file of the Dockerfile counts, so the engine
is given that one with a line more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit import tree

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.context import Context
    from pipeline_kit.engines.job import Job
    from pipeline_kit.engines.request import BuildRequest

_LARGEST = 16 << 20


def ignore_file(request: BuildRequest) -> Path:
    """The file that says what the build context leaves out; it need not exist. The Dockerfile's own comes first."""
    own = request.dockerfile.with_name(f"{request.dockerfile.name}.dockerignore")
    return own if own.is_file() else request.folder / ".dockerignore"


def extended(request: BuildRequest, context: Context) -> str | None:
    """What the ignore file has to say so that our folder stays out; None where it is not in the build context."""
    if not context.output.is_relative_to(request.folder):
        return None
    file = ignore_file(request)
    content = tree.read(file, _LARGEST, top=request.folder) if file.exists() else b""
    rules = content.decode("utf-8", "surrogateescape")
    # The last match decides, so no rule before it can bring the folder back.
    return f"{rules.rstrip()}\n{context.output.relative_to(request.folder).as_posix()}\n"


def dockerfile_beside(job: Job) -> Path:
    """The Dockerfile for an engine that looks for its ignore file beside it: a copy of both, where a line is needed."""
    rules = extended(job.request, job.context)
    if rules is None:
        return job.request.dockerfile
    copy = job.scratch / job.request.dockerfile.name
    tree.write(copy, tree.read(job.request.dockerfile, _LARGEST))
    tree.write(copy.with_name(f"{copy.name}.dockerignore"), rules.encode("utf-8", "surrogateescape"))
    return copy
