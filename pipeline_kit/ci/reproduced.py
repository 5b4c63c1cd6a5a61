"""What a clone on a laptop needs of the event, so that a failure which follows from it comes again."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from pipeline_kit.ci import MARKS, name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.model.event import Event

# What tells an event that git itself does not know of.
_TOLD = {
    "github": ("GITHUB_EVENT_NAME", "GITHUB_REF", "GITHUB_BASE_REF", "GITHUB_HEAD_REF", "GITHUB_REPOSITORY"),
    "azure_devops": (
        *("BUILD_REASON", "BUILD_SOURCEBRANCH", "SYSTEM_PULLREQUEST_SOURCEBRANCH", "SYSTEM_PULLREQUEST_TARGETBRANCH"),
        "SYSTEM_PULLREQUEST_ISFORK",
    ),
    "gitlab": (
        *("CI_PIPELINE_SOURCE", "CI_MERGE_REQUEST_IID", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME"),
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    ),
}


def reproduced(environ: Mapping[str, str], event: Event) -> tuple[str, dict[str, str]]:
    """The commands that check out what ``event`` is about ('' for none), and the variables that tell it where git
    alone does not: of a pull request, and of an event that publishes nothing.
    """
    ci = name_of(environ)
    if ci not in _TOLD:
        return "", {}
    if event.tag:
        return f"git checkout {shlex.quote(event.tag)}", {}
    if event.kind not in ("pull_request", "other"):
        there = event.branch in ("", event.default_branch)
        return "" if there else f"git checkout {shlex.quote(event.branch)}", {}
    fetched = f"git fetch origin {shlex.quote(event.ref)} && git checkout FETCH_HEAD" if event.number else ""
    variables = {name: environ[name] for name in _TOLD[ci] if environ.get(name)}
    return fetched if event.ref else "", {MARKS[ci]: "true", **variables}
