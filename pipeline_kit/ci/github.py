"""GitHub Actions: workflow commands on the stream, and files that the runner reads after the step.

The rules are the runner's: https://github.com/actions/runner, ActionCommand.cs and FileCommandManager.cs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.ci import files
from pipeline_kit.ci.messages import Annotation, Artifact, EndGroup, Group, Mask, Output, Summary, Variable
from pipeline_kit.ci.summary import fitting
from pipeline_kit.ci.tool_output import plain
from pipeline_kit.model.event import Event, EventKind, RunIdentity
from pipeline_kit.model.event_facts import EventFacts, RepositoryFacts
from pipeline_kit.model.refs import branch_of, pull_request_of, tag_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.ci.messages import Message

NAME = "GitHub Actions"
TEMPORARY_FOLDER = "RUNNER_TEMP"

# Webhook payloads end at 25 MB. What is longer is cut, and then no JSON.
_LARGEST_PAYLOAD = 32 * 1024 * 1024
# The events that are told apart. All others run other people's words or code beside our secrets, and publish nothing.
_KINDS: dict[str, EventKind] = {
    "push": "push",
    "release": "push",
    "workflow_dispatch": "manual",
    "repository_dispatch": "manual",
    "workflow_run": "push",
    # A queued pull request: what is built may never reach the branch.
    "merge_group": "pull_request",
    "schedule": "schedule",
    "pull_request": "pull_request",
    "pull_request_target": "pull_request",
    "pull_request_review": "pull_request",
    "pull_request_review_comment": "pull_request",
}
# What a run whose end starts another one may have been started by.
_CAUSES = ("push", "schedule", "workflow_dispatch", "repository_dispatch", "release")


def emit(message: Message, environ: Mapping[str, str]) -> str:
    """Write ``message`` to the file that is meant for it, or give it as a command, which starts a line of its own."""
    match message:
        case Group(title):
            return _command("group", plain(title))
        case EndGroup():
            return _command("endgroup")
        case Mask():
            return "".join(_command("add-mask", line) for line in message.lines)
        case Annotation():
            return _annotation(message)
        case Output():
            return _output(message, environ)
        case Variable(name, value):
            end = _delimiter(name, value)
            files.append(environ.get("GITHUB_ENV", ""), f"{name}<<{end}\n{value}\n{end}\n")
        case Summary(markdown):
            path = environ.get("GITHUB_STEP_SUMMARY", "")
            files.append(path, fitting(markdown, files.size(path)))
        case Artifact(reference):
            files.append(environ.get("GITHUB_ARTIFACTS", ""), f"oci://{reference}\n")
    return ""


def event(environ: Mapping[str, str]) -> tuple[Event, RunIdentity]:
    """What started the workflow. Whatever the payload does not say for certain counts as the unsafe case."""
    name, ref = environ.get("GITHUB_EVENT_NAME", ""), environ.get("GITHUB_REF", "")
    repository = environ.get("GITHUB_REPOSITORY", "")
    payload = _payload(environ)
    withheld = _withheld(name, payload, repository)
    kind = "other" if withheld else _KINDS[name]
    request, queued = kind == "pull_request", name == "merge_group"
    branch = environ.get("GITHUB_HEAD_REF", "") if request and not queued else branch_of(ref)
    tag = tag_of(ref)
    url = f"{environ.get('GITHUB_SERVER_URL') or 'https://github.com'}/{repository}" if repository else ""
    source = _text(payload, "pull_request", "head", "repo", "full_name")
    return Event(
        kind="tag" if kind == "push" and tag else kind,
        ref=ref,
        branch=branch,
        tag=tag,
        base=environ.get("GITHUB_BASE_REF") or branch_of(_text(payload, "merge_group", "base_ref")),
        number=(pull_request_of(ref) or _number(payload)) if request else "",
        # A schedule runs on the default branch alone.
        default_branch=_text(payload, "repository", "default_branch") or (branch if kind == "schedule" else ""),
        repository=repository,
        source_url=url,
        fork=request and not queued and not _same(source, repository),
        unsafe=name == "pull_request_target",
        skips_tags=True,
        commit=environ.get("GITHUB_SHA", ""),
        withheld=withheld,
    ), _identity(environ, url)


def _withheld(name: str, payload: object, repository: str) -> str:
    """Why this event publishes nothing; '' if it may, or is a pull request."""
    if name not in _KINDS:
        return (
            f"{name or 'an event without a name'} publishes nothing; push, release, schedule and workflow_dispatch do"
        )
    if name == "workflow_run":
        cause = _text(payload, "workflow_run", "event")
        if cause not in _CAUSES:
            return f"a workflow_run that {cause or 'nobody knows what'} caused publishes nothing"
        if not _same(_text(payload, "workflow_run", "head_repository", "full_name"), repository):
            return "a workflow_run of another repository publishes nothing"
    return ""


def facts(environ: Mapping[str, str]) -> EventFacts:
    """What variables and payload tell about the event. The ref of pull_request_target is the pull request's."""
    name, ref, payload = environ.get("GITHUB_EVENT_NAME", ""), environ.get("GITHUB_REF", ""), _payload(environ)
    if "pull_request_target" in name:
        ref = f"refs/pull/{_written(payload, 'number')}/merge"
    base = ""
    if ref.startswith("refs/tags/"):
        base = _text(payload, "base_ref").removeprefix("refs/heads/")
    elif ref.startswith("refs/pull/"):
        base = _text(payload, "pull_request", "base", "ref")
    repository = environ.get("GITHUB_REPOSITORY", "")
    server = environ.get("GITHUB_SERVER_URL") or "https://github.com"
    return EventFacts(
        name=name,
        ref=ref,
        sha=environ.get("GITHUB_SHA", ""),
        head_sha=_text(payload, "pull_request", "head", "sha") if "pull_request" in name else "",
        base=base,
        repository=RepositoryFacts(
            name=_text(payload, "repository", "name") or repository.rpartition("/")[2],
            description=_text(payload, "repository", "description"),
            url=_text(payload, "repository", "html_url") or (f"{server}/{repository}" if repository else ""),
            license=_text(payload, "repository", "license", "spdx_id"),
            default_branch=_text(payload, "repository", "default_branch"),
        ),
        commit_times=_commit_times(payload),
    )


