"""The rules of the scan on a pull request: those of the branch it goes to, so that it can't loosen them for itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pipeline_kit import config
from pipeline_kit.errors import Failure
from pipeline_kit.git import Git

if TYPE_CHECKING:
    from pipeline_kit.context import Context

# The options that decide, not those that say where this machine keeps its data.
RULES = frozenset({"scanner", "fail_on", "unfixed", "unrated", "allow_no_os", "max_data_age", "tool_sha256"})
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*\Z")


def rules_of_base(context: Context, environment: str) -> dict[str, Any] | None:
    """The scan's rules as the base branch has them, None where that branch is not in this clone."""
    base = context.event.base
    if not _BRANCH.match(base) or ".." in base:
        return None
    git = Git(context.root, context.run, context.environ)
    branch = f"refs/remotes/{git.settings.remote_name(base)}/{base}"
    if git.call("rev-parse", "--verify", "--quiet", f"{branch}^{{commit}}").code:
        return None
    found = git.call("show", "--end-of-options", f"{branch}:{config.NAME}")
    if found.code:
        return {}  # the branch has no configuration: the defaults are its rules
    try:
        settings = config.loads(found.text, f"{config.NAME} of {base}")
    except Failure:
        return None
    return {key: value for key, value in settings.options("scan", environment).items() if key in RULES}
