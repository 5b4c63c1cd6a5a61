"""The repository as the run saw it: one beside it, at the record's commit, without the tags that came later."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, fix, why
from pipeline_kit.git import Git

if TYPE_CHECKING:
    from pipeline_kit.context import Context
    from pipeline_kit.record import Record


def tree(record: Record, destination: Path, context: Context) -> Path:
    """Make ``destination`` a working tree of the record's commit; what was there is removed. Objects are shared with
    the context's repository, which stays as it is.

    Failure ``replay.commit`` where the commit is not here.
    """
    git = Git(context.root, context.run, context.environ)
    if not git.has(record.commit):
        raise Failure(
            "replay.commit",
            f"commit {record.commit[:7]} is not in this repository",
            why("The record says what was made of it; to make it again the commit itself is needed."),
            fix(f"git fetch origin {record.commit}"),
        )
    shutil.rmtree(destination, ignore_errors=True)
    destination.mkdir(parents=True)
    _share_objects(git, destination, context)
    copy = Git(destination, context.run, context.environ)
    copy.call("update-ref", "--stdin", stdin=_refs(git, record)).checked("git.broke")
    if remote := git.settings.remote_of(record.run.event.branch if record.run.event else ""):
        copy.call("config", "--local", "remote.origin.url", remote).checked("git.broke")
    copy.call("checkout", "--quiet", "--detach", record.commit).checked("git.broke")
    return destination


def _share_objects(git: Git, destination: Path, context: Context) -> None:
    """An empty repository that reads the objects of the other: nothing is copied, no transport is used."""
    hashes = git.call("rev-parse", "--show-object-format").checked("git.broke").text
    # Each by itself: a path may have line ends in it.
    asked = (git.call("rev-parse", "--path-format=absolute", "--git-path", name) for name in ("objects", "shallow"))
    objects, shallow = (os.fsdecode(one.checked("git.broke").stdout[:-1]) for one in asked)
    init = ("init", "--quiet", "--template=", f"--object-format={hashes}", "--initial-branch=replay", ".")
    Git(destination, context.run, context.environ).call(*init).checked("git.broke")
    alternates = destination / ".git" / "objects" / "info" / "alternates"
    alternates.parent.mkdir(exist_ok=True)
    quoted = objects.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    alternates.write_text(f'"{quoted}"\n', encoding="utf-8", errors="surrogateescape", newline="\n")
    if Path(shallow).exists():
        shutil.copyfile(shallow, destination / ".git" / "shallow")


def _refs(git: Git, record: Record) -> bytes:
    """The other repository's branches and tags, without the tags that were made since the run: they would give the
    commit another version.
    """
    own = f"refs/tags/{record.run.event.tag}" if record.run.event and record.run.event.tag else ""
    known = "refs/tags", "refs/heads", "refs/remotes"
    kept = []
    for line in git.lines("for-each-ref", "--format=%(creatordate:unix) %(objectname) %(refname)", *known):
        made, name, ref = line.split(" ", 2)
        later = ref.startswith("refs/tags/") and made.isdigit() and int(made) > record.run.started
        if not later or ref == own:
            kept.append(f"create {ref} {name}\n")
    return "".join(kept).encode("utf-8", "surrogateescape")
