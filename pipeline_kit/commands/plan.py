"""``pipeline-kit plan``: what run would do here and now, in words, without doing any of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from pipeline_kit.commands.chain import PURE, Choice, check_given, merged, options_of, refuse_all_packages
from pipeline_kit.errors import Failure
from pipeline_kit.flow import Skip
from pipeline_kit.model.plan import Plan
from pipeline_kit.render.table import table
from pipeline_kit.steps.bump import foresee, refuse_other_packages
from pipeline_kit.steps.command import KeyValue, Shared, shared_options, step_command

if TYPE_CHECKING:
    from pipeline_kit.flow import Flow
    from pipeline_kit.session import Session


class Intention(msgspec.Struct, frozen=True):
    """What one step would do; ``skipped`` is whether it would do nothing, for the reason given, ``fails`` the id of the
    failure that can be foreseen.
    """

    step: str
    would: str
    skipped: bool = False
    fails: str = ""


class Outlook(msgspec.Struct, frozen=True):
    """What a run would do."""

    plan: Plan
    steps: tuple[Intention, ...]


@click.command("plan", epilog="\b\nExamples:\n  pipeline-kit plan\n  pipeline-kit plan --env prod --format json")
@click.option(
    "--set", "given", multiple=True, type=KeyValue(), metavar="STEP.OPTION=VALUE", help="An option of a step."
)
@click.option("--local", is_flag=True, help="As run --local would.")
@click.pass_obj
def command(session: Session, /, **options: Any) -> None:
    """Say what run would do here and now: names, what is built and how, the rule that judges, where it goes. Nothing is
    built, asked over the network or written.
    """
    shared = Shared(options)
    given = merged(options["given"])
    check_given(given)
    flow = session.flow(shared, given)
    flow.local = options["local"]
    flow.completes = True
    show_plan(session, flow, shared, Choice(), given)


def show_plan(
    session: Session, flow: Flow, shared: Shared, choice: Choice, given: dict[str, str], *, release: bool = False
) -> None:
    """Write the plan on standard output; with ``release`` also the release that would be made first, and the rest as it
    would follow from that.
    """
    flow.unwritten = True
    refuse_all_packages(options_of(session, shared, "version", given))
    made = []
    if release:
        refuse_other_packages(flow, options_of(session, shared, "bump", given))
        made.append(_intention(session, flow, shared, "bump", given))
        if not (made[0].fails or made[0].skipped):
            foresee(flow, **options_of(session, shared, "bump", given))
    counted = ""
    for name in PURE:
        outcome = step_command(name).perform(flow, **options_of(session, shared, name, given))
        flow.keep(name, 0.0, 0.0, outcome)
        counted = counted or outcome.detail
    plan = flow.plan()
    steps = (
        *made,
        *(
            Intention(name, f"{plan.version}: {counted}")
            if name == "version"
            else _intention(session, flow, shared, name, given)
            for name in choice.steps()
        ),
    )
    session.result(
        table(("step", "would"), [(one.step, one.would) for one in steps]), Outlook(plan, steps), shared.output
    )


def _intention(session: Session, flow: Flow, shared: Shared, name: str, given: dict[str, str]) -> Intention:
    if name == "tag":
        return Intention(name, " ".join(tag.name for tag in flow.plan().tags))
    command = step_command(name)
    try:
        return Intention(
            name, command.would(flow, **options_of(session, shared, name, given)) if command.would else name
        )
    except Skip as skip:
        reason = str(skip)
        return Intention(name, reason if reason.startswith("nothing") else f"nothing: {reason}", skipped=True)
    except Failure as failure:
        return Intention(name, f"fail: {failure.headline}", fails=failure.kind)


command.params.extend(shared_options())
