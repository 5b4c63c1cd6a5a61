"""Workflows run as GitHub's runner would, by act on this machine, without Docker and without GitHub.

Where act differs from GitHub, the runner's source decides, not act. With act, inputs are also variables of composite
steps, standard output is a terminal, and artifacts don't work.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pipeline_kit.process import Command, Runner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Entry: TypeAlias = "dict[str, object]"


@dataclass(frozen=True, slots=True)
class Annotation:
    """What a step told GitHub to show: ``kind`` is error, warning or notice."""

    kind: str
    message: str
    properties: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """How a workflow ended: act's exit code, and its log entry by entry. Steps are those of the workflow itself; what a
    composite action has inside is in the text, but not among the outputs.
    """

    code: int
    entries: tuple[Entry, ...]
    stderr: str

    @property
    def text(self) -> str:
        """What the steps printed, secrets masked."""
        return "".join(str(entry["msg"]) for entry in self.entries if entry.get("raw_output"))

    @property
    def results(self) -> dict[str, str]:
        """The result of each job: success, failure."""
        return {str(entry["jobID"]): str(entry["jobResult"]) for entry in self.entries if "jobResult" in entry}

    @property
    def annotations(self) -> list[Annotation]:
        """Errors, warnings and notices in the order they came."""
        kinds = ("error", "warning", "notice")
        found = [entry for entry in self.entries if entry.get("command") in kinds]
        return [Annotation(str(e["command"]), str(e["arg"]), _strings(e.get("kvPairs"))) for e in found]

    @property
    def summaries(self) -> list[str]:
        """The Markdown that steps added to the job's summary; act may say what an action added once more at its end."""
        return list(dict.fromkeys(str(e["content"]) for e in self.entries if e.get("command") == "summary"))

    def outputs(self, step: str) -> dict[str, str]:
        """The outputs of the step with the id ``step``."""
        of_step = [entry for entry in self._of_steps() if entry["stepID"] == [step]]
        return {str(e["name"]): str(e["arg"]) for e in of_step if e.get("command") == "set-output"}

    def _of_steps(self) -> Iterator[Entry]:
        for entry in self.entries:
            path = entry.get("stepID")
            if isinstance(path, list) and len(path) == 1:
                yield entry


def run_workflow(
    project: Path,
    home: Path,
    *,
    event: str = "push",
    payload: Mapping[str, object] | None = None,
    repositories: Mapping[str, Path] | None = None,
    environ: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
) -> WorkflowRun:
    """Run the workflows of the git repository ``project`` that ``event`` starts.

    ``payload`` is the event's. ``repositories`` says where ``OWNER/NAME@REF`` is on this machine: nothing is fetched.
    ``environ`` is what the runner's machine has set; nothing else of ours gets in. ``home`` is a folder outside of
    ``project``, which act copies.
    """
    home.mkdir(exist_ok=True)
    (home / "event.json").write_text(json.dumps(payload or {}))
    (home / "secrets").write_text("".join(f"{name}={json.dumps(secret)}\n" for name, secret in (secrets or {}).items()))
    options = {
        "--platform": ["ubuntu-latest=-self-hosted"],
        "--eventpath": [str(home / "event.json")],
        "--secret-file": [str(home / "secrets")],
        "--local-repository": [f"{name}={folder}" for name, folder in (repositories or {}).items()],
    }
    argv = [str(_program()), event, "--json", "--no-cache-server"]
    argv += [argument for option, values in options.items() for value in values for argument in (option, value)]
    machine = {"HOME": str(home), "PATH": "/usr/local/bin:/usr/bin:/bin", **(environ or {})}
    ended = Runner(machine).run(Command(argv=tuple(argv), cwd=project, extra=machine))
    lines = [line for line in ended.text.splitlines() if line.startswith("{")]
    return WorkflowRun(ended.code, tuple(json.loads(line) for line in lines), ended.stderr)


def _program() -> Path:
    found = shutil.which("act", path=str(Path(sys.executable).parent)) or shutil.which("act")
    assert found, "act is one of requirements/tests.txt"
    return Path(found)


def _strings(pairs: object) -> dict[str, str]:
    return {str(name): str(value) for name, value in pairs.items()} if isinstance(pairs, dict) else {}
