"""What all steps have in common: their shared options, and how one runs, alone or in a chain."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, Protocol, TypeVar, cast

import click

from pipeline_kit.errors import Failure, fix, nearest, why
from pipeline_kit.flow import Outcome

Perform = Callable[..., Outcome]
Would = Callable[..., str]
_Value = TypeVar("_Value")


class Session(Protocol):
    """What the command line gives to a command (``cli.py``)."""

    def alone(self, command: StepCommand, shared: Shared, options: dict[str, Any]) -> None:
        """Run one step: its line, its record entry, its result on standard output."""

    def defaults(self, config: str, step: str, environment: str) -> dict[str, Any]:
        """The configuration file's values for the options of ``step``."""


class Shared:
    """The options that every step has."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.config: str = options.pop("config", "") or ""
        self.image: str = options.pop("image", "") or ""
        self.environment: str = options.pop("env", "") or ""
        self.output: str = options.pop("output", "text")


def shared_options() -> list[click.Parameter]:
    """Fresh copies of the shared options. ``--config`` and ``--env`` come first: the other defaults depend on them."""
    return [
        click.Option(
            ["--config"],
            envvar="PIPELINE_KIT_CONFIG",
            metavar="FILE",
            is_eager=True,
            callback=_apply_defaults,
            help="Configuration file.  [default: pipeline-kit.yml, here or above]",
        ),
        click.Option(
            ["--env"],
            envvar="PIPELINE_KIT_ENV",
            metavar="NAME",
            is_eager=True,
            callback=_apply_defaults,
            help="Environment: its values in the configuration win over the others.",
        ),
        click.Option(
            ["--image"],
            envvar="PIPELINE_KIT_IMAGE",
            metavar="REPOSITORY",
            help="Where the image is published, such as contosoreg.azurecr.io/shop/web.",
        ),
        click.Option(
            ["--format", "output"],
            envvar="PIPELINE_KIT_FORMAT",
            type=click.Choice(["text", "json"]),
            default="text",
            help="How the result is written on standard output.",
        ),
    ]


class StepCommand(click.Command):
    """A step as a command. ``perform`` takes a flow and the step's own options."""

    def __init__(
        self, name: str, perform: Perform, params: list[click.Parameter], examples: str, would: Would | None
    ) -> None:
        self.perform = perform
        self.would = would
        self.own = tuple(params)
        super().__init__(
            name,
            callback=self._alone,
            params=[*params, *shared_options()],
            help=perform.__doc__,
            epilog=_verbatim(examples),
        )

    def resolved(self, session: Session, shared: Shared, given: dict[str, str] | None = None) -> dict[str, Any]:
        """The values of the step's own options without a command line: from ``given``, the environment, the
        configuration, the defaults.
        """
        defaults = _listed(self.own, session.defaults(shared.config, self.name or "", shared.environment))
        arguments = [text for key, value in (given or {}).items() for text in self.as_flags(key, value)]
        alone = click.Command(self.name, params=list(self.own))
        root = click.get_current_context().find_root()
        with alone.make_context(self.name, arguments, parent=root, default_map=defaults) as context:
            return dict(context.params)

    def as_flags(self, key: str, value: str) -> list[str]:
        """``--set`` of this step as the flags that say the same. Failure: ``config.usage``."""
        name = key.replace("-", "_")
        option = next((one for one in self.own if one.name == name and isinstance(one, click.Option)), None)
        if option is None:
            known = [str(one.name).replace("_", "-") for one in self.own]
            near = nearest(key, known)
            raise Failure(
                "config.usage",
                f"{self.name} has no option {key}",
                why(f"It has: {', '.join(known) or 'none'}."),
                *([fix(f"--set {self.name}.{near}={value}")] if near else []),
            )
        if option.multiple:
            return [word for one in option.type.split_envvar_value(value) for word in (option.opts[0], one)]
        value = value.rpartition("\n")[2]
        if not option.is_flag:
            return [option.opts[0], value]
        truth = click.BOOL.convert(value, option, None)
        flag = option.opts[0] if truth else next(iter(option.secondary_opts), "")
        return [flag] if flag else []

    def _alone(self, **options: Any) -> None:
        session: Session = click.get_current_context().obj
        shared = Shared(options)
        session.alone(self, shared, options)


