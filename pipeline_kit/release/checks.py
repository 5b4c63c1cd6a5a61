"""What is looked at before a release is made."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, fix, printable, why
from pipeline_kit.git.worktree import changed
from pipeline_kit.versioning.next import built_branch

if TYPE_CHECKING:
    from pipeline_kit.flow import Flow
    from pipeline_kit.release.asked import Asked
    from pipeline_kit.release.files import Edit


def changed_files(flow: Flow) -> int:
    """How many files that git tracks differ from HEAD. Those that it doesn't track are in nobody's way."""
    return changed(flow.git, flow.git.settings, untracked=False)


def refuse_dirty(flow: Flow) -> None:
    """Refuse a working tree with changes: they would be in none of what a release names. Where an image is built next,
    on a laptop, new files count too: it would hold them, and its version would say so.
    """
    builds = flow.completes and flow.context.event.kind == "local"
    count = changed(flow.git, flow.git.settings) if builds else changed_files(flow)
    if count:
        raise Failure(
            "git.dirty",
            f"{count} changed file{'' if count == 1 else 's'}, and a release is made of a commit",
            why("The tag would name a commit that lacks them."),
            fix("git status    # then git commit or git stash"),
        )


def refuse_untracked(flow: Flow, edits: tuple[Edit, ...]) -> None:
    """Refuse to write over a file that git doesn't track."""
    for edit in edits:
        path = flow.context.root / edit.path
        if edit.before is None and (path.exists() or path.is_symlink()):
            raise Failure(
                "bump.file",
                f"{printable(edit.path)} is here, but not in HEAD",
                why("It would be written over, and nobody else has it."),
                fix(f"git add {shlex.quote(printable(edit.path))} && git commit"),
                done="nothing was written",
            )


def sends(flow: Flow, asked: Asked) -> bool:
    """Whether a remote gets the release. A repository without any has nobody to send it to.

    Failure: ``bump.no-remote``, where there are several and none is chosen; ``bump.upstream``.
    """
    remotes, branch = flow.git.settings.remotes, flow.state.branch
    if asked.push and not flow.state.remote and remotes:
        raise Failure(
            "bump.no-remote",
            f"which remote gets the release? There are {', '.join(remotes[:20])}, and none is called origin",
            why("A release goes where the branch comes from, and no remote is set for it."),
            fix(
                f"git config {shlex.quote(f'branch.{branch}.remote')} {shlex.quote(remotes[0])}"
                if branch
                else f"git remote rename {remotes[0]} origin"
            ),
            alternative("--no-push makes the release here alone"),
            done="nothing was changed",
        )
    if asked.push and asked.commit and flow.context.event.kind == "local":
        _refuse_other_upstream(flow)
    return asked.push and bool(flow.state.remote)


def _refuse_other_upstream(flow: Flow) -> None:
    """Refuse to make a new branch of the remote where the one that is checked out follows one of another name: nobody
    who goes on there would have the release. A plain git push refuses it, too.
    """
    branch, settings = flow.state.branch, flow.git.settings
    upstream = settings.upstream(branch)
    if upstream in ("", branch):
        return
    ours, theirs, remote = printable(branch)[:200], printable(upstream)[:200], settings.remote_name(branch)
    raise Failure(
        "bump.upstream",
        f"{ours} follows {theirs} of {remote}, and a release is pushed to a branch of its own name",
        why(f"The release would be in a new branch {ours} there, and {theirs} would go on without it."),
        fix(f"git branch --unset-upstream    # if it is meant to be {ours}"),
        alternative(f"release from {theirs}: git switch {shlex.quote(theirs)} && git merge {shlex.quote(ours)}"),
        alternative("--no-commit makes the tag alone, on this commit"),
        done="nothing was changed",
    )


def branch_of_tags(flow: Flow, asked: Asked) -> str:
    """The branch that has to have HEAD where tags alone are made: a released commit that is in no branch is met by
    nobody's next release. '' on a detached HEAD, with --no-commit, and on a CI, which builds what was pushed.
    """
    return flow.state.branch if asked.commit and flow.context.event.kind == "local" else ""


def refuse_lost(flow: Flow, asked: Asked) -> None:
    """Refuse the tag alone of a commit that no branch has, neither here nor as the remote's was last seen. On a CI and
    with --no-commit it is what was asked for.
    """
    state, event = flow.state, flow.context.event
    if state.branch or not asked.commit or event.kind != "local" or event.skips_tags:
        return
    if flow.git.lines("for-each-ref", "--count=1", f"--contains={state.commit}", "refs/heads", "refs/remotes"):
        return
    raise Failure(
        "bump.no-branch",
        f"HEAD is on no branch, and no branch has {state.short}",
        why("The tag would be all that holds this commit, and the next release of every branch would lack it."),
        fix(f"git switch BRANCH && git merge {state.short}"),
        alternative("--no-commit makes the tag alone, on this commit"),
        done="nothing was changed",
    )


def branch_to_push(flow: Flow) -> str:
    """The branch that the release's commit goes to."""
    if branch := built_branch(flow.state, flow.context.event):
        return branch
    raise Failure(
        "bump.no-branch",
        "HEAD is on no branch, and a release with files has a commit that goes to one",
        fix("git switch BRANCH"),
        alternative("--no-commit makes the tag alone, on this commit"),
    )
