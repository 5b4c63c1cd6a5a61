"""The rules of a pull request's scan: those of the branch that it goes to, so that it can't loosen them for itself.

All of the scan's options are taken from there, also where its data comes from and is kept: a database of the change's
own would know no vulnerability. What the workflow sets by a flag or a variable wins, as anywhere.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from pipeline_kit import config
from pipeline_kit.ci.checkout import remedy
from pipeline_kit.config import Settings
from pipeline_kit.errors import Failure, alternative, fix, why
from pipeline_kit.git import Git

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline_kit.context import Context


def settings_of_base(context: Context, folder: Path, given: str) -> Settings:
    """The configuration as the base branch has it, at the place where it is looked for here: the file that was
    ``given``, else the one in ``folder`` or above. None there is no configuration: the defaults.

    Failure ``scan.base`` where the branch, or its file, can't be read.
    """
    git, base = Git(context.root, context.run, context.environ), context.event.base
    commit = _commit(git, context)
    for path in _places(context.root, folder, given):
        listed = git.call("ls-tree", "-z", "--full-tree", commit, "--", path).checked("git.broke").text
        mode, _, rest = listed.partition(" ")
        if not listed:
            continue
        if not mode.startswith("100"):
            raise _unreadable(context, f"{path} of {base} is no plain file", fixable=False)
        text = git.call("cat-file", "blob", rest.partition(" ")[2].partition("\t")[0]).checked("git.broke").text
        try:
            return config.loads(text, f"{path} of {base}")
        except Failure as failure:
            raise _unreadable(context, failure.headline, fixable=False) from failure
    return Settings()


def _commit(git: Git, context: Context) -> str:
    base = context.event.base
    if not base or git.call("check-ref-format", f"refs/heads/{base}").code:
        raise _unreadable(context, f"the CI names no branch that this change goes to: {base!r}", fixable=False)
    refs = [f"refs/remotes/{git.settings.remote_name(base)}/{base}"]
    if context.identity.ci == "local":  # a terminal that stands in for a pull request
        refs.append(f"refs/heads/{base}")
    for ref in refs:
        found = git.call("rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
        if found.code == 0:
            return found.text
    raise _unreadable(context, f"the branch {base} is not in this clone", fixable=True)


def _places(root: Path, folder: Path, given: str) -> Iterator[str]:
    """Where the file may be, from the repository's top."""
    if given:
        yield os.path.relpath(os.path.normpath(folder / given), root)
        return
    for one in (folder, *folder.parents):
        yield os.path.relpath(one / config.NAME, root)
        if one == root:
            return


def _unreadable(context: Context, what: str, *, fixable: bool) -> Failure:
    cause = why("A change is judged by the rules of the branch that it goes to; by its own it could let itself pass.")
    base = context.event.base
    if not fixable:
        return Failure("scan.base", what, cause, alternative(f"mend it on {base or 'that branch'} first"))
    if context.identity.ci in ("github", "azure_devops", "gitlab"):
        note, place = remedy(context.root, context.identity.ci, shallow=True)
        return Failure("scan.base", what, cause, note, place=place)
    refspec = shlex.quote(f"+refs/heads/{base}:refs/remotes/origin/{base}")
    return Failure("scan.base", what, cause, fix(f"git fetch origin {refspec}"))