def step_command(name: str) -> StepCommand:
    """The command of the step ``name``, whose module is imported now."""
    return cast("StepCommand", import_module(f"pipeline_kit.steps.{name}").command)


def step(
    name: str, *params: Callable[[Perform], Perform], examples: str = "", would: Would | None = None
) -> Callable[[Perform], StepCommand]:
    """Make a step of a function. ``params`` are click's option decorators, in the order of the help; ``would`` says in
    words what the step would do, without doing it.
    """

    def made(perform: Perform) -> StepCommand:
        for decorate in reversed(params):
            perform = decorate(perform)
        options: list[click.Parameter] = list(reversed(getattr(perform, "__click_params__", [])))
        return StepCommand(name, perform, options, examples, would)

    return made


class _OneALine(click.ParamType[_Value]):
    """In an environment variable one value to a line: a value may hold spaces. Blank lines are none."""

    def split_envvar_value(self, rv: str) -> list[str]:
        """The lines that are not blank."""
        return [line.strip() for line in rv.splitlines() if line.strip()]


class KeyValue(_OneALine[tuple[str, str]]):
    """``KEY=VALUE``. In the configuration a map."""

    name = "key=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Key and value; the value may hold ``=`` and may be empty."""
        if isinstance(value, tuple):
            return value
        key, equals, text = str(value).strip("\r\n").partition("=")
        if not equals or not key.strip():
            self.fail(f"{value!r} is not KEY=VALUE.", param, ctx)
        return key.strip(), text


class Line(_OneALine[str]):
    """Text that may hold spaces."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text without white space around it."""
        return str(value).strip()


class Unfit(click.BadParameter):
    """A value that an option does not take, with the notes of the check that says so."""

    def __init__(self, failure: Failure, param: click.Parameter | None, ctx: click.Context | None) -> None:
        super().__init__(failure.headline, ctx, param)
        self.notes = failure.notes


class Checked(_OneALine[Any]):
    """A value that ``check`` takes, else its failure, with the place that the value comes from."""

    name = "text"

    def __init__(self, check: Callable[[Any], Any]) -> None:
        self._check = check

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """What the check makes of the value."""
        try:
            return self._check(value)
        except Failure as failure:
            raise Unfit(failure, param, ctx) from None


class CheckedKeyValue(KeyValue):
    """As ``Checked``, for ``KEY=VALUE``."""

    def __init__(self, check: Callable[[tuple[str, str]], tuple[str, str]]) -> None:
        self._checked = Checked(check)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Key and value, as the check makes them."""
        found: tuple[str, str] = self._checked.convert(super().convert(value, param, ctx), param, ctx)
        return found


class WholeNumber(click.IntRange):
    """A whole number between two bounds."""

    name = "whole number"


def _apply_defaults(context: click.Context, param: click.Parameter, value: str | None) -> str | None:
    context.meta[f"pipeline-kit.{param.name}"] = value or ""
    session: Session = context.find_root().obj
    found = session.defaults(
        context.meta.get("pipeline-kit.config", ""),
        context.command.name or "",
        context.meta.get("pipeline-kit.env", ""),
    )
    context.default_map = _listed(context.command.params, found)
    return value


def _listed(params: Iterable[click.Parameter], defaults: dict[str, Any]) -> dict[str, Any]:
    """``defaults`` with a list where an option takes several values and the configuration has one text."""
    several = {param.name for param in params if param.multiple}
    return {key: [value] if key in several and isinstance(value, str) else value for key, value in defaults.items()}


def _verbatim(examples: str) -> str | None:
    """Examples as they are written: click fills paragraphs unless they start with a backspace."""
    return f"\b\nExamples:\n{examples}" if examples else None
