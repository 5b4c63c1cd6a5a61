"""``pipeline-kit run``: all steps in order, on one image."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from pipeline_kit import __version__, artifact, ci
from pipeline_kit.ci.messages import Output, Summary
from pipeline_kit.commands.chain import (
    PURE,
    Choice,
    ask_pure_steps,
    check_given,
    merged,
    options_of,
    refuse_all_packages,
)
from pipeline_kit.commands.effective import changed, effective
from pipeline_kit.commands.plan import show_plan
from pipeline_kit.errors import Failure
from pipeline_kit.model.digest import short
from pipeline_kit.render import lines
from pipeline_kit.steps import ORDER
from pipeline_kit.steps.bump import refuse_other_packages
from pipeline_kit.steps.command import KeyValue, Shared, shared_options, step_command

if TYPE_CHECKING:
    from pipeline_kit.flow import Flow, Outcome
    from pipeline_kit.session import Session

_STEP = click.Choice(ORDER)


@click.command(
    "run",
    epilog="""\b
Examples:
  pipeline-kit run --local              no account: a registry and a container on this machine
  pipeline-kit run --until scan         build and judge, publish nothing
  pipeline-kit run --from deploy --env prod
  pipeline-kit run --set build.target=debug --set scan.fail-on=CRITICAL
  pipeline-kit run --release            tag the next version, then publish it""",
)
@click.option(
    "--only",
    multiple=True,
    envvar="PIPELINE_KIT_RUN_ONLY",
    type=_STEP,
    help="Run this step alone; may be given several times.",
)
@click.option(
    "--from",
    "first",
    envvar="PIPELINE_KIT_RUN_FROM",
    type=_STEP,
    default=None,
    help="Start with this step; what it needs is in the record.",
)
@click.option("--until", "last", envvar="PIPELINE_KIT_RUN_UNTIL", type=_STEP, default=None, help="End with this step.")
@click.option(
    "--local",
    is_flag=True,
    envvar="PIPELINE_KIT_RUN_LOCAL",
    help="Publish to a registry on this machine, and run the container here.",
)
@click.option(
    "--release",
    is_flag=True,
    envvar="PIPELINE_KIT_RUN_RELEASE",
    help="Make the next release as bump does, and push it; then run on its commit.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, and do nothing: as plan does.")
@click.option(
    "--set",
    "given",
    multiple=True,
    envvar="PIPELINE_KIT_RUN_SET",
    type=KeyValue(),
    metavar="STEP.OPTION=VALUE",
    help="An option of a step; wins over all.",
)
@click.pass_obj
def command(session: Session, /, **options: Any) -> None:
    """From the commit to the container that serves: login, version, tag, build, scan, push, deploy.

    Each step's result goes into .pipeline-kit/run.json; the reference of the published image is the only line on
    standard output.
    """
    shared = Shared(options)
    given = merged(options["given"])
    check_given(given)
    choice = Choice(options["only"], options["first"] or "", options["last"] or "")
    flow = session.flow(shared, given)
    flow.local = options["local"]
    flow.will_push = "push" in choice.steps()
    flow.completes = flow.will_push
    if options["dry_run"]:
        show_plan(session, flow, shared, choice, given, release=options["release"])
        return
    with ExitStack() as stack:
        stack.enter_context(flow.locked())
        session.closing.callback(_keep_record, session, flow, choice)
        if flow.local:
            from pipeline_kit.commands.local_registry import use_local_registry

            use_local_registry(flow, stack)
        _run(session, flow, shared, choice, given, release=options["release"])


def _run(session: Session, flow: Flow, shared: Shared, choice: Choice, given: dict[str, str], *, release: bool) -> None:
    started = flow.context.clock.monotonic()
    steps = choice.steps()
    # All options before the first step: a mistake in the last one's must not wait for the build.
    options = {name: options_of(session, shared, name, given) for name in (*(["bump"] if release else []), *steps)}
    if "version" in options:
        refuse_all_packages(options["version"])
    if release:
        refuse_other_packages(flow, options["bump"])
    judged = "scan" in steps or flow.context.event.publishes
    flow.given = changed(effective(session, shared, given, without=() if judged else ("scan",)))
    session.terminal.line(_header(session, flow))
    outcomes: dict[str, Outcome] = {}
    try:
        if release:
            # The git tag first, and with it the commit of the release's files: the steps go on from that commit.
            session.stopped_before = steps[0]
            session.perform(step_command("bump"), flow, options["bump"])
        if not set(PURE) <= set(steps) and set(steps) - {"login", "version"}:
            # What is not among the chosen steps is asked, never taken from a record that anybody may have written.
            ask_pure_steps(session, flow, shared, steps[-1])
        for index, name in enumerate(steps):
            session.stopped_before = next(iter(steps[index + 1 :]), "")
            if outcome := session.perform(step_command(name), flow, options[name]):
                outcomes[name] = outcome
        session.stopped_before = ""
    except Failure as failure:
        _summarise(session, flow, choice, "\n".join(session.told(failure)))
        raise
    _summarise(session, flow, choice)
    for line in _footer(session, flow, outcomes, flow.context.clock.monotonic() - started):
        session.terminal.line(line)
    # The reference is what a script goes on with; a run that ends earlier gives what its last step gave.
    last = outcomes.get("push") or next(reversed(outcomes.values()), None)
    session.result(last.result if last else "", flow.record, shared.output)


def _header(session: Session, flow: Flow) -> str:
    state = flow.state
    tag = f" ({state.here[0].name})" if state.here else f" ({state.branch})" if state.branch else ""
    origin = flow.settings.shown or "no configuration"
    return lines.header(
        session.terminal.style, __version__, f"{flow.key} {state.short}{tag}", origin, session.dialect.NAME
    )


def _footer(session: Session, flow: Flow, outcomes: dict[str, Outcome], seconds: float) -> list[str]:
    style = session.terminal.style
    done = f"Done in {seconds:.1f}s"
    if "deploy" in outcomes:
        entry = flow.deployed()
        done += f": {style.paint(short(entry.digest), 'cyan')} serves at {style.paint(entry.url or entry.name, 'bold')}"
    elif "push" in outcomes:
        done += f": {style.paint(short(flow.published().digest), 'cyan')} is published"
    elif "build" in outcomes:
        done += f": {style.paint(short(flow.built().digest), 'cyan')} is built"
    record = flow.record_path.relative_to(flow.context.root)
    return [
        done,
        style.paint(f"Record {record}. The same again: pipeline-kit replay {record}", "dim"),
    ]


def _summarise(session: Session, flow: Flow, choice: Choice, failure: str = "") -> None:
    from pipeline_kit.render.summary import summary

    if flow.record is not None and session.dialect.NAME != "local":
        page = summary(flow.record, flow.key, failure, _artifact(flow, choice))
        session.terminal.send(Summary(page, f"pipeline-kit {flow.key}"))


def _keep_record(session: Session, flow: Flow, choice: Choice) -> None:
    """Have the CI's next step keep the record, as ``artifact`` from the folder ``artifact-folder``."""
    if ci.temporary_folder(session.environ) is None:
        return
    folder = flow.context.state / "artifact"
    try:
        if artifact.keep(flow.context.output, folder):
            session.terminal.send(Output("artifact", _artifact(flow, choice)))
            session.terminal.send(Output("artifact-folder", str(folder)))
    except (OSError, Failure) as error:
        session.terminal.warn(f"the record is not kept as an artifact: {error}")


def _artifact(flow: Flow, choice: Choice) -> str:
    return artifact.name(flow.key, flow.environment, choice.first, flow.context.identity)


command.params.extend(shared_options())
