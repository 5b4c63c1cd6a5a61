"""What GitHub's runner makes of a step's stream and files, as strictly as its source has it.

https://github.com/actions/runner: ActionCommand.cs, ActionCommandManager.cs, FileCommandManager.cs and
CreateArtifactsFileCommand.cs. What the runner answers with an error is a ValueError here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_COMMANDS = frozenset(
    (
        *("add-mask", "add-matcher", "add-path", "debug", "echo", "endgroup", "error", "group", "notice"),
        *("remove-matcher", "save-state", "set-env", "set-output", "stop-commands", "warning"),
    )
)
_LINE_END = re.compile(r"\r\n|\r|\n")  # StreamReader.ReadLine
_WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_SUBJECT = re.compile(r"oci://(.+)@(sha256:[0-9a-f]{64})")


@dataclass(frozen=True)
class Command:
    """A command as the runner has it after parsing."""

    name: str
    data: str
    properties: dict[str, str] = field(default_factory=dict)


@dataclass
class Step:
    """What the runner took from a stream. ``printed`` are the lines that it shows as they are."""

    commands: list[Command] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)

    @property
    def masks(self) -> set[str]:
        """What is hidden from then on: the whole value and each of its lines."""
        values = [command.data for command in self.commands if command.name == "add-mask"]
        return {line.strip(_WHITE_SPACE) for value in values for line in (value, *_LINE_END.split(value))} - {""}


def read_stream(text: str) -> Step:
    """The commands in ``text``, a step's standard output or error."""
    step, token = Step(), ""
    for line in _LINE_END.split(text):
        registered = _COMMANDS | {token} if token else _COMMANDS
        command = _colon_command(line, registered) or _bracket_command(line, registered)
        name = command.name.lower() if command else ""
        if token and name == token:
            token = ""
        elif command and not token and name == "stop-commands":
            token = command.data.lower()
            if token in ("", *_COMMANDS):
                raise ValueError(f"{command.data!r} can't stop commands")
        elif command and not token:
            step.commands.append(command)
        elif line:
            step.printed.append(line)
    return step


def _colon_command(line: str, registered: frozenset[str]) -> Command | None:
    trimmed = line.lstrip(_WHITE_SPACE)
    end = trimmed.find("::", 2)
    if not trimmed.startswith("::") or end < 0:
        return None
    name, _, properties = trimmed[2:end].partition(" ")
    escapes = {"\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C", "%": "%25"}
    if name.lower() not in registered:
        return None
    parsed = _properties(properties.strip(_WHITE_SPACE), ",", escapes)
    return Command(name, _unescape(trimmed[end + 2 :], {"\r": "%0D", "\n": "%0A", "%": "%25"}), parsed)


def _bracket_command(line: str, registered: frozenset[str]) -> Command | None:
    start = line.find("##[")
    end = line.find("]", start)
    if start < 0 or end < 0:
        return None
    name, _, properties = line[start + 3 : end].partition(" ")
    escapes = {";": "%3B", "\r": "%0D", "\n": "%0A", "]": "%5D", "%": "%25"}
    if name.lower() not in registered:
        return None
    return Command(name, _unescape(line[end + 1 :], escapes), _properties(properties, ";", escapes))


def _properties(text: str, separator: str, escapes: dict[str, str]) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(separator))
    # Split with RemoveEmptyEntries: further = at the start of a value are lost.
    return {key: _unescape(value, escapes) for key, _, raw in pairs if key and (value := raw.lstrip("="))}


def _unescape(text: str, escapes: dict[str, str]) -> str:
    for character, escape in escapes.items():
        text = text.replace(escape, character)
    return text


def read_key_values(content: bytes) -> dict[str, str]:
    """The values in a file such as GITHUB_OUTPUT. Lines end at line feeds alone."""
    lines = content.decode("utf-8-sig").split("\n")
    values: dict[str, str] = {}
    position = 0
    while position < len(lines):
        line, position = lines[position], position + 1
        equals, heredoc = line.find("="), line.find("<<")
        if not line:
            continue
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            name, value = line[:equals], line[equals + 1 :]
        elif heredoc >= 0:
            name, delimiter = line[:heredoc], line[heredoc + 2 :]
            if not delimiter or delimiter not in lines[position:]:
                raise ValueError(f"no end for {line!r}")
            end = lines.index(delimiter, position)
            value, position = "\n".join(lines[position:end]), end + 1
        else:
            raise ValueError(f"invalid format {line!r}")
        if not name:
            raise ValueError(f"no name in {line!r}")
        values[name] = value
    return values


def read_artifacts(content: bytes) -> dict[str, str]:
    """The images in a file GITHUB_ARTIFACTS, name to digest."""
    subjects: dict[str, str] = {}
    for line in map(str.strip, content.decode().splitlines()):
        if not line or line.startswith("#"):
            continue
        found = _SUBJECT.fullmatch(line)
        if not found or "=" in line:
            raise ValueError(f"not an image: {line!r}")
        if subjects.setdefault(found[1], found[2]) != found[2]:
            raise ValueError(f"{found[1]} has two digests")
    return subjects
