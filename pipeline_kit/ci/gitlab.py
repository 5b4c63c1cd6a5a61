"""GitLab CI: folded sections in the log, and outputs in a dotenv report."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.ci import files
from pipeline_kit.ci.messages import EndGroup, Group, Output
from pipeline_kit.ci.tool_output import plain
from pipeline_kit.model.event import Event, EventKind, RunIdentity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.ci.messages import Message

NAME = "GitLab CI"
TEMPORARY_FOLDER = ""

_KINDS: dict[str, EventKind] = {
    "push": "push",
    "schedule": "schedule",
    "parent_pipeline": "push",
    "web": "manual",
    "api": "manual",
    "trigger": "manual",
    "pipeline": "manual",
    "merge_request_event": "pull_request",
    "external_pull_request_event": "pull_request",
}
# https://docs.gitlab.com/administration/instance_limits/: 5 KB for a dotenv file.
_LARGEST_FILE = 5000
_LONGEST_LINE = 1000
# Sections don't nest, so one name is enough.
_SECTION = "pipeline_kit"


def emit(message: Message, environ: Mapping[str, str]) -> str:
    """Sections on the stream. Outputs go to the file that PIPELINE_KIT_DOTENV names, which the job declares under
    artifacts:reports:dotenv; such a file has one line a value, so lines are joined by spaces, and takes no secrets. It
    is refused whole if it is too large, so a value of more than 1000 characters, or one too many, is left out.
    """
    match message:
        case Group(title):
            return f"{_marker('start')}[collapsed=true]\r\x1b[0K{plain(title)}\n"
        case EndGroup():
            return f"{_marker('end')}\r\x1b[0K\n"
        case Output(name, value, secret=False):
            line = f"{name.replace('-', '_')}={' '.join(value.split())}\n"
            path = environ.get("PIPELINE_KIT_DOTENV", "")
            if len(line) <= _LONGEST_LINE and files.size(path) + len(line.encode("utf-8", "replace")) <= _LARGEST_FILE:
                files.append(path, line)
    return ""


def event(environ: Mapping[str, str]) -> tuple[Event, RunIdentity]:
    """What started the pipeline. Its runner fetches tags where it fetches the whole history."""
    tag = environ.get("CI_COMMIT_TAG", "")
    source = environ.get("CI_PIPELINE_SOURCE", "")
    # A pipeline that a merge request's own one starts is still about it.
    kind = "pull_request" if environ.get("CI_MERGE_REQUEST_IID") else _KINDS.get(source, "other")
    repository = environ.get("CI_PROJECT_PATH", "")
    identity = RunIdentity("gitlab", environ.get("CI_PIPELINE_ID", ""), url=environ.get("CI_PIPELINE_URL", ""))
    event = Event(
        kind="tag" if kind == "push" and tag else kind,
        tag=tag,
        default_branch=environ.get("CI_DEFAULT_BRANCH", ""),
        repository=repository,
        source_url=environ.get("CI_PROJECT_URL", ""),
        commit=environ.get("CI_COMMIT_SHA", ""),
        withheld=f"{source or 'a pipeline without a source'} publishes nothing; a push, a schedule and a run by hand do"
        if kind == "other"
        else "",
    )
    if kind == "pull_request":
        return _request(event, environ), identity
    branch = "" if tag else environ.get("CI_COMMIT_BRANCH", "")
    ref = f"refs/tags/{tag}" if tag else f"refs/heads/{branch}" if branch else ""
    return msgspec.structs.replace(event, ref=ref, branch=branch), identity


def _request(event: Event, environ: Mapping[str, str]) -> Event:
    """``event`` with its merge request, or its pull request in the repository of GitHub that GitLab builds."""
    external = environ.get("CI_PIPELINE_SOURCE") == "external_pull_request_event"
    start = "CI_EXTERNAL_PULL_REQUEST" if external else "CI_MERGE_REQUEST"

    def told(name: str) -> str:
        return environ.get(f"{start}_{name}", "")

    ours, theirs = event.repository, told("SOURCE_PROJECT_PATH")
    if external:
        ours, theirs = told("TARGET_REPOSITORY"), told("SOURCE_REPOSITORY")
    return msgspec.structs.replace(
        event,
        ref=told("REF_PATH"),
        branch=told("SOURCE_BRANCH_NAME"),
        base=told("TARGET_BRANCH_NAME"),
        number=told("IID"),
        fork=not ours or theirs != ours,
    )


def _marker(which: str) -> str:
    return f"\x1b[0Ksection_{which}:{int(time.time())}:{_SECTION}"
