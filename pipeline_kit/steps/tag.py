"""``tag``: the tags and labels of this commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from pipeline_kit.flow import Flow, Outcome
from pipeline_kit.record import Values
from pipeline_kit.steps.command import Line, step
from pipeline_kit.tagging.plan import plan as default_plan

if TYPE_CHECKING:
    from pipeline_kit.model.plan import Plan


@step(
    "tag",
    click.option(
        "--extra",
        multiple=True,
        type=Line(),
        metavar="TAG",
        help="One more tag, such as staging; it follows each push.",
    ),
    click.option("--latest/--no-latest", default=True, show_default=True, help="Whether a release moves latest."),
    examples="""\
  pipeline-kit tag                      1.5.0, 1.5, 1, latest, sha-9c1f2e7: one a line
  pipeline-kit tag --extra staging
  pipeline-kit tag --format json        with labels, and whether this event publishes""",
)
def command(flow: Flow, *, extra: tuple[str, ...], latest: bool) -> Outcome:
    """The tags and labels of this commit: a release gets 1.5.0, 1.5, 1, latest and its commit; anything else its commit
    and branch. Nothing is asked over the network: whether a moving tag may move is decided by push.
    """
    plan = default_plan(flow.state, flow.context.event, flow.version(), extra=extra, latest=latest)
    names = [tag.name for tag in plan.tags]
    return Outcome(
        Values(tag=plan),
        f"{len(names)} tag{'' if len(names) == 1 else 's'}",
        " ".join(names),
        "\n".join(names),
        outputs(plan),
    )


def outputs(plan: Plan) -> dict[str, str]:
    """What later steps of the CI may want."""
    return {
        "tags": "\n".join(tag.name for tag in plan.tags),
        "labels": "\n".join(f"{k}={v}" for k, v in plan.labels.items()),
    }
