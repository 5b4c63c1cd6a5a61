"""The agent's side of a run: what steps say with ``##vso`` commands, and what comes of it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from tests.world.azure_pipelines.variables import Variable

if TYPE_CHECKING:
    from tests.world.azure_agent_commands import Command
    from tests.world.azure_pipelines.values import Object

# A task's stand-in: from its inputs and the environment it makes the script to run, None if there is nothing to do.
Task: TypeAlias = Callable[[dict[str, str], dict[str, str]], str | None]

RESULTS = ("Succeeded", "SucceededWithIssues", "Failed", "Canceled", "Skipped")
_NOT_IN_NAMES = re.compile(r"""[\\/":<>|*?]""")
_IGNORED = ("task.debug", "task.setprogress", "task.logdetail", "telemetry.publish")


class CommandError(Exception):
    """The agent refuses a command: the step fails."""


@dataclass(slots=True)
class Agent:
    """What all jobs of a run share, and what they left: ``log`` is what a person reads, secrets masked."""

    source: Path
    folder: Path
    environ: Mapping[str, str]
    tasks: Mapping[str, Task]
    masks: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    issues: list[tuple[str, str]] = field(default_factory=list)
    summaries: dict[str, str] = field(default_factory=dict)
    build_tags: list[str] = field(default_factory=list)
    build_number: str = ""

    @property
    def artifacts(self) -> Path:
        """The folder of published artifacts, one folder each."""
        return self.folder / "artifacts"

    def say(self, line: str) -> None:
        """Add a line to the log."""
        for mask in sorted(self.masks, key=len, reverse=True):
            line = line.replace(mask, "***")
        self.log.append(line)


@dataclass(slots=True)
class JobState:
    """What a job's steps leave for each other, and for other jobs (``outputs``); ``workspace`` is the job's own."""

    agent: Agent
    variables: Object
    workspace: Path
    outputs: dict[str, Variable] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    result: str = "Succeeded"

    @property
    def sources(self) -> Path:
        """Where the repository is checked out."""
        return self.workspace / "s"

    def carry_out(self, command: Command, step: str) -> str:
        """Do what ``command`` of ``step`` says; the result that it gives the step. CommandError as the agent has it."""
        if command.name == "task.complete":
            return _chosen_result(command)
        if command.name in _HANDLERS:
            _HANDLERS[command.name](self, command, step)
        elif command.name not in _IGNORED:
            raise CommandError(f"##vso command not found: {command.name}")
        return "Succeeded"

    def set_variable(self, command: Command, step: str) -> None:
        """Set a variable for later steps, or one that other jobs read as ``step.variable``."""
        name = command.properties.get("variable")
        if not name:
            raise CommandError("Required field variable is missing in ##vso[task.setvariable] command.")
        before: Any = self.variables.get(name)
        if before and before.read_only:
            raise CommandError(f"Overwriting readonly variable '{name}' is not permitted.")
        secret = _flag(command, "issecret")
        if secret and "\n" in command.data:
            raise CommandError("Secrets cannot contain multiple lines")
        if secret:
            self.mask(command, step)
        if _flag(command, "isoutput"):  # the plain name is not set
            self.outputs[f"{step}.{name}"] = Variable(command.data, secret)
            self.variables[f"{step}.{name}"] = Variable(command.data, secret, read_only=True)
        else:
            secret = secret or bool(before and before.secret)
            self.variables[name] = Variable(command.data, secret, _flag(command, "isreadonly"))

    def mask(self, command: Command, _: str) -> None:
        """Keep a text out of the log from now on."""
        self.agent.masks |= {command.data} - {""}

    def log_issue(self, command: Command, _: str) -> None:
        """Show an error or a warning; the step does not fail by it."""
        kind = command.properties.get("type", "").lower()
        if kind not in ("error", "warning"):
            raise CommandError(f"issue type {kind!r} is not an expected issue type.")
        self.agent.issues.append((kind, command.data))
        self.agent.say(f"##[{kind}]{command.data}")

    def upload(self, command: Command, _: str) -> None:
        """Take a file; a summary is shown."""
        file = Path(command.data)
        if not file.is_file():
            raise CommandError(f"Cannot upload: file does not exist: {file}")
        if command.name == "task.uploadsummary":
            self.agent.summaries[file.name] = file.read_text(encoding="utf-8")

    def publish(self, command: Command, _: str) -> None:
        """Publish an artifact."""
        publish(Path(command.data), self.agent.artifacts / command.properties.get("artifactname", "drop"))

    def prepend_path(self, command: Command, _: str) -> None:
        """Put a folder in front of the PATH of later steps."""
        self.path.insert(0, command.data)

    def update_build_number(self, command: Command, _: str) -> None:
        """Give the run another number."""
        self.agent.build_number = command.data
        self.variables["Build.BuildNumber"] = Variable(command.data)

    def add_build_tag(self, command: Command, _: str) -> None:
        """Tag the run."""
        self.agent.build_tags.append(command.data)


_HANDLERS: dict[str, Callable[[JobState, Command, str], None]] = {
    "artifact.upload": JobState.publish,
    "build.addbuildtag": JobState.add_build_tag,
    "build.updatebuildnumber": JobState.update_build_number,
    "task.addattachment": JobState.upload,
    "task.issue": JobState.log_issue,
    "task.logissue": JobState.log_issue,
    "task.prependpath": JobState.prepend_path,
    "task.setsecret": JobState.mask,
    "task.setvariable": JobState.set_variable,
    "task.uploadfile": JobState.upload,
    "task.uploadsummary": JobState.upload,
}


def publish(what: Path, artifact: Path) -> None:
    """Copy a file or a folder's content, with what links in it lead to, into the new folder ``artifact``."""
    if _NOT_IN_NAMES.search(artifact.name) or not artifact.name:
        raise CommandError(f"Artifact name is not valid: {artifact.name}.")
    if artifact.exists():
        raise CommandError(f"Artifact {artifact.name} already exists.")
    if not what.exists():
        raise CommandError(f"Path does not exist: {what}")
    artifact.mkdir(parents=True)
    if what.is_dir():
        shutil.copytree(what, artifact, dirs_exist_ok=True)
    else:
        shutil.copy2(what, artifact)


def download(artifacts: Path, name: str, patterns: str, workspace: Path) -> None:
    """Copy the artifact ``name``, or where there is none all of them, to folders of their names in ``workspace``: the
    files that a line of ``patterns`` fits, which begins with the artifact's name where there are several.
    """
    if name and not (artifacts / name).is_dir():
        raise CommandError(f"Artifact {name} was not found.")
    top = artifacts / name
    for pattern in patterns.split("\n"):
        for path in top.glob(pattern or "**/*"):
            if path.is_file():
                copy = workspace / path.relative_to(artifacts)
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, copy)


def worse(one: str, other: str) -> str:
    """The worse of two results of a step."""
    return max(one, other, key=RESULTS.index)


def _chosen_result(command: Command) -> str:
    result = command.properties.get("result", "")
    if result not in RESULTS:
        raise CommandError("Command doesn't have valid result value.")
    return result


def _flag(command: Command, name: str) -> bool:
    return command.properties.get(name, "").lower() == "true"
