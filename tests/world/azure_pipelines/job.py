"""One job: its steps in order, each a script under bash with the environment that the agent gives it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline_kit.process import Command, Runner
from tests.world import azure_agent_commands
from tests.world.azure_pipelines.agent import Agent, CommandError, JobState, download, publish, worse
from tests.world.azure_pipelines.checkout import check_out
from tests.world.azure_pipelines.values import Object, TemplateError, to_text
from tests.world.azure_pipelines.variables import Variable, applies, environment_name, with_macros

if TYPE_CHECKING:
    from collections.abc import Mapping


def run_job(agent: Agent, label: str, steps: list[dict[str, Any]], variables: Mapping[str, Variable]) -> JobState:
    """Run ``steps`` in a workspace of their own; what they left. ``label`` names the job in the log. A job that says
    nothing of a checkout has one of its own accord.
    """
    place = label.replace("/", "-")
    state = JobState(agent, Object(variables), agent.folder / "work" / place)
    folders = dict.fromkeys(("Build.SourcesDirectory", "System.DefaultWorkingDirectory"), state.sources)
    folders |= {"Pipeline.Workspace": state.workspace, "Agent.TempDirectory": agent.folder / "temp" / place}
    for name, folder in folders.items():
        folder.mkdir(parents=True, exist_ok=True)
        state.variables[name] = Variable(str(folder))
    if not any("checkout" in step for step in steps):
        steps = [{"checkout": "self"}, *steps]
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
        if self._step.get("enabled") is False or self._step.get("checkout") == "none":
            return "Succeeded"
        try:
            if self._moves_files():
                return "Succeeded"
        except CommandError as error:
            self._fail(str(error))
            return "Failed"
        environ = {name: self._macros(value) for name, value in (self._step.get("env") or {}).items()}
        script = self._script(environ)
        if script is not None:
            self._run_script(script, environ)
        if self._result == "Failed" and to_text(self._step.get("continueOnError")).lower() == "true":
            return "SucceededWithIssues"
        return self._result

    def _moves_files(self) -> bool:
        """Check out, publish or download; False for a step that does something else."""
        if "checkout" in self._step:
            check_out(self._agent, self._state.sources, self._step)
        elif "publish" in self._step:
            name = self._filled("artifact") if "artifact" in self._step else "drop"
            publish(Path(self._filled("publish")), self._agent.artifacts / name)
        elif "download" in self._step:
            name, patterns = (self._filled(key) if key in self._step else "" for key in ("artifact", "patterns"))
            download(self._agent.artifacts, name, patterns, self._state.workspace)
        else:
            return False
        return True

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
        given = self._step.get("workingDirectory") or self._step.get("inputs", {}).get("workingDirectory", "")
        folder = self._state.sources / self._macros(given)
        command = Command(argv=("bash", "--noprofile", "--norc", str(file)), cwd=folder, extra=full)
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
