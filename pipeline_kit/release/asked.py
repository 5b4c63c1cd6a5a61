"""What a person asks a bump for: the options as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from semver import Version

    from pipeline_kit.model.version import Bump

ChangelogFormat = Literal["keep-a-changelog", "markdown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``level``, ``version`` and ``channel`` are what replaces the counted answer; ``allow_empty`` makes a patch where
    no commit asks for a release. ``files`` are ``PATH`` or ``PATH:WHERE``; ``commit`` says whether files are written at
    all, ``push`` whether anything leaves this clone.
    """

    level: Bump | None = None
    version: Version | None = None
    channel: str | None = None
    packages: tuple[str, ...] = ()
    all_packages: bool = False
    changelog: str = ""
    changelog_format: ChangelogFormat = "keep-a-changelog"
    files: tuple[str, ...] = ()
    message: str = ""
    sign: bool = False
    commit: bool = True
    push: bool = True
    dry_run: bool = False
    allow_empty: bool = False

    @property
    def writes(self) -> bool:
        """Whether a release has a commit of its own."""
        return self.commit and bool(self.changelog or self.files)
