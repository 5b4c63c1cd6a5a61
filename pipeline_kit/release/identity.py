"""Who makes the release's commit and tag: whoever git is configured for, else whom the CI names, else nobody."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_kit.ci.committer import committer
from pipeline_kit.errors import Failure, alternative, fix, why

if TYPE_CHECKING:
    from pipeline_kit.context import Context
    from pipeline_kit.release.repository import Writer


@dataclass(frozen=True, slots=True)
class Identity:
    """``time`` is in whole seconds since 1970, and written in UTC."""

    name: str
    address: str
    time: int

    def __str__(self) -> str:
        return f"{self.name} <{self.address}> {self.time} +0000"

    def variables(self) -> dict[str, str]:
        """What git reads it from."""
        found: dict[str, str] = {}
        for role in ("AUTHOR", "COMMITTER"):
            found |= {f"GIT_{role}_NAME": self.name, f"GIT_{role}_EMAIL": self.address}
            found[f"GIT_{role}_DATE"] = f"@{self.time} +0000"
        return found


def identity_of(writer: Writer, context: Context) -> Identity:
    """The committer. Failure: ``git.identity`` where there is none."""
    now = int(context.clock.now())
    said = writer.variable("GIT_COMMITTER_IDENT", {"GIT_COMMITTER_DATE": f"@{now} +0000"})
    name, _, rest = said.rpartition(" <")
    address = rest.partition(">")[0]
    if name and address:
        return Identity(name, address, now)
    if found := committer(context.identity.ci, context.environ):
        return Identity(*found, now)
    raise Failure(
        "git.identity",
        "git doesn't know who makes this release",
        why("A commit and an annotated tag have an author, and none is configured."),
        fix("git config user.name NAME\ngit config user.email ADDRESS"),
        alternative("in a CI: GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL"),
        done="nothing was changed",
    )
