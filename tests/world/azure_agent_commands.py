"""What Azure Pipelines' agent makes of a step's stream, as strictly as its source has it.

https://github.com/microsoft/azure-pipelines-agent: Command.cs, CommandStringConvertor.cs and the task command
extensions. What the agent answers with an error or a warning is a ValueError here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

_LINE_END = re.compile(r"\r\n|\r|\n")
_PREFIX = "##vso["


@dataclass(frozen=True)
class Command:
    """A command as the agent has it after parsing; ``properties`` by lower-case name."""

    name: str
    data: str
    properties: dict[str, str] = field(default_factory=dict)


@dataclass
class Step:
    """What the agent took from a stream. ``outputs`` are read by other jobs, ``variables`` by later steps. ``printed``
    are the lines that it shows, decorated where they start with ``##[``.
    """

    outputs: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    masks: set[str] = field(default_factory=set)
    issues: list[Command] = field(default_factory=list)
    summaries: dict[str, str] = field(default_factory=dict)
    printed: list[str] = field(default_factory=list)

    def take(self, command: Command) -> None:
        """Do what ``command`` says."""
        match command.name:
            case "task.setvariable":
                self._set(command)
            case "task.setsecret":
                self.masks.add(command.data)
            case "task.logissue":
                if command.properties.get("type") not in ("error", "warning"):
                    raise ValueError(f"no type of issue: {command}")
                self.issues.append(command)
            case "task.uploadsummary":
                path = Path(command.data)
                if path.name in self.summaries:
                    raise ValueError(f"a second summary {path.name}")
                self.summaries[path.name] = path.read_text()
            case _:
                raise ValueError(f"unexpected command: {command}")

    def _set(self, command: Command) -> None:
        name, value = command.properties["variable"], command.data
        if command.properties.get("issecret") == "true":
            if "\n" in value or "\r" in value:
                raise ValueError("secrets cannot contain multiple lines")
            self.masks |= {value} - {""}
        variables = self.outputs if command.properties.get("isoutput") == "true" else self.variables
        variables[name] = value


def read_stream(text: str) -> Step:
    """What a step did whose standard output or error is ``text``."""
    step = Step()
    for line in _LINE_END.split(text):
        command = parse(line)
        if command:
            step.take(command)
        elif line:
            step.printed.append(line)
    return step


def parse(line: str) -> Command | None:
    """The command in ``line``, wherever it starts."""
    start = line.find(_PREFIX)
    if start < 0:
        return None
    end = line.find("]", start)
    name, _, properties = line[start + len(_PREFIX) : end].partition(" ")
    if end < 0 or len([part for part in name.split(".") if part]) != 2:
        raise ValueError(f"not a command, though it starts as one: {line!r}")
    pairs = (part.partition("=") for part in properties.split(";"))
    # Split with RemoveEmptyEntries: further = at the start of a value are lost.
    parsed = {key.lower(): _unescape(value) for key, _, raw in pairs if key and (value := raw.lstrip("="))}
    return Command(name.lower(), _unescape(line[end + 1 :]), parsed)


def _unescape(text: str) -> str:
    for escape, character in {"%3B": ";", "%0D": "\r", "%0A": "\n", "%5D": "]", "%AZP25": "%"}.items():
        text = text.replace(escape, character)
    return text
