"""Who commits for a CI where nobody has said so: an account that the service itself knows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# The account behind a workflow's own token; the number is its id, which makes GitHub show it as the author.
_GITHUB = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")
_VARIABLES = {
    "azure_devops": ("BUILD_REQUESTEDFOR", "BUILD_REQUESTEDFOREMAIL"),
    "gitlab": ("GITLAB_USER_NAME", "GITLAB_USER_EMAIL"),
}


def committer(ci: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Name and address: GitHub's own bot, or whom Azure Pipelines or GitLab runs the job for; None where it is nobody.

    ``ci`` is the name of a dialect.
    """
    if ci == "github":
        return _GITHUB
    name, address = (_cleaned(environ.get(variable, "")) for variable in _VARIABLES.get(ci, ("", "")))
    return (name, address) if name and re.fullmatch(r"[^\s@]+@[^\s@]+", address) else None


def _cleaned(text: str) -> str:
    """Without what can't stand in the header of a commit."""
    return re.sub(r"[\x00-\x1f\x7f<>]", "", text).strip()[:200]
