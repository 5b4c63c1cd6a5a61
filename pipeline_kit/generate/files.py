"""Which files are generated, and from what."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.config import SCHEMA_NAME
from pipeline_kit.generate import action, azure_templates, reference, schema

if TYPE_CHECKING:
    from collections.abc import Callable

_TOP = Path(__file__).resolve().parents[2]


def contents() -> dict[str, str]:
    """The path of each generated file, from the repository's top, and what it holds."""
    made: dict[str, Callable[[], str]] = {
        f"pipeline_kit/{SCHEMA_NAME}": schema.text,
        "action.yml": action.action,
        "azure-pipelines-template.yml": azure_templates.stages_template,
        "azure-pipelines-steps.yml": azure_templates.steps_template,
        "docs/options.md": reference.options_page,
        "docs/failures.md": reference.failures_page,
    }
    return {path: make() for path, make in made.items()} | {
        f"steps/{step}/action.yml": action.step_action(step) for step in action.steps()
    }


def outdated() -> list[str]:
    """The files that differ from what would be written."""
    return [path for path, text in contents().items() if not _holds(_TOP / path, text)]


def write_all() -> None:
    """Write them all."""
    for path, text in contents().items():
        (_TOP / path).parent.mkdir(parents=True, exist_ok=True)
        (_TOP / path).write_text(text, encoding="utf-8")


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
