"""The lines of a run: one a step, a header, a footer, and the block that a failure ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.ci.tool_output import plain
from pipeline_kit.model.digest import is_digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipeline_kit.errors import Failure
    from pipeline_kit.render.style import Style

WIDTH = 80
_LABEL = 9
_COLOURS = {"failed": "red", "refused": "yellow", "rolled back": "yellow", "unknown": "magenta", "skipped": "dim"}
_BOLD = frozenset({"why", "fix", "log", "sent", "for", "now", "as", "or", "seen"})
# What a person may rely on not having happened when this step stops the run.
_NOT_DONE = {
    "config": "nothing was built or pushed",
    "bump": "nothing was changed",
    "login": "nothing was built",
    "version": "nothing was built or pushed",
    "tag": "nothing was built or pushed",
    "build": "nothing was pushed",
    "scan": "no manifest, no tag was published",
    "push": "nothing was published",
}


def step_line(style: Style, step: str, word: str, detail: str, seconds: float) -> str:
    """``✓ build    4f1c9a0b77de  buildx 0.38, 2 stages    41.8s``, the time flush right where there is room."""
    word, detail = plain(word), plain(detail)
    colour = _COLOURS.get(word, "")
    mark = "-" if word == "skipped" else "✗" if colour else "✓"
    left = f"{step:<8} {word:<12}  "
    time = f"{seconds:.1f}s"
    gap = max(2, WIDTH - 2 - len(left) - len(detail) - len(time))
    painted_word = style.paint(word, colour or ("cyan" if is_short_digest(word) else "green"))
    painted = f"{step:<8} {painted_word}{' ' * max(0, 12 - len(word))}  {detail}"
    return f"{style.paint(mark, colour or 'green')} {painted}{' ' * gap}{style.paint(time, 'dim')}"


def header(style: Style, version: str, what: str, origin: str, ci: str) -> str:
    """``pipeline-kit 1.0.0  shop/web 9c1f2e7 (v1.5.0)  pipeline-kit.yml  GitHub Actions``."""
    return style.paint(f"pipeline-kit {version}  {what}  {origin}  {ci}", "dim")


def failure_block(style: Style, failure: Failure, step: str, stopped_before: str) -> Iterator[str]:
    """What follows below a failed step's line: evidence, notes, how to repeat it, what was not done."""
    for line in failure.evidence:
        yield " " * (_LABEL if line.startswith("│") else 0 if line.startswith("  ") else 2) + line
    for note in failure.notes:
        first, *rest = note.text.split("\n")
        label = style.paint(note.label, "bold" if note.label in _BOLD else "")
        colour = "bold" if note.label == "fix" else ""
        yield f"  {label}{' ' * (_LABEL - 2 - len(note.label))}{style.paint(first, colour)}"
        yield from (" " * _LABEL + style.paint(line, colour) for line in rest)
    if failure.reproduce:
        yield f"  {style.paint('Reproduce locally:', 'bold')} {failure.reproduce}"
    yield closing(failure, step, stopped_before)


def closing(failure: Failure, step: str, stopped_before: str) -> str:
    """The last line: what was not done, the exit code, where to read more."""
    undone = failure.done or _NOT_DONE.get(step, "")
    if stopped_before and undone:
        undone = f"Stopped before {stopped_before}; {undone}. "
    elif undone:
        undone = f"{undone[0].upper()}{undone[1:]}. "
    return f"{undone}Exit {int(failure.exit)}. More: pipeline-kit explain {failure.kind}"


def is_short_digest(word: str) -> bool:
    """Whether ``word`` is the first twelve digits of a digest."""
    return is_digest("sha256:" + word + "0" * 52)


def megabytes(size: int) -> str:
    """``48.3 MB``, in units of a million bytes as registries count; below one million in kB."""
    return f"{size / 1e6:.1f} MB" if size >= 1_000_000 else f"{size / 1e3:.1f} kB"
