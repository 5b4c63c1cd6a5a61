"""The run record: what each step gave, for whom and when, as versioned JSON written atomically.

An entry is keyed by image, step and environment; a new one replaces the older of the same key. What differs between
two runs of the same commit (who ran it, when, how long) stands in ``run`` and in each entry's ``started`` and
``seconds``; everything else is the same on every CI.
"""

from __future__ import annotations

from errno import ENOSPC
from typing import TYPE_CHECKING, TypeVar

import msgspec

from pipeline_kit import output_folder, tree
from pipeline_kit.errors import Failure, Note, alternative, fix, why
from pipeline_kit.model.bump import Bumped
from pipeline_kit.model.deployment import Deployment
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.model.image import Image
from pipeline_kit.model.plan import Plan
from pipeline_kit.model.published import Published
from pipeline_kit.model.sign_in import SignIn
from pipeline_kit.model.verdict import Verdict
from pipeline_kit.model.version import NextVersion

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 1
NAME = "run.json"
_LARGEST = 64 << 20
WHY_WRITTEN = (
    why("Each step keeps what it gave in the working tree's record, and the next one reads it there."),
    alternative("pipeline-kit plan writes nothing, and says version and tags too"),
)
WHY_STATE = (
    why("One run at a time locks this folder outside of the working tree, which has the images."),
    alternative("name a folder that can be written and locked: HOME, XDG_CACHE_HOME, the CI's temporary folder"),
)


class Values(msgspec.Struct, frozen=True, omit_defaults=True):
    """The value of one step; the other fields stay empty. ``packages`` are the versions of all packages, by name."""

    login: SignIn | None = None
    version: NextVersion | None = None
    tag: Plan | None = None
    build: Image | None = None
    scan: Verdict | None = None
    push: Published | None = None
    deploy: Deployment | None = None
    bump: Bumped | None = None
    packages: dict[str, NextVersion] | None = None


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one step gave. ``word`` and ``detail`` are its line; ``failure`` is the id of what stopped it.

    ``started`` is in seconds since 1970, ``seconds`` how long it took.
    """

    image: str
    step: str
    environment: str
    word: str
    detail: str
    started: float
    seconds: float
    failure: str = ""
    value: Values = Values()


class Setting(msgspec.Struct, frozen=True):
    """A value of the configuration and where it comes from: a file and line, a variable, ``--set``."""

    key: str
    value: str
    origin: str


class Run(msgspec.Struct, frozen=True, omit_defaults=True):
    """Which run wrote the record, with which version of this program, for which event and environment; ``settings`` are
    those that were not left at their defaults.
    """

    identity: RunIdentity
    pipeline_kit: str
    started: float
    event: Event | None = None
    environment: str = ""
    settings: tuple[Setting, ...] = ()


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """All that a run left behind. ``commit`` is the one that everything in it was made from."""

    schema: int
    commit: str
    run: Run
    entries: tuple[Entry, ...] = ()

    def with_entry(self, entry: Entry) -> Record:
        """This record with ``entry`` at its end, in the place of the one with the same key."""
        kept = tuple(other for other in self.entries if _key(other) != _key(entry))
        return msgspec.structs.replace(self, entries=(*kept, entry))

    def find(self, image: str, step: str, environment: str = "") -> Entry | None:
        """The entry of that key, None if the step has not run."""
        return next((entry for entry in self.entries if _key(entry) == (image, step, environment)), None)


class _Key(msgspec.Struct, frozen=True):
    """What an entry is told from others by."""

    image: str
    step: str
    environment: str


class _Sealed(msgspec.Struct, frozen=True):
    """A record whose entries stay as they are written: reading them takes longer than counting a version."""

    schema: int
    commit: str
    run: msgspec.Raw
    entries: tuple[msgspec.Raw, ...] = ()


_Kind = TypeVar("_Kind", Record, _Sealed)


def read(path: Path, *, own: bool = True) -> Record:
    """The record in the file. ``own`` is the one of this working tree, which a run can make anew."""
    return _read(path, Record, own=own)


def append(path: Path, fresh: Record, entry: Entry) -> None:
    """Write ``fresh`` with the entries that the file has of the same commit, and ``entry`` as ``with_entry`` adds it.
    What the others hold is not looked into.
    """
    found = _read(path, _Sealed) if path.exists() else None
    kept = found.entries if found and found.commit == fresh.commit else ()
    others = (one for one in kept if _key(msgspec.json.decode(one, type=_Key)) != _key(entry))
    run, new = (msgspec.Raw(msgspec.json.encode(one)) for one in (fresh.run, entry))
    write(_Sealed(fresh.schema, fresh.commit, run, (*others, new)), path)


def _read(path: Path, kind: type[_Kind], *, own: bool = True) -> _Kind:
    shown = path.name if own else path
    try:
        raw = tree.read(path, _LARGEST, top=_top(path) if own else None)
    except FileNotFoundError:
        raise _missing(path, own=own) from None
    except OSError as error:
        raise Failure("record.invalid", f"{path} can't be read: {error.strerror}") from error
    if b"\\u0000" in raw:
        raise Failure("record.invalid", f"{shown} has a NUL character, which no name and no value has")
    try:
        record = msgspec.json.decode(raw, type=kind)
    except msgspec.MsgspecError as error:
        way_out = [fix(f"rm {path}")] if own else []
        raise Failure("record.invalid", f"{shown} is not a record: {error}", *way_out) from error
    if record.schema != SCHEMA:
        raise Failure("record.invalid", f"{shown} is of schema {record.schema}, this release reads {SCHEMA}")
    return record


def _missing(path: Path, *, own: bool) -> Failure:
    if not own:
        return Failure("record.missing", f"there is no file {path}")
    return Failure(
        "record.missing",
        f"there is no record {path.name} to go on from",
        why("A step that runs alone takes what it needs from the record of the steps before it."),
        fix("pipeline-kit run --until push"),
    )


def write(record: Record | _Sealed, path: Path) -> None:
    """Write the record so that a reader, or a run that is cut off, sees the old one or the new one, never a part. The
    folder that it is in ignores itself.
    """
    try:
        output_folder.prepare(path.parent)
        write_atomically(path, msgspec.json.format(msgspec.json.encode(record), indent=1) + b"\n", top=_top(path))
    except OSError as error:
        raise unwritten(path, error, *WHY_WRITTEN) from error
    except Failure as failure:
        raise failure.extended(*WHY_WRITTEN) from None


def write_atomically(path: Path, content: bytes, *, top: Path) -> None:
    """Replace the file, and wait until the disk has it. No part of its path below ``top`` may be a link."""
    try:
        tree.write(path, content, top=top, sync=True)
    except OSError as error:
        raise unwritten(path, error) from error


def _top(path: Path) -> Path:
    """The working tree that a record is of."""
    return path.parent.parent


def unwritten(path: Path, error: OSError, *notes: Note) -> Failure:
    """The failure of a file or folder that can't be written."""
    kind = "tool.disk" if error.errno == ENOSPC else "record.unwritten"
    return Failure(kind, f"{path} can't be written: {error.strerror}", *notes)


def _key(entry: Entry | _Key) -> tuple[str, str, str]:
    return entry.image, entry.step, entry.environment