def _commit_times(payload: object) -> dict[str, str]:
    found = _at(payload, "commits")
    commits = found if isinstance(found, list) else ()
    times: dict[str, str] = {}
    for one in commits:
        # The first pushed one of that id counts, and where it tells no time the head.
        times.setdefault(_text(one, "id"), _text(one, "timestamp"))
    head = _at(payload, "head_commit")
    times[_text(head, "id")] = times.get(_text(head, "id")) or _text(head, "timestamp")
    return {commit: time for commit, time in times.items() if time}


def _identity(environ: Mapping[str, str], repository_url: str) -> RunIdentity:
    run, attempt = environ.get("GITHUB_RUN_ID", ""), environ.get("GITHUB_RUN_ATTEMPT", "")
    url = f"{repository_url}/actions/runs/{run}" if repository_url and run else ""
    return RunIdentity("github", run, attempt, f"{url}/attempts/{attempt}" if url and attempt else url)


def _payload(environ: Mapping[str, str]) -> object:
    try:
        with Path(environ.get("GITHUB_EVENT_PATH", "")).open("rb") as file:
            return msgspec.json.decode(file.read(_LARGEST_PAYLOAD))
    except (OSError, ValueError, RecursionError, msgspec.DecodeError):
        return None


def _at(payload: object, *keys: str) -> object:
    for key in keys:
        payload = payload.get(key) if isinstance(payload, dict) else None
    return payload


def _text(payload: object, *keys: str) -> str:
    found = _at(payload, *keys)
    return found if isinstance(found, str) else ""


def _written(payload: object, key: str) -> str:
    """What is there as JavaScript writes it in a text: docker/metadata-action takes it as it comes."""
    if not isinstance(payload, dict) or key not in payload:
        return "undefined"
    value = payload[key]
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _number(payload: object) -> str:
    number = _at(payload, "pull_request", "number")
    return str(number) if type(number) is int else ""


def _same(name: str, other: str) -> bool:
    return bool(name) and name.casefold() == other.casefold()


def _output(output: Output, environ: Mapping[str, str]) -> str:
    end = _delimiter(output.name, output.value)
    files.append(environ.get("GITHUB_OUTPUT", ""), f"{output.name}<<{end}\n{output.value}\n{end}\n")
    return emit(Mask(output.value), environ) if output.secret else ""


def _delimiter(*texts: str) -> str:
    """A line that none of ``texts`` can end early: a value that could would set outputs of its own."""
    made = f"delimiter_{files.random_token()}"
    return _delimiter(*texts) if any(made in text for text in texts) else made


def _annotation(annotation: Annotation) -> str:
    properties = {"title": plain(annotation.title)}
    if place := annotation.place:
        properties |= {"file": plain(place.file), "line": str(place.line or ""), "col": str(place.column or "")}
    return _command(annotation.level, annotation.kept, properties)


def _command(name: str, data: str = "", properties: Mapping[str, str] | None = None) -> str:
    written = ",".join(f"{key}={_property(value)}" for key, value in (properties or {}).items() if value)
    return f"::{name}{' ' if written else ''}{written}::{_data(data)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
