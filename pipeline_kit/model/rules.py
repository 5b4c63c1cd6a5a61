"""How versions are counted: one value, made of the options of ``version``, for every command that asks."""

from __future__ import annotations

import msgspec

from pipeline_kit.model.version import Bump, Zero


class Rules(msgspec.Struct, frozen=True, omit_defaults=True):
    """``prefix`` is what a release tag starts with. ``preset`` says how a message is read, ``bumps`` what a commit of a
    type asks for where it is not what the preset says, and ``squash`` whether the commits that a squash message lists
    count. ``channels`` are patterns of branches and what each makes: ``stable``, a pre-release identifier, ``+`` for
    build metadata, or the range of a maintenance branch. ``zero`` is the policy before 1.0.0, ``initial`` the first
    version.

    ``package`` and ``path`` are set in a repository of several: only commits that change a file below ``path``, and not
    below one of ``nested``, count. ``first_release`` says that a clone without tags is complete, ``fetch`` that an
    incomplete one may be completed.
    """

    prefix: str = "v"
    preset: str = "default"
    bumps: tuple[tuple[str, Bump | None], ...] = ()
    squash: bool = False
    channels: tuple[tuple[str, str], ...] = ()
    zero: Zero = "lower"
    initial: str = "0.1.0"
    package: str = ""
    path: str = ""
    nested: tuple[str, ...] = ()
    first_release: bool = False
    fetch: bool = False

    @property
    def scoped(self) -> bool:
        """Whether not every commit counts."""
        return bool(self.path or self.nested)

    def counts(self, paths: tuple[str, ...]) -> bool:
        """Whether a commit that changes ``paths`` counts."""
        return not self.scoped or any(
            _is_in(path, self.path) and not any(_is_in(path, one) for one in self.nested) for path in paths
        )


def _is_in(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")
