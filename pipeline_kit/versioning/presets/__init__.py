"""Presets: what one commit message asks for, as the specification says it or as another tool reads it.

The tools differ in more than half of the cases where a message is not written by the book; ``tests/commit_cases.json``
has their answers. A preset is a module with a function ``bump``; it reads the message alone, in linear time.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline_kit.model.version import Bump

DEFAULT = "default"


class Preset(msgspec.Struct, frozen=True):
    """``function`` is where it stands, as MODULE.NAME in this room. ``cancels`` says that a revert takes back the
    commit it reverts, ``merges`` that the message of a merge commit counts, ``asks`` that a ``Release-As`` footer does,
    ``skips`` that a message can say that it does not count (``[skip release]``), and ``requests`` that what services
    write round the title of a pull request is understood.
    """

    function: str
    cancels: bool = True
    merges: bool = True
    asks: bool = False
    skips: bool = False
    requests: bool = False

    @property
    def bump(self) -> Callable[[str], Bump | None]:
        """What a message asks for, None if it asks for nothing."""
        module, _, name = self.function.partition(".")
        return cast("Callable[[str], Bump | None]", getattr(import_module(f"{__name__}.{module}"), name))


PRESETS: dict[str, Preset] = {
    # As conventional, with what the tool doesn't know: a footer that names a version, and pull requests.
    DEFAULT: Preset("semantic_release.conventional", asks=True, skips=True, requests=True),
    "conventional": Preset("semantic_release.conventional", skips=True),
    "specification": Preset("specification.bump", asks=True),
    "angular": Preset("semantic_release.angular", skips=True),
    "python-semantic-release": Preset("python_semantic_release.bump", cancels=False, merges=False),
    "commitizen": Preset("commitizen.bump", cancels=False),
    "git-cliff": Preset("git_cliff.bump", cancels=False),
}
