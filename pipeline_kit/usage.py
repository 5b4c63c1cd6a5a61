"""What is mistyped on the command line, and what was meant by it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click

from pipeline_kit.config import section_of
from pipeline_kit.errors import Failure, fix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pipeline_kit.config import Settings
    from pipeline_kit.errors import Place

# How alike two words have to be: what is shown will be pasted.
_ALIKE = 0.75
# What other tools say, by command; '--help' where nothing here means the same.
_COMMANDS = {"release": "bump", "publish": "push", "metadata": "tag", "changelog": "bump", "next": "version"}
_PARTS = ("major", "minor", "patch")
_WORDS = {
    "bump": {
        **{part: f"--as {part}" for part in _PARTS},
        **{f"--{part}": f"--as {part}" for part in _PARTS},
        "--increment": "--as",
        "--release-as": "--to",
        "--prerelease": "--pre",
        "--preid": "--pre",
        "--no-tag": "--help",
        "--prefix": "--help",
        "--channel": "--help",
    },
    "version": {"--next": "", "--bumped-version": "", "--dry-run": ""},
    "tag": {"--package": "--help"},
}
_VERSION = re.compile(r"v?[0-9]+\.[0-9]+\.[0-9]+\S*")


def misuse(error: click.UsageError, arguments: list[str], commands: Iterable[str]) -> Failure:
    """A command or an option that is not there, or a word too many. ``commands`` are those of the command line."""
    message = (error.message or error.format_message()).rstrip(".")
    # An option that lacks its value, or has one too many, comes without a context.
    named = next((f" {one}" for one in arguments[:1] if one in commands), "")
    command = error.ctx.command_path if error.ctx else f"pipeline-kit{named}"
    meant = _meant(error, command.rpartition(" ")[2], message)
    return Failure("config.usage", f"{message[0].lower()}{message[1:]}", fix(f"{command} {meant}".rstrip()))


def _meant(error: click.UsageError, command: str, message: str) -> str:
    """What was meant, as the words behind the command."""
    known: Iterable[str] = ()
    written = ""
    if isinstance(error, click.exceptions.NoSuchCommand):
        group = error.ctx.command if error.ctx else None
        known = group.list_commands(error.ctx) if isinstance(group, click.Group) and error.ctx else ()
        written = error.command_name
        if written in _COMMANDS and _COMMANDS[written] in known:
            return _COMMANDS[written]
    elif isinstance(error, click.exceptions.NoSuchOption):
        written, known = error.option_name, _flags(error.ctx)
        if written.startswith("--skip-"):
            written = written.replace("--skip-", "--no-", 1)
            return written if written in known else "--help"
    elif surplus := re.search(r"\(([^()\s]+)\)$", message):
        written = surplus[1]
        if command == "bump" and _VERSION.fullmatch(written):
            return f"--to {written.removeprefix('v')}"
    if written in _WORDS.get(command, {}):
        return _WORDS[command][written]
    return _alike(written, known) or "--help"


def _flags(context: click.Context | None) -> list[str]:
    params = context.command.params if context else []
    return [flag for param in params for flag in (*param.opts, *param.secondary_opts)]


def _alike(written: str, known: Iterable[str]) -> str:
    import difflib

    # The opposite of what is written is most alike, and never meant.
    same = [one for one in known if one.startswith("--no-") == written.startswith("--no-")]
    return next(iter(difflib.get_close_matches(written, same, 1, _ALIKE)), "")


def bad_value(error: click.BadParameter, settings_of: Callable[[str], Settings]) -> Failure:
    """A value that an option does not take; where it comes from the environment, the variable is named, and where it
    comes from the configuration, the key and its place. ``settings_of`` reads the file that ``--config`` names.
    """
    command = error.ctx.command_path if error.ctx else "pipeline-kit"
    option = (error.param.opts[0] if error.param else "") or "an argument"
    said = error.message.rstrip(".")
    notes = getattr(error, "notes", ())
    if error.ctx and error.param and error.param.name:
        source = error.ctx.get_parameter_source(error.param.name)
        if source is click.core.ParameterSource.ENVIRONMENT:
            prefix = error.ctx.auto_envvar_prefix
            option = str(error.param.envvar or f"{prefix}_{error.param.name.upper()}")
        elif source is click.core.ParameterSource.DEFAULT_MAP:
            where, place = _configured(error.ctx, error.param.name, settings_of)
            return Failure("config.type", f"{where}: {said}", *notes, place=place)
    return Failure("config.usage", f"{option}: {said}", *(notes or [fix(f"{command} --help")]))


def _configured(context: click.Context, name: str, settings_of: Callable[[str], Settings]) -> tuple[str, Place | None]:
    """The key of the option ``name`` in the configuration, and its place there: the environment's value wins."""
    settings = settings_of(context.meta.get("pipeline-kit.config", ""))
    path = [section_of(context.command.name or ""), name.replace("_", "-")]
    of_environment = ["environments", context.meta.get("pipeline-kit.env", ""), *path]
    if settings.place(*of_environment):
        path = of_environment
    place = settings.place(*path)
    return f"{f'{place}, ' if place else ''}{'.'.join(path)}", place
