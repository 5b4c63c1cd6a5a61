"""Every option of every step as one flat value: what schema, action, templates and reference are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import click

from pipeline_kit.config import section_of
from pipeline_kit.steps import ALL
from pipeline_kit.steps.command import KeyValue, step_command

Kind = Literal["text", "whole number", "number", "true or false", "choice", "list", "map"]


@dataclass(frozen=True, slots=True)
class Option:
    """``key`` is its name in the step's section of the configuration; ``default`` as a person reads it, or ''."""

    step: str
    key: str
    flag: str
    kind: Kind
    choices: tuple[str, ...]
    default: str
    help: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"PIPELINE_KIT_{self.step}_{self.key}".upper().replace("-", "_")

    @property
    def sentence(self) -> str:
        """The help where a value comes as text: on one line, and saying how several are given."""
        text = " ".join(self.help.split())
        return f"{text} One a line." if self.kind in ("list", "map") else text

    @property
    def path(self) -> str:
        """Where it stands in the configuration, such as ``build.target``."""
        return f"{section_of(self.step)}.{self.key}"


def all_options() -> tuple[Option, ...]:
    """The options of all steps, in the order of the steps and of their help."""
    return tuple(
        _option(name, parameter)
        for name in ALL
        for parameter in step_command(name).own
        if isinstance(parameter, click.Option)
    )


def _option(step: str, option: click.Option) -> Option:
    kind, choices = _kind(option)
    return Option(
        step=step,
        key=str(option.name).replace("_", "-"),
        flag=option.opts[0],
        kind=kind,
        choices=choices,
        default=_default(option),
        help=option.help or "",
    )


def _kind(option: click.Option) -> tuple[Kind, tuple[str, ...]]:
    if isinstance(option.type, KeyValue):
        return "map", ()
    if option.multiple:
        return "list", tuple(map(str, getattr(option.type, "choices", ())))
    if isinstance(option.type, click.Choice):
        return "choice", tuple(map(str, option.type.choices))
    plain: dict[str, Kind] = {
        "whole number": "whole number",
        "float": "number",
        "float range": "number",
        "boolean": "true or false",
    }
    return plain.get(option.type.name, "text"), ()


def _default(option: click.Option) -> str:
    info: dict[str, Any] = option.to_info_dict()
    default = info.get("default")
    if option.is_flag:
        return "true" if default is True else "false"
    if default is None or default == () or str(default).startswith("Sentinel"):
        return ""
    return ", ".join(map(str, default)) if isinstance(default, (tuple, list)) else str(default)
