"""``version``: what this commit is called."""

from __future__ import annotations

import click

from pipeline_kit.errors import Failure
from pipeline_kit.flow import Flow, Outcome
from pipeline_kit.record import Values
from pipeline_kit.steps.command import step
from pipeline_kit.versioning.next import next_version


@step(
    "version",
    click.option("--prefix", default="v", show_default=True, help="What release tags start with before the version."),
    click.option(
        "--first-release", is_flag=True, help="There is no release yet: a clone without tags is complete, not cut."
    ),
    examples="""\
  pipeline-kit version                  1.5.0 on the tag v1.5.0, else 1.5.1-main.3
  version=$(pipeline-kit version)
  pipeline-kit version --format json""",
)
def command(flow: Flow, *, prefix: str, first_release: bool) -> Outcome:
    """The version of this commit: that of a release tag on it; else the next one from the Conventional Commits since
    the last release, with the branch and their number.
    """
    flow.prefix = prefix
    try:
        named = next_version(flow.state, flow.context.event, first_release=first_release)
    except Failure as failure:
        raise _with_remedy(failure, flow) from None
    return Outcome(Values(version=named), named.version, named.origin, named.version, {"version": named.version})


def _with_remedy(failure: Failure, flow: Flow) -> Failure:
    """The failure of an incomplete clone, with the lines that the CI's own file lacks."""
    from pipeline_kit.ci.checkout import remedy

    cause, *others = failure.notes
    note, place = remedy(flow.context.root, flow.context.identity.ci)
    failure.notes = (cause, note, *others)
    failure.place = place
    depth = "--depth 1 " if failure.kind == "git.shallow" else "--no-tags "
    failure.reproduce = f"git clone {depth}{flow.state.remote or 'URL'} c && cd c && pipeline-kit version"
    return failure
