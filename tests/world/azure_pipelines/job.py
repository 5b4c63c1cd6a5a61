"""One job: its steps in order, each a script under bash with the environment that the agent gives it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline_kit.process import Command, Runner
from tests.world import azure_agent_commands
from tests.world.azure_pipelines.agent import Agent, CommandError, JobState, publish, worse
from tests.world.azure_pipelines.values import Object, TemplateError, to_text
from tests.world.azure_pipelines.variables import Variable, applies, environment_name, with_macros

if TYPE_CHECKING:
    from collections.abc import Mapping

# These bring something in, which is here already.
_NOTHING_TO_DO = ("checkout", "download")


def run_job(agent: Agent, label: str, steps: list[dict[str, Any]], variables: Mapping[str, Variable]) -> JobState:
    """Run ``steps``; what they left. ``label`` names the job in the log."""
    state = JobState(agent, Object(variables))
    for number, step in enumerate(steps):
        result = _Step(state, step, label, number).run()
        if result == "Failed" or (result == "SucceededWithIssues" and state.result == "Succeeded"):
            state.result = result
    return state


class _Step:
    def __init__(self, state: JobState, step: dict[str, Any], label: str, number: int) -> None:
        self._state = state
        self._agent = state.agent
        self._step = step
        self._label = label
        self._number = number
        self._name = step.get("name") or f"Step{number}"
        self._result = "Succeeded"

    def run(self) -> str:
        """Run it, if its condition holds; the step's result."""
        if not applies(self._step.get("condition"), self._state.variables, {}, [self._state.result]):
            self._say(f"-- skip {self._name}")
            return "Succeeded"
        if self._step.get("enabled") is False or any(key in self._step for key in _NOTHING_TO_DO):
            return "Succeeded"
        if "publish" in self._step:
            publish(Path(self._filled("publish")), self._agent.artifacts / self._step.get("artifact", "drop"))
            return "Succeeded"
        environ = {name: self._macros(value) for name, value in (self._step.get("env") or {}).items()}
        script = self._script(environ)
        if script is not None:
            self._run_script(script, environ)
        if self._result == "Failed" and to_text(self._step.get("continueOnError")).lower() == "true":
            return "SucceededWithIssues"
        return self._result

    def _script(self, environ: dict[str, str]) -> str | None:
        if "task" not in self._step:
            return to_text(self._step.get("bash") or self._step.get("script") or self._step.get("pwsh"))
        task = self._step["task"]
        stand_in = self._agent.tasks.get(task) or self._agent.tasks.get(task.partition("@")[0])
        if stand_in is None:
            raise TemplateError(f"there is no stand-in for the task {task} on this machine")
        inputs = {name: self._macros(value) for name, value in (self._step.get("inputs") or {}).items()}
        return stand_in(inputs, environ)

    def _run_script(self, script: str, environ: dict[str, str]) -> None:
        file = self._agent.folder / f"{self._label.replace('/', '-')}-{self._number}.sh"
        file.write_text(with_macros(script, self._state.variables))
        self._say(f"== {self._step.get('displayName') or self._name}")
        full = self._environ() | environ
        full["PATH"] = os.pathsep.join([*self._state.path, full["PATH"]])
        folder = self._filled("workingDirectory") if self._step.get("workingDirectory") else self._agent.source
        command = Command(argv=("bash", "--noprofile", "--norc", str(file)), cwd=Path(folder), extra=full)
        ended = Runner(full).run(command, self._read)
        if ended.code != 0:
            self._fail(f"Bash exited with code '{ended.code}'.")

    def _environ(self) -> dict[str, str]:
        """What a step sees: every variable but the secret ones."""
        public = {environment_name(n): v.value for n, v in self._state.variables.items() if not v.secret}
        return {**self._agent.environ, **public, "TF_BUILD": "True"}

    def _read(self, line: str) -> None:
        """Take a line that the step printed."""
        try:
            command = azure_agent_commands.parse(line)
            if command is None:
                self._say(line)
            else:
                self._result = worse(self._result, self._state.carry_out(command, self._name))
        except CommandError as error:
            self._fail(str(error))
        except ValueError as error:
            self._say(f"##[warning]{error}")

    def _fail(self, why: str) -> None:
        self._say(f"##[error]{why}")
        self._agent.issues.append(("error", why))
        self._result = "Failed"

    def _say(self, line: str) -> None:
        self._agent.say(f"[{self._label}] {line}")

    def _macros(self, value: Any) -> str:
        return str(with_macros(to_text(value), self._state.variables))

    def _filled(self, key: str) -> str:
        return self._macros(self._step[key])
