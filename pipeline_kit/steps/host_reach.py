"""Options by which a build reaches this machine: its files, its network.

What the repository's configuration says reaches no further than the repository. Whoever writes the workflow may say
more, by a flag or a variable; click knows which of the two a value is from.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from pipeline_kit.errors import Failure, alternative, why
from pipeline_kit.steps.command import KeyValue, Line, Unfit

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_REMOTE = ("docker-image://", "https://", "http://")
_LAYOUT = "oci-layout://"
_PLACES = ("src", "source", "dest")


class NamedContext(KeyValue):
    """``NAME=CONTEXT``: of the repository's configuration an image, an address, or a folder or layout of the tree."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Name and context."""
        name, text = super().convert(value, param, ctx)
        if _of_file(param, ctx) and not text.startswith(_REMOTE):
            path = text.removeprefix(_LAYOUT)
            if text.startswith(_LAYOUT):
                path = path.partition("@")[0].partition(":")[0]
            elif "://" in text:
                raise Unfit(_refusal(text, "is no image, address or folder of the repository"), param, ctx)
            _stay_inside(path, param, ctx)
        return name, text


class WithPaths(Line):
    """Comma-separated fields, as a secret and a cache are written: of the repository's configuration every path in them
    is one of the tree.
    """

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The text."""
        text = super().convert(value, param, ctx)
        if _of_file(param, ctx):
            for path in _paths(text):
                _stay_inside(path, param, ctx)
        return text


class Network(click.Choice[str]):
    """The network of RUN: that of this machine is not for the repository's configuration to take."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word."""
        word = super().convert(value, param, ctx)
        if word == "host" and _of_file(param, ctx):
            raise Unfit(_refusal(word, "is the network of this machine, with all that listens on it"), param, ctx)
        return word


def _of_file(param: click.Parameter | None, ctx: click.Context | None) -> bool:
    source = ctx.get_parameter_source(str(param.name)) if ctx and param else None
    return source is ParameterSource.DEFAULT_MAP


def _paths(text: str) -> Iterator[str]:
    """The values of fields that name a file or folder, however they are written."""
    try:
        fields = next(csv.reader([text]), [])
    except csv.Error:
        fields = text.split(",")
    for field in fields:
        key, equals, path = field.partition("=")
        if equals and key.strip().lower() in _PLACES:
            yield path.strip()


def _stay_inside(path: str, param: click.Parameter | None, ctx: click.Context | None) -> None:
    if ctx is None:
        return
    root: Path = ctx.find_root().obj.context.root
    try:
        inside = (root / path).resolve().is_relative_to(root.resolve())
    except (OSError, RuntimeError, ValueError):
        inside = False
    if not inside:
        raise Unfit(_refusal(path, "leads out of the repository"), param, ctx)


def _refusal(text: str, what: str) -> Failure:
    return Failure(
        "config.type",
        f"{text} {what}",
        why("What a repository configures reaches no further than the repository: a change could ask for any file."),
        alternative("the workflow itself may say so, by the flag or the variable: pipeline-kit build --help"),
    )
