"""An expanded pipeline, run on this machine: stages and jobs in order, with what each may know of those before it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING, Any

from pipeline_kit.process import Command, Runner
from tests.world.azure_pipelines.agent import Agent, Task, worse
from tests.world.azure_pipelines.job import run_job
from tests.world.azure_pipelines.values import Object, TemplateError, to_text
from tests.world.azure_pipelines.variables import Variable, applies, declared, values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class JobRun:
    """How a job ended. ``outputs`` have the names that other jobs use: ``step.variable``, with a matrix's leg or the
    deployment's name before it.
    """

    result: str
    outputs: Object


@dataclass(slots=True)
class StageRun:
    """How a stage ended, and its jobs."""

    result: str = "Succeeded"
    jobs: dict[str, JobRun] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PipelineRun:
    """How a pipeline ended; ``agent`` has its log, issues, summaries and artifacts."""

    stages: dict[str, StageRun]
    agent: Agent

    @property
    def succeeded(self) -> bool:
        """Whether no stage failed."""
        return all(stage.result != "Failed" for stage in self.stages.values())

    @property
    def text(self) -> str:
        """The whole log."""
        return "\n".join(self.agent.log)


def run_pipeline(
    plan: Mapping[str, Any],
    source: Path,
    folder: Path,
    *,
    variables: Mapping[str, str] | None = None,
    secrets: Mapping[str, str] | None = None,
    tasks: Mapping[str, Task] | None = None,
    environ: Mapping[str, str] | None = None,
) -> PipelineRun:
    """Run the expanded pipeline ``plan`` in the git repository ``source``; ``folder`` is the agent's own.

    ``tasks`` are stand-ins for tasks, by name with or without version. ``environ`` is what the agent's machine has set.
    """
    folder.mkdir(parents=True, exist_ok=True)
    machine = {"PATH": os.environ["PATH"], "HOME": str(folder), **(environ or {})}
    agent = Agent(source, folder, machine, tasks or {}, masks=set((secrets or {}).values()))
    known = Object((name, Variable(value)) for name, value in _predefined(agent).items())
    for name, value in (variables or {}).items():
        known[name] = Variable(value)
    for name, value in (secrets or {}).items():
        known[name] = Variable(value, secret=True)
    return _Run(agent).of(plan, known)


class _Run:
    def __init__(self, agent: Agent) -> None:
        self._agent = agent
        self._stages: dict[str, StageRun] = {}

    def of(self, plan: Mapping[str, Any], variables: Object) -> PipelineRun:
        known = declared(plan.get("variables"), variables, {"dependencies": Object(), "stageDependencies": Object()})
        previous: list[str] = []
        for stage in _stages_of(plan):
            name = stage["stage"]
            if name in self._stages:
                raise TemplateError(f"Stage name {name} is defined twice.")
            self._stages[name] = self._run_stage(stage, _names(stage.get("dependsOn", previous)), known)
            previous = [name]
        return PipelineRun(self._stages, self._agent)

    def _run_stage(self, stage: Mapping[str, Any], needed: list[str], variables: Object) -> StageRun:
        name = stage["stage"]
        before = {each: self._stages[each] for each in needed}
        jobs_of = Object((each, _jobs_seen(run)) for each, run in before.items())
        flat = Object((each, _stage_seen(run)) for each, run in before.items())
        known = declared(stage.get("variables"), variables, {"dependencies": Object(), "stageDependencies": jobs_of})
        results = [run.result for run in before.values()]
        if not applies(stage.get("condition"), known, {"dependencies": flat, "stageDependencies": jobs_of}, results):
            self._agent.say(f"[{name}] skipped")
            return StageRun("Skipped")
        run = StageRun()
        for job in stage.get("jobs") or ():
            job_name = job.get("job") or job.get("deployment") or "Job"
            run.jobs[job_name] = self._run_job(job, f"{name}/{job_name}", run, known, jobs_of)
            if run.jobs[job_name].result == "Failed":
                run.result = "Failed"
        return run

    def _run_job(
        self, job: Mapping[str, Any], label: str, stage: StageRun, variables: Object, stages: Object
    ) -> JobRun:
        """Run all legs of a job; together they are one to those that depend on it."""
        before = {each: stage.jobs[each] for each in _names(job.get("dependsOn"))}
        seen = Object((each, _job_seen(run)) for each, run in before.items())
        names = {"dependencies": seen, "stageDependencies": stages}
        known = declared(job.get("variables"), variables, names)
        if not applies(job.get("condition"), known, names, [run.result for run in before.values()]):
            return JobRun("Skipped", Object())
        known["System.StageName"], known["System.JobName"] = map(Variable, label.split("/"))
        strategy = job.get("strategy") or {}
        deployed = (strategy.get("runOnce") or {}).get("deploy") or {}
        steps = job.get("steps") or deployed.get("steps") or []
        results, outputs = [], Object()
        for leg, own in (strategy.get("matrix") or {"": {}}).items():
            inside = Object({**known, **{name: Variable(to_text(value)) for name, value in own.items()}})
            state = run_job(self._agent, f"{label}_{leg}" if leg else label, steps, inside)
            prefix = leg or (job["deployment"] if deployed else "")
            for name, variable in state.outputs.items():
                outputs[f"{prefix}.{name}" if prefix else name] = variable
            results.append(state.result)
        return JobRun(reduce(worse, results), outputs)


def _stages_of(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The stages of a plan; one that has only jobs or steps is a stage of its own."""
    if plan.get("stages"):
        yield from plan["stages"]
    else:
        yield {"stage": "__default", "jobs": plan.get("jobs") or [{"job": "Job", "steps": plan.get("steps")}]}


def _names(depends_on: Any) -> list[str]:
    return [depends_on] if isinstance(depends_on, str) else list(depends_on or ())


def _job_seen(run: JobRun) -> Object:
    """What ``dependencies.JOB`` is."""
    return Object({"result": run.result, "outputs": values(run.outputs)})


def _jobs_seen(run: StageRun) -> Object:
    """What ``stageDependencies.STAGE`` is."""
    return Object((name, _job_seen(job)) for name, job in run.jobs.items())


def _stage_seen(run: StageRun) -> Object:
    """What ``dependencies.STAGE`` is in a stage's condition."""
    outputs = {f"{job}.{name}": v.value for job, each in run.jobs.items() for name, v in each.outputs.items()}
    return Object({"result": run.result, "outputs": Object(outputs)})


def _predefined(agent: Agent) -> dict[str, str]:
    """The variables that every run has. https://learn.microsoft.com/azure/devops/pipelines/build/variables"""
    branch = _git(agent, "symbolic-ref", "--quiet", "HEAD") or "refs/heads/main"
    return {
        "Agent.OS": "Linux",
        "Build.ArtifactStagingDirectory": str(agent.artifacts),
        "Build.BuildId": "1",
        "Build.BuildNumber": "20260101.1",
        "Build.Reason": "Manual",
        "Build.Repository.Name": agent.source.name,
        "Build.Repository.Provider": "TfsGit",
        "Build.RequestedFor": "An Owner",
        "Build.RequestedForEmail": "owner@example.com",
        "Build.SourceBranch": branch,
        "Build.SourceBranchName": branch.rpartition("/")[2],
        "Build.SourceVersion": _git(agent, "rev-parse", "HEAD"),
        "System.CollectionUri": "https://dev.azure.com/org/",
        "System.JobAttempt": "1",
        "System.TeamProject": "proj",
    }


def _git(agent: Agent, *arguments: str) -> str:
    command = Command(argv=("git", "-C", str(agent.source), *arguments))
    return Runner(agent.environ).run(command).text.strip()
