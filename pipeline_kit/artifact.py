"""The record as an artifact of the CI's run: kept for people and for later jobs, and taken over in those.

What is kept is a copy of the regular files in ``.pipeline-kit``, since a CI's own steps follow links to wherever they
lead. What is taken over comes from elsewhere, and is to be believed only as far as it is checked.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pipeline_kit import record, tree
from pipeline_kit.errors import Failure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline_kit.model.event import RunIdentity
    from pipeline_kit.record import Entry, Record

START = "pipeline-kit-record-"
# The folder that the action, or the template, has downloaded the artifacts of earlier jobs to.
FOLDER = "PIPELINE_KIT_ARTIFACTS"
_LONGEST = 160


def name(image: str, environment: str, first: str, identity: RunIdentity) -> str:
    """What the record of this job is called: each image and environment has a name of its own, and so has a job that
    starts with a later step (``first``). GitHub and Azure Pipelines take no ``/``, and none of ``":<>|*?`` either.
    """
    text = "+".join(map(_escaped, image.split("/")))
    text += f"@{_escaped(environment)}" if environment else ""
    text += f"~{first}" if first else ""
    # Azure Pipelines refuses a second artifact of one name; on GitHub it takes the place of the first.
    if identity.ci == "azure_devops" and identity.attempt not in ("", "1"):
        text += f"~{_escaped(identity.attempt)}"
    mark = f"={zlib.crc32(text.encode()):08x}"
    return START + (text if len(text) <= _LONGEST else text[: _LONGEST - len(mark)] + mark)


def keep(output: Path, folder: Path) -> bool:
    """Make ``folder`` a copy of ``output``; whether there is anything in it. Links and hidden files stay out."""
    shutil.rmtree(folder, ignore_errors=True)
    for path in _regular_files(output):
        copy = folder / path.relative_to(output)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with tree.opened(path, top=output.parent) as source, tree.fresh(copy) as file:
            shutil.copyfileobj(source, file)
    return folder.is_dir()


def taken_over(own: Record, folder: str, leave: Callable[[Failure], None]) -> Record:
    """``own`` with what the records in ``folder`` have of the same commit; of two entries of one key the later. What is
    no record, or one of another release that an earlier run left on the machine, goes to ``leave``.
    """
    entries: list[Entry] = []
    for path in _records(folder):
        try:
            one = record.read(path, own=False)
        except Failure as failure:
            leave(failure)
            continue
        entries += one.entries if one.commit == own.commit else ()
    if not entries:
        return own
    merged = msgspec.structs.replace(own, entries=())
    for entry in sorted([*own.entries, *entries], key=lambda one: one.started):
        merged = merged.with_entry(entry)
    return merged


def _records(folder: str) -> list[Path]:
    """An artifact of its own folder each; where there is but one, GitHub puts it into the folder itself."""
    if not folder:
        return []
    found = [Path(folder, record.NAME), *sorted(Path(folder).glob(f"{START}*/{record.NAME}"))]
    return [path for path in found if path.is_file() and not path.is_symlink() and not path.parent.is_symlink()]


def _regular_files(top: Path) -> Iterator[Path]:
    if top.is_symlink():
        return
    for folder, folders, names in os.walk(top, followlinks=False):
        folders[:] = [one for one in folders if not one.startswith(".")]
        for path in (Path(folder, one) for one in names if not one.startswith(".")):
            if stat.S_ISREG(path.lstat().st_mode):
                yield path


def _escaped(text: str) -> str:
    """``text`` in letters, digits and ``.-_=``; each text in a way of its own."""
    kept = re.compile(rb"[A-Za-z0-9._-]")
    return "".join(chr(one) if kept.match(bytes([one])) else f"={one:02X}" for one in text.encode("utf-8", "replace"))
