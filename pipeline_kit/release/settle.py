"""This clone follows a release that is made: files, index, then branch and tags, so that any cut can be completed."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from pipeline_kit import tree
from pipeline_kit.errors import Failure, fix, printable, quote, why
from pipeline_kit.release.files import LARGEST, edits_between
from pipeline_kit.release.repository import RefUpdate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline_kit.git import Git
    from pipeline_kit.release.files import Edit
    from pipeline_kit.release.journal import Journal
    from pipeline_kit.release.repository import Answer, Writer

_BRANCH = "refs/heads/"
_LOCKED = re.compile(r"Unable to create '(.+\.lock)': File exists")


def settle(writer: Writer, git: Git, journal: Journal, warn: Callable[[str], None]) -> None:
    """Bring branch, index, files and tags to where the release is. What somebody else wrote in the meantime stays, and
    ``warn`` is told. It can be repeated.

    Failure: ``bump.local``.
    """
    updates = []
    for ref, made in journal.tags.items():
        held = writer.id_of(ref)
        if held and held != made:
            warn(f"{ref} here is another tag than the one that was pushed; it is left as it is")
        elif not held:
            updates.append(RefUpdate(ref, made, "0" * len(made)))
    if journal.commit != journal.base and writer.id_of("HEAD") == journal.base:
        for edit in edits_between(git, journal.base, journal.commit):
            if not _write(writer, edit):
                warn(f"{printable(edit.path)} was changed in the meantime; it is left as it is")
            _checked(writer.stage(edit))
        updates.append(RefUpdate(journal.branch, journal.commit, journal.base))
    if updates:
        _checked(writer.move(tuple(updates), "pipeline-kit bump"))
    held = writer.id_of(journal.branch) if journal.commit != journal.base else ""
    if held and not git.is_ancestor(journal.commit, held):
        _warn_of_branch(journal, warn)


def _warn_of_branch(journal: Journal, warn: Callable[[str], None]) -> None:
    """Say that the branch here lacks the release, since somebody committed to it in the meantime."""
    name = journal.branch.removeprefix(_BRANCH)
    tag = shlex.quote(printable(next(iter(journal.tags)).removeprefix("refs/tags/")))
    branch = "" if name == "HEAD" else f" {shlex.quote(printable(name))}"
    warn(f"{printable(name)} here moved on in the meantime and lacks the release: git rebase {tag}{branch}")


def follow_remote(writer: Writer, journal: Journal) -> None:
    """Have this clone know that the remote's branch has the release. A push that ends says so itself; one that was cut
    off, and of which the remote took all, does not.
    """
    name = journal.branch.removeprefix(_BRANCH)
    seen = f"refs/remotes/{writer.remote}/{name}"
    held = writer.id_of(seen) if name != journal.branch else ""
    if held and held != journal.commit and writer.asked((journal.branch,)) == {journal.branch: journal.commit}:
        writer.move((RefUpdate(seen, journal.commit, held),), "pipeline-kit bump")


def _checked(answer: Answer) -> None:
    if answer.code:
        locked = _LOCKED.search(answer.stderr)
        again = "the same command again: it completes what is missing"
        remove = locked and f"rm {shlex.quote(printable(locked[1]))}    # if no other git is at work; then {again}"
        raise Failure(
            "bump.local",
            "the release is made, and this working tree could not follow",
            why("Git refused to move the branch, the tag or the index here."),
            fix(remove or again),
            evidence=_first_and_last(answer.stderr),
            done="commit and tag are made",
        )


def _first_and_last(said: str) -> tuple[str, ...]:
    """Git's own words, cut in the middle: what failed stands first, advice follows it."""
    lines = [line for line in said.splitlines() if line.strip()]
    return quote("\n".join([*lines[:1], *lines[1:][-3:]]))


def _write(writer: Writer, edit: Edit) -> bool:
    """Write the file, unless somebody else has changed it; whether it holds the release's content now."""
    path = writer.root / edit.path
    try:
        current = tree.read(path, LARGEST, top=writer.root)
    except FileNotFoundError:
        current = None
    except (NotADirectoryError, Failure):
        return False
    wanted = {edit.before: edit.after}
    if edit.before is not None:
        # Where git converts line ends, the file lies here with others than git stores.
        wanted[_crlf(edit.before)] = _crlf(edit.after)
    if current in wanted:
        _replace(writer, path, wanted[current])
        return True
    return current in wanted.values()


def _crlf(content: bytes) -> bytes:
    return content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def _replace(writer: Writer, path: Path, content: bytes) -> None:
    """Old or new, never a part; a cut leaves nothing behind in the working tree."""
    tree.folder(path.parent, top=writer.root)
    same_disk = writer.folder.stat().st_dev == path.parent.stat().st_dev
    with tree.replaced(path, top=writer.root, scratch=writer.folder if same_disk else None) as file:
        file.write(content)
