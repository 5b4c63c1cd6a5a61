"""``pipeline-kit config``: what is set, where it comes from, and the schema for editors."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING

import click

from pipeline_kit.commands.effective import changed, effective
from pipeline_kit.config import SCHEMA_NAME
from pipeline_kit.render.table import table
from pipeline_kit.steps.command import Shared

if TYPE_CHECKING:
    from pipeline_kit.session import Session


@click.group(
    "config",
    epilog="\b\nExamples:\n  pipeline-kit config show --origin\n  pipeline-kit config schema > schema.json",
)
def command() -> None:
    """Show and check the configuration."""


@command.command("schema")
def schema() -> None:
    """The JSON Schema of pipeline-kit.yml: editors complete and check with it."""
    click.echo(resources.files("pipeline_kit").joinpath(SCHEMA_NAME).read_text(encoding="utf-8"), nl=False)


@command.command("show")
@click.option("--config", "given", default="", metavar="FILE", help="Configuration file.")
@click.option("--env", "environment", default="", metavar="NAME", help="Environment whose values win.")
@click.option("--all", "everything", is_flag=True, help="Also what is at its default.")
@click.option("--origin", is_flag=True, help="Where each value comes from.")
@click.option(
    "--format", "output", type=click.Choice(["text", "json"]), default="text", help="How the result is written."
)
@click.pass_obj
def show(session: Session, given: str, environment: str, output: str, *, everything: bool, origin: bool) -> None:
    """The values that a run would use. Secrets are no options, so none can be shown."""
    settings = effective(session, Shared({"config": given, "env": environment}))
    shown = settings if everything else changed(settings)
    columns = ("key", "value", "from") if origin else ("key", "value")
    rows = [(one.key, one.value, one.origin)[: len(columns)] for one in shown]
    session.result(table(columns, rows), shown, output)
