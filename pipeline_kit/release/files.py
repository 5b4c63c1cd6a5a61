"""The files of a release's commit, made from what HEAD holds; nothing is written here.

What git has stored is edited, byte for byte, not what lies in the working tree: there a filter may have changed it.
"""

from __future__ import annotations

import difflib
import shlex
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, fix, printable, why
from pipeline_kit.model.bump import FileChange

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.git import Git

_REGULAR = "100644"
_LINK = "120000"
LARGEST = 32 << 20


@dataclass(frozen=True, slots=True)
class Edit:
    """A file and what becomes of it. ``before`` is None for a new one; ``mode`` is git's."""

    path: str
    before: bytes | None
    after: bytes
    mode: str = _REGULAR

    def change(self) -> FileChange:
        """The change for a person's eyes."""
        old, new = (_lines(content) for content in (self.before, self.after))
        names = ("/dev/null" if self.before is None else f"a/{self.path}", f"b/{self.path}")
        return FileChange(self.path, "".join(difflib.unified_diff(old, new, *names, n=2)))


class Files:
    """The files of a commit, with the edits made so far."""

    def __init__(self, git: Git, commit: str) -> None:
        self._git = git
        self._commit = commit
        self._edits: dict[str, Edit] = {}

    def edits(self) -> tuple[Edit, ...]:
        """What differs from the commit, by path."""
        return tuple(edit for _, edit in sorted(self._edits.items()) if edit.after != edit.before)

    def text(self, path: str) -> str | None:
        """The file's text, edits counted; None if there is none. Bytes that are no UTF-8 come back as they were."""
        edit = self.read(path)
        return None if edit is None else edit.after.decode("utf-8", "surrogateescape")

    def write(self, path: str, text: str) -> None:
        """Have the file hold ``text``."""
        content = text.encode("utf-8", "surrogateescape")
        old = self.read(path)
        self._edits[path] = Edit(path, old.before, content, old.mode) if old else Edit(path, None, content)

    def called(self, name: str, largest: int) -> dict[str, str]:
        """The texts of all files of that name that the commit has, by path; those over ``largest`` bytes are left out.
        Edits are not counted.
        """
        listed = self._git.call("ls-tree", "-r", "-z", "-l", "--full-tree", self._commit).checked("git.broke").stdout
        objects: dict[str, str] = {}
        for entry in listed.decode("utf-8", "surrogateescape").split("\0"):
            fields, _, path = entry.partition("\t")
            if PurePosixPath(path).name == name and fields.startswith("100"):
                _, _, held, size = fields.split()
                if int(size) <= largest:
                    objects[path] = held
        asked = "".join(f"{held}\n" for held in objects.values()).encode()
        answer = self._git.call("cat-file", "--batch", stdin=asked).checked("git.broke").stdout
        found = {}
        for path in objects:
            head, _, answer = answer.partition(b"\n")
            end = int(head.split()[-1])
            found[path] = answer[:end].decode("utf-8", "surrogateescape")
            answer = answer[end + 1 :]
        return found

    def no_file(self, path: str) -> Failure:
        """There is no such version file."""
        add = f"git add {shlex.quote(printable(path))} && git commit"
        here = (self._git.top() / path).is_file()
        ways = (
            [fix(add)]
            if here
            else [alternative(f"make it, with a version in it, and {add}"), alternative("leave it away from --file")]
        )
        return Failure(
            "bump.file",
            f"HEAD has no file {printable(path)}{'' if here else ', and there is none in the working tree'}",
            why("A version file is changed, never made: what isn't committed isn't part of a release."),
            *ways,
            done="nothing was written",
        )

    def read(self, path: str) -> Edit | None:
        """The file as the commit has it, with the edits made so far; None if there is none."""
        if path not in self._edits and (found := self._read(path)):
            self._edits[path] = found
        return self._edits.get(path)

    def _read(self, path: str) -> Edit | None:
        entry = self._entry(path)
        if entry is None:
            for parent in reversed(PurePosixPath(path).parents[:-1]):
                above = self._entry(str(parent))
                if above and above[1] != "tree":
                    raise _symlink(str(parent)) if above[0] == _LINK else self.no_file(path)
            return None
        mode, kind, name, size = entry
        if mode == _LINK:
            raise _symlink(path)
        if kind != "blob":
            raise Failure("bump.file", f"{printable(path)} is a folder", why("A version stands in a file."))
        if int(size) > LARGEST:
            raise Failure("bump.file", f"{printable(path)} has {int(size) >> 20} MB", why("That is no file of text."))
        content = self._git.call("cat-file", "blob", name).checked("git.broke").stdout
        return Edit(path, content, content, mode)

    def _entry(self, path: str) -> list[str] | None:
        """Mode, kind, object and size (or ``-``) of what the commit has at ``path``."""
        listed = self._git.call("ls-tree", "-z", "-l", "--full-tree", self._commit, "--", path).checked("git.broke")
        fields, _, found = listed.stdout.decode("utf-8", "surrogateescape").rstrip("\0").partition("\t")
        return fields.split() if found == path else None


def edits_between(git: Git, base: str, commit: str) -> tuple[Edit, ...]:
    """What ``commit`` changes in the files of ``base``, its parent."""
    listed = git.call("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--no-ext-diff", base, commit)
    paths = listed.checked("git.broke").stdout.decode("utf-8", "surrogateescape").split("\0")
    before, after = Files(git, base), Files(git, commit)
    found = []
    for path in paths:
        if path and (new := after.read(path)):
            old = before.read(path)
            found.append(Edit(path, old.after if old else None, new.after, new.mode))
    return tuple(found)


def safe_path(written: str, folder: str = "") -> str:
    """``written`` as a path from the repository's top; a failure if it leads out of it or into git's own folder."""
    parts = PurePosixPath(folder, written).parts
    inside = [part for part in parts if part != "."]
    if not inside or written.startswith("/") or ".." in inside or inside[0].lower() == ".git":
        raise Failure(
            "bump.file",
            f"{printable(written)[:200]!r} is no file of this repository",
            why("A release's commit changes files below the repository's top, named from there."),
            done="nothing was written",
        )
    return str(PurePosixPath(*inside))


def is_plain(root: Path, path: str) -> bool:
    """Whether no part of ``path`` below ``root`` is a symbolic link, and it ends in a file or in nothing."""
    parts = [root / parent for parent in reversed(PurePosixPath(path).parents[:-1])]
    if any(part.is_symlink() or (part.exists() and not part.is_dir()) for part in parts):
        return False
    end = root / path
    return not end.is_symlink() and (end.is_file() or not end.exists())


def _symlink(path: str) -> Failure:
    return Failure(
        "bump.file",
        f"{printable(path)} is a symbolic link",
        why("It could lead out of the repository, so links are not followed."),
        alternative("name the file that it leads to"),
        done="nothing was written",
    )


def _lines(content: bytes | None) -> list[str]:
    """The lines for a diff; a carriage return is shown, a missing newline too."""
    text = (content or b"").decode("utf-8", "replace")
    lines = [printable(line) + "\n" for line in text.split("\n")]
    if lines and lines[-1] == "\n":
        return lines[:-1]
    return [*lines, "\\ No newline at end of file\n"] if lines else []
