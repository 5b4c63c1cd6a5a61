"""What a person asks a bump for: the options as one value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from semver import Version

    from pipeline_kit.model.version import Bump

ChangelogFormat = Literal["keep-a-changelog", "markdown"]


@dataclass(frozen=True, slots=True)
class Own:
    """What a package has of its own; None is what it has not set."""

    files: tuple[str, ...] | None = None
    changelog: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``level``, ``version`` and ``channel`` are what replaces the counted answer; ``allow_empty`` makes a patch where
    no commit asks for a release. ``files`` are ``PATH`` or ``PATH:WHERE``; ``commit`` says whether files are written at
    all, ``push`` whether anything leaves this clone. ``own`` replaces ``files`` and ``changelog`` of packages, by name.
    """

    level: Bump | None = None
    version: Version | None = None
    channel: str | None = None
    packages: tuple[str, ...] = ()
    all_packages: bool = False
    changelog: str = ""
    changelog_format: ChangelogFormat = "keep-a-changelog"
    files: tuple[str, ...] = ()
    own: Mapping[str, Own] = field(default_factory=dict)
    message: str = ""
    sign: bool = False
    commit: bool = True
    push: bool = True
    dry_run: bool = False
    allow_empty: bool = False

    @property
    def writes(self) -> bool:
        """Whether a release has a commit of its own."""
        several = any(one.changelog or one.files for one in self.own.values())
        return self.commit and bool(self.changelog or self.files or several)

    def of(self, package: str) -> Asked:
        """What is asked for of one package, '' for the whole repository."""
        own = self.own.get(package, Own())
        return replace(
            self,
            files=self.files if own.files is None else own.files,
            changelog=self.changelog if own.changelog is None else own.changelog,
            own={},
        )
