"""The CIs that can run us. Nothing outside this folder knows how one of them names, groups or hides a thing.

A dialect is a module. Adding one is a module, a line in ``DIALECTS`` and its contract test.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipeline_kit.ci import azure_devops, github, gitlab, local

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

    def detect(self, environ: Mapping[str, str]) -> bool:
        """Whether this CI runs us."""

    def event(self, environ: Mapping[str, str]) -> tuple[Event, RunIdentity]:
        """What made it start, and which run this is."""

    def emit(self, message: Message, environ: Mapping[str, str]) -> str:
        """Say ``message``: values for later steps go to the CI's files, the rest comes back as whole lines to write to
        the stream of the log, at the start of a line. '' where there is nothing to write, or no word for it.
        """


# By the name that a record has (RunIdentity.ci). The first that recognises itself is it.
DIALECTS: dict[str, Dialect] = {"github": github, "azure_devops": azure_devops, "gitlab": gitlab, "local": local}
_MARKS = frozenset({github.MARK, azure_devops.MARK, gitlab.MARK})


def detect(environ: Mapping[str, str]) -> Dialect:
    """The dialect of the CI that runs us, ``local`` where there is none."""
    return next(dialect for dialect in DIALECTS.values() if dialect.detect(environ))


def without_ci(environ: Mapping[str, str]) -> dict[str, str]:
    """``environ`` as on a terminal: no dialect but ``local`` recognises itself."""
    return {key: value for key, value in environ.items() if key not in _MARKS}


def temporary_folder(environ: Mapping[str, str]) -> Path | None:
    """The job's own folder, outside of every build context; None where the CI has none."""
    folder = environ.get(detect(environ).TEMPORARY_FOLDER, "")
    return Path(folder) if folder else None
