"""How a build ended, in BuildKit's plain progress: buildx 0.10 to 0.38, and the client of Engine 20.10 without it."""

from __future__ import annotations

import itertools
import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pipeline_kit.engines.ending import KEPT_WORDS, Ending, line_of_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline_kit.engines.dockerfile import Dockerfile

_VERTEX = re.compile(r"#(\d+) (.*)")
_WORDS = re.compile(r"\d+\.\d+(?: (.*))?")
_EXIT_CODE = re.compile(r"exit code: (\d+)\Z")
_EXCERPT = re.compile(r"\S.*:(\d+)")
_RULER = "-" * 20
_STEP_TITLE = re.compile(r"\[(?:(?P<where>[^\]]*) )?(?P<number>\d+)/\d+\] (?P<text>.*)")
_STEPS = frozenset({"FROM", "RUN", "COPY", "ADD", "WORKDIR"})
_PULL = re.compile(r"\[internal\] load metadata for (\S+)|resolve image config for (?:docker-image://)?(\S+)")
_PARSE_ERROR = re.compile(r"parse error(?: on)? line (\d+):")
_CACHE_IMPORT = "importing cache manifest from "
# Each client puts other words before the cause.
_PREFIXES = re.compile(r"(?:ERROR: )?(?:failed to build: )?(?:failed to solve(?: with frontend \S+)?: )?")


@dataclass(slots=True)
class _Vertex:
    """A numbered part of the build, and what was said about it."""

    title: str
    log_line: int
    error: str = ""
    words: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_WORDS))


def read(lines: Sequence[str], dockerfile: Dockerfile) -> Ending:
    """How the build that printed ``lines`` failed."""
    message = _last_message(lines)
    failed = [vertex for vertex in _vertices(lines) if vertex.error]
    vertex = next((one for one in failed if one.error in message), failed[-1] if failed else None)
    if vertex is None:
        told = _PARSE_ERROR.search(message)
        return Ending(message=message, line=_excerpt(lines) or int(told[1] if told else 0))
    code = _EXIT_CODE.search(vertex.error) if _STEP_TITLE.match(vertex.title) else None
    pull = _PULL.match(vertex.title)
    image = (pull[1] or pull[2]) if pull else ""
    return Ending(
        message=message,
        line=_excerpt(lines)
        or (_line_of_base(image, dockerfile) if image else _line_of_title(vertex.title, dockerfile)),
        code=int(code[1]) if code else None,
        words=tuple(vertex.words),
        log_line=vertex.log_line,
        pulled=image,
    )


def unread_caches(lines: Sequence[str]) -> list[str]:
    """The build caches that could not be read, each with the reason: the build goes on without them."""
    return [
        f"{vertex.title.removeprefix(_CACHE_IMPORT)}: {vertex.error}"
        for vertex in _vertices(lines)
        if vertex.error and vertex.title.startswith(_CACHE_IMPORT)
    ]


def _vertices(lines: Sequence[str]) -> list[_Vertex]:
    vertices: dict[str, _Vertex] = {}
    for number, line in enumerate(lines, 1):
        found = _VERTEX.match(line)
        if not found:
            continue
        vertex = vertices.setdefault(found[1], _Vertex(found[2], number))
        if words := _WORDS.fullmatch(found[2]):
            vertex.words.append(words[1] or "")
        elif found[2].startswith("ERROR: "):
            vertex.error = found[2].removeprefix("ERROR: ")
    return list(vertices.values())


def _last_message(lines: Sequence[str]) -> str:
    """What follows the last ERROR. The oldest client has no such line, and says it in the last one."""
    told = [line for line in lines if line.strip() and not line.startswith("View build details")]
    starts = [index for index, line in enumerate(told) if line.startswith("ERROR: ")]
    last = told[starts[-1] :] if starts else told[-1:]
    return _PREFIXES.sub("", "\n".join(last), count=1)


def _excerpt(lines: Sequence[str]) -> int:
    """The line that is marked in the Dockerfile, 0 if none is."""
    for above, below in reversed(list(itertools.pairwise(lines))):
        if below == _RULER and (found := _EXCERPT.fullmatch(above)):
            return int(found[1])
    return 0


def _line_of_base(image: str, dockerfile: Dockerfile) -> int:
    """The line of the stage that starts from ``image``, which BuildKit writes with registry and tag."""
    froms = (stage for stage in dockerfile.stages if stage.base and image.removesuffix(":latest").endswith(stage.base))
    return next((stage.instructions[0].line for stage in froms), 0)


def _line_of_title(title: str, dockerfile: Dockerfile) -> int:
    found = _STEP_TITLE.match(title)
    if not found:
        return 0
    name = (found["where"] or "").rpartition(" ")[2]
    only = dockerfile.stages[0] if len(dockerfile.stages) == 1 else None
    stage = dockerfile.stage(name) or dockerfile.stage(name.removeprefix("stage-")) or only
    counted = [one for one in stage.instructions if one.keyword in _STEPS] if stage else []
    return line_of_step(found["text"], int(found["number"]), counted, stage, dockerfile)
