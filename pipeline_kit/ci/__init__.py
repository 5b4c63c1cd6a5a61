"""The CIs that can run us. Nothing outside this folder knows how one of them names, groups or hides a thing.

A dialect is a module, imported where it is the one. Adding one is a module, a line in ``MARKS`` and its contract test.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.ci.messages import Message
    from pipeline_kit.model.event import Event, RunIdentity


class Dialect(Protocol):
    """How one CI is spoken to."""

    NAME: str
    """What people call it."""

    TEMPORARY_FOLDER: str
    """The variable that names the job's own folder, which goes with the job; '' if there is none."""

    def event(self, environ: Mapping[str, str]) -> tuple[Event, RunIdentity]:
        """What made it start, and which run this is."""

    def emit(self, message: Message, environ: Mapping[str, str]) -> str:
        """Say ``message``: values for later steps go to the CI's files, the rest comes back as whole lines to write to
        the stream of the log, at the start of a line. '' where there is nothing to write, or no word for it.
        """


# The variable that is true where a CI runs us, by the name that a record has of it (RunIdentity.ci), which is that of
# the module too.
MARKS = {"github": "GITHUB_ACTIONS", "azure_devops": "TF_BUILD", "gitlab": "GITLAB_CI"}
_NONE = "local"


if TYPE_CHECKING:
    from pipeline_kit.ci import azure_devops, github, gitlab, local

    # For the type checker: each is what it is taken for.
    _DIALECTS: tuple[Dialect, ...] = (azure_devops, github, gitlab, local)


def name_of(environ: Mapping[str, str]) -> str:
    """The name of the CI that runs us, ``local`` where there is none that we know."""
    return next((name for name, mark in MARKS.items() if environ.get(mark, "").lower() == "true"), _NONE)


def dialect(name: str) -> Dialect:
    """The dialect of the CI of that name."""
    return cast("Dialect", import_module(f"{__name__}.{name}"))


def detect(environ: Mapping[str, str]) -> Dialect:
    """The dialect of the CI that runs us."""
    return dialect(name_of(environ))


def without_ci(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` as on a terminal: no CI is recognised."""
    return {key: value for key, value in environ.items() if key not in MARKS.values()}


def temporary_folder(environ: Mapping[str, str]) -> Path | None:
    """The job's own folder, outside of every build context; None where the CI has none."""
    folder = environ.get(detect(environ).TEMPORARY_FOLDER, "")
    return Path(folder) if folder else None
