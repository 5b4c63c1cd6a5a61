"""Enough of the Dockerfile's grammar to name a line, a stage and a base image. What is wrong with it is the engine's
to say.

https://docs.docker.com/reference/dockerfile/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pipeline_kit import tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_LARGEST = 16 << 20
_DIRECTIVE = re.compile(r"#\s*([A-Za-z]+)\s*=\s*(\S+)\s*\Z")
_HEREDOC = re.compile(r"""(?:^|\s)\d*<<(-?)(["']?)([A-Za-z_][\w.-]*)\2""")
_TAKES_HEREDOCS = frozenset({"RUN", "COPY", "ADD", "ONBUILD"})
_VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::-([^}]*))?\})")


@dataclass(frozen=True, slots=True)
class Instruction:
    """``keyword`` in capitals, ``text`` what follows it, its lines joined. ``line`` and ``end`` are its first and last
    line, counted from 1.
    """

    keyword: str
    text: str
    line: int
    end: int

    def __str__(self) -> str:
        """As engines show it: one line, each white space one blank."""
        return " ".join([self.keyword, *self.text.split()])

    def option(self, name: str) -> str:
        """The value of ``--name=value``, '' if it has none."""
        found = re.search(rf"(?:^|\s)--{name}=(\S+)", self.text)
        return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class Stage:
    """``name`` is '' for a stage without one; ``instructions`` start with its FROM."""

    index: int
    name: str
    base: str
    instructions: tuple[Instruction, ...]

    def __str__(self) -> str:
        return f"stage {self.name or self.index}"


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """``lines`` are those of the file; ``arguments`` the defaults of the ARGs before the first FROM."""

    lines: tuple[str, ...]
    stages: tuple[Stage, ...]
    arguments: Mapping[str, str]

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it but comments."""
        return all(_is_blank(line) for line in self.lines)

    def stage(self, name: str) -> Stage | None:
        """The stage that ``name`` or number means, as ``--target`` and ``COPY --from`` read it."""
        named = (stage for stage in self.stages if stage.name.lower() == name.lower() != "")
        numbered = (stage for stage in self.stages if str(stage.index) == name)
        return next(named, None) or next(numbered, None)

    def at(self, line: int) -> tuple[Stage, Instruction] | None:
        """The instruction that ``line`` belongs to, and its stage."""
        for stage in self.stages:
            for instruction in stage.instructions:
                if instruction.line <= line <= instruction.end:
                    return stage, instruction
        return None

    def has(self, keyword: str) -> bool:
        """Whether a stage has the instruction ``keyword``."""
        return any(one.keyword == keyword for stage in self.stages for one in stage.instructions)

    def bases(self, args: Mapping[str, str]) -> tuple[str, ...]:
        """The images that the stages start from, each once, with these build arguments; scratch is none."""
        values = {name: args.get(name, default) for name, default in self.arguments.items()}
        names: set[str] = set()
        found = []
        for stage in self.stages:
            base = _expanded(stage.base, values)
            if base.lower() not in names | {"scratch", ""}:
                found.append(base)
            names.add(stage.name.lower())
        return tuple(dict.fromkeys(found))


def parse(path: Path) -> Dockerfile:
    """The Dockerfile at ``path``."""
    return parse_text(tree.read(path, _LARGEST).decode("utf-8-sig", "replace"))


def parse_text(text: str) -> Dockerfile:
    """The Dockerfile that ``text`` is."""
    lines = tuple(line.rstrip("\r") for line in text.removesuffix("\n").split("\n"))
    arguments: dict[str, str] = {}
    stages: list[Stage] = []
    for instruction in _instructions(lines, _escape(lines)):
        if instruction.keyword == "FROM":
            stages.append(_opened(len(stages), instruction))
        elif stages:
            stages[-1] = replace(stages[-1], instructions=(*stages[-1].instructions, instruction))
        elif instruction.keyword == "ARG":
            arguments |= _defaults(instruction.text)
    return Dockerfile(lines, tuple(stages), arguments)


def _escape(lines: Sequence[str]) -> str:
    """The character that continues a line: parser directives stand before everything else."""
    for line in lines:
        found = _DIRECTIVE.match(line.strip())
        if not found:
            break
        if found[1].lower() == "escape":
            return found[2]
    return "\\"


def _instructions(lines: Sequence[str], escape: str) -> Iterator[Instruction]:
    index = 0
    while index < len(lines):
        if _is_blank(lines[index]):
            index += 1
            continue
        first = index
        text, index = _joined(lines, index, escape)
        keyword, _, body = text.lstrip().partition(" ")
        if keyword.upper() in _TAKES_HEREDOCS:
            index = _past_heredocs(lines, index, body)
        yield Instruction(keyword.upper(), body.strip(), first + 1, index)


def _joined(lines: Sequence[str], index: int, escape: str) -> tuple[str, int]:
    """The instruction that starts at ``index``, and the index after its last line; comments inside don't end it."""
    parts: list[str] = []
    end = index
    while index < len(lines):
        line = lines[index]
        index += 1
        if parts and _is_blank(line):
            continue
        end = index
        continued = line.rstrip().endswith(escape)
        parts.append(line.rstrip().removesuffix(escape) if continued else line)
        if not continued:
            break
    return "".join(parts), end


def _past_heredocs(lines: Sequence[str], index: int, body: str) -> int:
    for dash, _, word in _HEREDOC.findall(body):
        while index < len(lines):
            line = lines[index].lstrip("\t") if dash else lines[index]
            index += 1
            if line == word:
                break
    return index


def _is_blank(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _opened(index: int, instruction: Instruction) -> Stage:
    words = [word for word in instruction.text.split() if not word.startswith("--")]
    name = words[2] if len(words) == 3 and words[1].lower() == "as" else ""
    return Stage(index, name, words[0] if words else "", (instruction,))


def _defaults(text: str) -> dict[str, str]:
    pairs = (word.partition("=") for word in text.split())
    return {name: value.strip("\"'") for name, _, value in pairs}


def _expanded(text: str, values: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: values.get(found[1] or found[2]) or found[3] or "", text)
