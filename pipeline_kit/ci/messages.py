"""What can be said to a CI beside plain lines: a dialect writes what it has words for, and leaves out the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

import msgspec

from pipeline_kit.ci.tool_output import plain
from pipeline_kit.errors import Place
from pipeline_kit.model.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Iterable


Level = Literal["error", "warning", "notice"]

# GitHub and Azure Pipelines keep ten annotations of a level in a step, of 4096 characters each.
_ANNOTATIONS = 10
_ANNOTATION_LENGTH = 4096
_SHORTEST_MASK = 4
_OUTPUT_NAME = r"[A-Za-z_][A-Za-z0-9_-]*\Z"
_VARIABLE_NAME = r"[A-Za-z_][A-Za-z0-9_]*\Z"
_LINE_END = r"[\r\n]+"


class Group(msgspec.Struct, frozen=True):
    """The lines that follow belong to ``title`` and are shown folded. Groups don't nest."""

    title: str


class EndGroup(msgspec.Struct, frozen=True):
    """The group ends."""


class Annotation(msgspec.Struct, frozen=True):
    """A message that is shown beside the log too, at ``place`` in the user's files if there is one."""

    level: Level
    text: str
    title: str = ""
    place: Place | None = None

    @property
    def kept(self) -> str:
        """``text`` as plain lines, and as long as a CI keeps it; a CI that cuts doesn't say so."""
        end, text = " [...]", "\n".join(map(plain, self.text.split("\n")))
        return text if len(text) <= _ANNOTATION_LENGTH else text[: _ANNOTATION_LENGTH - len(end)] + end


class Mask(msgspec.Struct, frozen=True):
    """``secret`` is hidden in whatever is printed from now on, so this comes before anything that may print it."""

    secret: str

    def __repr__(self) -> str:
        return "Mask()"

    @property
    def lines(self) -> tuple[str, ...]:
        """What to hide: each line of its own, since a CI looks at one line at a time. Lines of up to three characters
        are left out: they hide nothing that can't be guessed, and would blot out half the log.
        """
        lines = (line.strip() for line in re.split(_LINE_END, self.secret))
        return tuple(dict.fromkeys(line for line in lines if len(line) >= _SHORTEST_MASK))


class Output(msgspec.Struct, frozen=True):
    """A value that later steps and jobs read by ``name``. A secret one has one line, as Azure Pipelines demands."""

    name: str
    value: str
    secret: bool = False

    def __repr__(self) -> str:
        return f"Output({self.name!r})"

    def __post_init__(self) -> None:
        if not re.match(_OUTPUT_NAME, self.name):
            raise ValueError(f"{self.name!r} is not the name of an output (letters, digits, _ and -)")
        if self.secret and re.search(_LINE_END, self.value):
            raise ValueError(f"the secret output {self.name} has several lines")


class Variable(msgspec.Struct, frozen=True):
    """An environment variable of the later steps of this job. Never a secret."""

    name: str
    value: str

    def __repr__(self) -> str:
        return f"Variable({self.name!r})"

    def __post_init__(self) -> None:
        if not re.match(_VARIABLE_NAME, self.name):
            raise ValueError(f"{self.name!r} is not the name of a variable (letters, digits and _)")


class Summary(msgspec.Struct, frozen=True):
    """A page in Markdown about the run. ``name`` is its title where a CI shows one."""

    markdown: str
    name: str


class Artifact(msgspec.Struct, frozen=True):
    """An image that was published, by digest. GitHub fails a step that declares two digests for one name, which is the
    reference without its digest.
    """

    reference: Reference


Message: TypeAlias = Group | EndGroup | Annotation | Mask | Output | Variable | Summary | Artifact


def limited(annotations: Iterable[Annotation]) -> tuple[Annotation, ...]:
    """At most ten of each level; where there are more, the tenth counts those that are left out."""
    kept: list[Annotation] = []
    by_level: dict[Level, list[Annotation]] = {}
    for annotation in annotations:
        by_level.setdefault(annotation.level, []).append(annotation)
    for level, found in by_level.items():
        if len(found) <= _ANNOTATIONS:
            kept += found
        else:
            rest = len(found) - _ANNOTATIONS + 1
            kept += [*found[: _ANNOTATIONS - 1], Annotation(level, f"{rest} more of this kind are in the log")]
    return tuple(kept)
