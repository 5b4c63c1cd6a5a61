"""Azure Pipelines: logging commands, which the agent finds anywhere in a line.

The rules are the agent's: https://github.com/microsoft/azure-pipelines-agent, Command.cs and CommandStringConvertor.cs.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from pipeline_kit.ci import files
from pipeline_kit.ci.messages import Annotation, EndGroup, Group, Mask, Output, Summary, Variable
from pipeline_kit.ci.summary import fitting
from pipeline_kit.ci.tool_output import plain
from pipeline_kit.model.event import Event, EventKind, RunIdentity
from pipeline_kit.model.refs import branch_of, pull_request_of, tag_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.ci.messages import Message

NAME = "Azure Pipelines"
TEMPORARY_FOLDER = "AGENT_TEMPDIRECTORY"

_KINDS: dict[str, EventKind] = {
    "IndividualCI": "push",
    "BatchedCI": "push",
    "PullRequest": "pull_request",
    "Schedule": "schedule",
    "Manual": "manual",
    "ResourceTrigger": "push",
}
_NOT_IN_FILE_NAMES = re.compile(r"[^A-Za-z0-9._-]+")


def emit(message: Message, environ: Mapping[str, str]) -> str:
    """``message`` as lines for the agent. It has no notices."""
    match message:
        case Group(title):
            return f"##[group]{plain(title)}\n"
        case EndGroup():
            return "##[endgroup]\n"
        case Mask():
            return "".join(_command("task.setsecret", {}, line) for line in message.lines)
        case Annotation():
            return _issue(message)
        case Output():
            # Other jobs read an output variable by its step's name, $(kit.image), and only if the step has one; later
            # steps read $(image).
            return _variable(message, "true") + _variable(message, "false")
        case Variable(name, value):
            return _variable(Output(name, value), "false")
        case Summary():
            return _summary(message, environ)
        case _:
            return ""


def event(environ: Mapping[str, str]) -> tuple[Event, RunIdentity]:
    """What started the pipeline. The default branch is not told."""
    ref = environ.get("BUILD_SOURCEBRANCH", "")
    reason = environ.get("BUILD_REASON", "")
    kind = _KINDS.get(reason, "other")
    # A pull request that somebody queues by hand is one all the same.
    if pull_request_of(ref) or kind == "pull_request":
        return _pull_request(environ, ref), _identity(environ)
    tag, withheld = tag_of(ref), _withheld(reason, environ)
    return Event(
        kind="other" if withheld else "tag" if kind == "push" and tag else kind,
        ref=ref,
        branch=branch_of(ref),
        tag=tag,
        repository=environ.get("BUILD_REPOSITORY_NAME", ""),
        source_url=_source_url(environ),
        skips_tags=True,
        commit=environ.get("BUILD_SOURCEVERSION", ""),
        withheld=withheld,
    ), _identity(environ)


def _withheld(reason: str, environ: Mapping[str, str]) -> str:
    """Why a run that was started so publishes nothing; '' if it may."""
    if reason not in _KINDS:
        return f"{reason or 'a run without a Build.Reason'} publishes nothing; a push, a schedule and a run by hand do"
    if reason == "ResourceTrigger":
        # https://learn.microsoft.com/azure/devops/pipelines/process/resources: the alias in capitals.
        alias = re.sub(r"\W", "_", environ.get("RESOURCES_TRIGGERINGALIAS", "").upper())
        cause = environ.get(f"RESOURCES_PIPELINE_{alias}_SOURCEBRANCH", "")
        if not (branch_of(cause) or tag_of(cause)):
            return f"a run that {cause or 'nobody knows what'} triggered publishes nothing"
    return ""


def _pull_request(environ: Mapping[str, str], ref: str) -> Event:
    def told(name: str) -> str:
        return environ.get(f"SYSTEM_PULLREQUEST_{name}", "")

    # Branches of Azure Repos come as full refs, those of GitHub as short names.
    return Event(
        kind="pull_request",
        ref=ref,
        branch=told("SOURCEBRANCH").removeprefix("refs/heads/"),
        base=told("TARGETBRANCH").removeprefix("refs/heads/"),
        number=pull_request_of(ref),
        repository=environ.get("BUILD_REPOSITORY_NAME", ""),
        source_url=_source_url(environ),
        fork=told("ISFORK").lower() != "false",
        skips_tags=True,
        commit=environ.get("BUILD_SOURCEVERSION", ""),
    )


def _identity(environ: Mapping[str, str]) -> RunIdentity:
    build, project = environ.get("BUILD_BUILDID", ""), environ.get("SYSTEM_TEAMPROJECT", "")
    collection = environ.get("SYSTEM_COLLECTIONURI", "").rstrip("/")
    url = f"{collection}/{quote(project)}/_build/results?buildId={build}" if collection and project and build else ""
    return RunIdentity("azure_devops", build, environ.get("SYSTEM_JOBATTEMPT", ""), url)


def _source_url(environ: Mapping[str, str]) -> str:
    """The repository's address without the user whom Azure Repos puts into it."""
    try:
        url = urlsplit(environ.get("BUILD_REPOSITORY_URI", ""))
    except ValueError:
        return ""
    host = url.netloc.rpartition("@")[2]
    return f"{url.scheme}://{host}{url.path.removesuffix('.git')}" if url.scheme in ("http", "https") and host else ""


def _variable(output: Output, is_output: str) -> str:
    properties = {"variable": output.name, "isOutput": is_output, "issecret": "true" if output.secret else "false"}
    return _command("task.setvariable", properties, output.value)


def _issue(annotation: Annotation) -> str:
    if annotation.level == "notice":
        return ""
    properties: dict[str, str] = {"type": annotation.level}
    if place := annotation.place:
        lines = {"linenumber": str(place.line or ""), "columnnumber": str(place.column or "")}
        properties |= {"sourcepath": plain(place.file), **lines}
    title = f"{plain(annotation.title)}: " if annotation.title else ""
    return _command("task.logissue", properties, title + annotation.kept)


def _summary(summary: Summary, environ: Mapping[str, str]) -> str:
    folder = environ.get(TEMPORARY_FOLDER)
    if not folder:
        return ""
    # The file's name is the page's title, and a second page of one name would replace the first.
    name = _NOT_IN_FILE_NAMES.sub("-", summary.name).strip("-.")
    path = str(Path(folder, f"{name}-{files.random_token()[:8]}.md"))
    files.append(path, fitting(summary.markdown))
    return _command("task.uploadsummary", {}, path)


def _command(name: str, properties: Mapping[str, str], data: str) -> str:
    written = "".join(f"{key}={_property(value)};" for key, value in properties.items() if value)
    return f"##vso[{name}{' ' if written else ''}{written}]{_data(data)}\n"


def _data(text: str) -> str:
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace("]", "%5D").replace(";", "%3B")
