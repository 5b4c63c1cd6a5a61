"""``pipeline-kit config``: what is set, where it comes from, and the schema for editors."""

from __future__ import annotations

from importlib import resources
from typing import TYPE_CHECKING, Any

import click
import msgspec

from pipeline_kit.config import SCHEMA_NAME
from pipeline_kit.render.table import table

if TYPE_CHECKING:
    from pipeline_kit.generate.options import Option
    from pipeline_kit.session import Session


class Setting(msgspec.Struct, frozen=True):
    """An option's value and where it comes from."""

    key: str
    value: str
    origin: str


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
    settings = effective(session, given, environment)
    shown = [one for one in settings if everything or one.origin != "default"]
    columns = ("key", "value", "from") if origin else ("key", "value")
    rows = [(one.key, one.value, one.origin)[: len(columns)] for one in shown]
    session.result(table(columns, rows), shown, output)


def effective(session: Session, given: str, environment: str) -> list[Setting]:
    """All options with their values, in the order of precedence: environment, file, default."""
    from pipeline_kit.generate.options import all_options

    settings = session.settings(given)
    named = (("image",), ("azure", "client"), ("azure", "tenant"))
    found = [
        Setting(".".join(key), settings.text(*key), str(settings.place(*key))) for key in named if settings.text(*key)
    ]
    for option in all_options():
        values = session.defaults(given, option.step, environment)
        found.append(_setting(session, option, values, settings.shown))
    return found


def _setting(session: Session, option: Option, values: dict[str, Any], shown: str) -> Setting:
    if text := session.environ.get(option.variable):
        return Setting(option.path, text, option.variable)
    value = values.get(option.key.replace("-", "_"))
    if value is not None:
        shown_value = (
            ", ".join(value) if isinstance(value, list) else str(value).lower() if value in (True, False) else value
        )
        return Setting(option.path, shown_value, shown)
    return Setting(option.path, option.default, "default")
