"""Repositories that can't be read, and the way out of each."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, Note, alternative, fix, printable, quote, why

if TYPE_CHECKING:
    from pipeline_kit.process import Completed

_FIRST_COMMIT = "git add . && git commit -m 'feat: first version'"


def unreadable(found: Completed, folder: Path, git_dir: str = "") -> Failure:
    """Why git did not answer; ``git_dir`` is the caller's GIT_DIR."""
    said = found.stderr
    if "dubious ownership" in said or "unsafe repository" in said:
        named = re.search(r"repository (?:at )?\(?'([^'\n]+)'", said)
        top = named[1] if named else str(folder)
        return Failure(
            "git.unsafe",
            f"git refuses to read {top}: it belongs to another user",
            why("A repository's configuration can run programs, so git reads only what its user owns."),
            fix(f"git config --global --add safe.directory {shlex.quote(top)}"),
        )
    if "safe.bareRepository" in said:
        bare_one = re.search(r"bare repository '([^'\n]+)'", said)
        return bare(Path(bare_one[1]) if bare_one else folder)
    if gone := re.search(r"not a git repository: (/[^\n]+)", said):
        return _gone(folder, gone[1])
    if "not a git repository" in said or not said:
        return Failure(
            "git.missing",
            f"{folder} is not in a git repository",
            why("The version is read from the tags and commits of a repository."),
            *_way_in(folder),
            *([alternative("GIT_DIR is not followed: cd to a working tree of that repository")] if git_dir else []),
        )
    if "unknown repository extension" in said or "repo version" in said:
        return Failure(
            "git.old",
            "this git is too old for this repository",
            why("The repository has a format that a newer git made."),
            alternative("install the git that made it, or a newer one"),
            evidence=quote(said),
        )
    return Failure("git.broke", "git could not read this repository", evidence=quote(said))


def too_old() -> Failure:
    """A git that does not take its configuration from the environment."""
    return Failure(
        "git.old",
        "this git is too old: 2.31 or newer is needed",
        why("An older one can't be kept from running the programs that a repository's configuration names."),
        alternative("apt-get install git, or https://git-scm.com/downloads"),
    )


def bare(folder: Path) -> Failure:
    """A repository without a working tree, or the inside of ``.git``."""
    checkout = shlex.quote(str(folder.parent / "checkout"))
    return Failure(
        "git.bare",
        f"{folder} has no working tree: it is a bare repository, or the inside of one",
        why(
            "An image is built from files that are checked out, and a bare repository may be a trap in someone's files."
        ),
        fix(f"git --git-dir={shlex.quote(str(folder))} worktree add {checkout} HEAD && cd {checkout}"),
    )


def elsewhere(git_dir: str, folder: Path) -> Failure:
    """GIT_DIR names another repository than the one of ``folder``."""
    shown = printable(git_dir)[:200]
    return Failure(
        "git.elsewhere",
        f"GIT_DIR is {shown}, and {folder} is of another repository",
        why("The version of a commit belongs to the files that are checked out with it, and GIT_DIR is not followed."),
        fix("unset GIT_DIR"),
        alternative("cd to a working tree of that repository"),
    )


def _way_in(folder: Path) -> tuple[Note, Note]:
    """Where there is one clone, a folder below, that one is meant: such as a checkout with a path of its own."""
    below = [one.parent.name for one in folder.glob("*/.git")]
    if len(below) != 1:
        new = fix(f"git init && {_FIRST_COMMIT}")
        return new, alternative("in a CI: check out in a step before this one (actions/checkout, checkout: self)")
    there = alternative(f"in a CI: working-directory: {below[0]} (on Azure Pipelines workingDirectory)")
    return fix(f"cd {shlex.quote(below[0])}"), there


def _gone(folder: Path, repository: str) -> Failure:
    """A linked working tree, or a submodule, whose repository is not where its ``.git`` says."""
    return Failure(
        "git.missing",
        f"the repository of {folder} is not at {printable(repository)[:200]}",
        why("This is a linked working tree or a submodule: its file .git says where its repository is."),
        alternative("in a container: mount that folder too, at the same place"),
        alternative(f"where it was moved: git -C REPOSITORY worktree repair {shlex.quote(str(folder))}"),
    )


def no_commit(ref: str, head: Completed) -> Failure:
    """HEAD names no commit: ``ref`` is what it stands for, ``head`` the answer to its id."""
    if head.code == 0:
        return Failure(
            "git.broke",
            "HEAD names a commit that is not here",
            why(f"{head.text} is missing or damaged."),
            alternative("clone the repository again"),
        )
    name = ref.removeprefix("refs/heads/")
    return Failure(
        "git.empty",
        f"the branch {name} has no commit" if name else "this repository has no commit",
        why("An image is built from a commit, so that its digest can be traced back to the code."),
        fix(_FIRST_COMMIT),
    )


def broken_tag(name: str) -> Failure:
    """A release tag that can't be read."""
    return Failure(
        "git.broken-tag",
        f"the tag {name} can't be read: what it names is missing or damaged",
        why("It may be the last release, so a version counted without it could be wrong."),
        fix(f"git fetch --force origin refs/tags/{shlex.quote(name)}:refs/tags/{shlex.quote(name)}"),
        alternative(f"if it is no release: git update-ref -d refs/tags/{shlex.quote(name)}"),
    )


def unread_history(said: str, *, partial: bool) -> Failure:
    """A walk that git broke off with ``said``, in a clone that may be a partial one."""
    if not partial:
        return Failure("git.broke", "git could not read the history", evidence=quote(said))
    return Failure(
        "git.partial",
        "this partial clone lacks the folders of its commits",
        why("Which commits belong to a package is told by the paths that they change."),
        fix("git fetch --refetch --filter=blob:none origin"),
        alternative("in the checkout: filter: blob:none instead of tree:0"),
        evidence=quote(said),
    )
