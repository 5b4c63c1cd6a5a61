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
        return f"git switch --detach {shlex.quote(event.tag)}", {}
    if event.kind not in ("pull_request", "other"):
        there = event.branch in ("", event.default_branch)
        # A folder may have the branch's name, such as docs: git checkout asks which one is meant.
        return "" if there else f"git switch {shlex.quote(event.branch)}", {}
    # The branch of a merge queue is gone by then; its commit is still given away.
    wanted = event.ref if event.number else event.commit
    fetched = f"git fetch origin {shlex.quote(wanted)} && git checkout FETCH_HEAD"
    variables = {name: environ[name] for name in _TOLD[ci] if environ.get(name)}
    return fetched if wanted and event.kind == "pull_request" else "", {MARKS[ci]: "true", **variables}
