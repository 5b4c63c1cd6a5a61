"""Trivy's databases: brought up to date, and held still while a scan reads them.

A download goes to a fresh folder, is looked into, and then takes the place of the old one, so that a broken download
costs nothing; a lock keeps it away from the scans of other runs that share the cache.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

import msgspec

from pipeline_kit.errors import Failure, alternative, printable, quote, why
from pipeline_kit.memory import hash_of
from pipeline_kit.model.verdict import ScannerData
from pipeline_kit.process import Command
from pipeline_kit.scanners.bolt import bucket_names
from pipeline_kit.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipeline_kit.context import Context
    from pipeline_kit.scanners.settings import ScanSettings

DAY = 86_400
# Variables rather than flags: a Trivy that does not know them yet does not stumble over them.
QUIET = {"TRIVY_DISABLE_TELEMETRY": "true", "TRIVY_SKIP_VERSION_CHECK": "true"}


@dataclass(frozen=True, slots=True)
class Database:
    """The vulnerability database as it is on the disk; ``buckets`` are the parts that it has."""

    data: ScannerData
    buckets: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Artifact:
    """What Trivy downloads: ``name`` is its own word; ages are in seconds, ``mirror`` '' is Trivy's own registry."""

    name: str
    title: str
    key: str
    mirror: str
    refreshed_after: float
    used_until: float


class _Metadata(msgspec.Struct):
    updated_at: datetime = msgspec.field(name="UpdatedAt")


@contextmanager
def held(settings: ScanSettings, context: Context, log: Path, *, java: bool = False) -> Iterator[Database]:
    """The vulnerability database, as new as ``settings`` want it, unchanged for as long as the block lasts; with
    ``java`` also the index that tells which package a jar is.

    It is downloaded when there is none, or when it is older than a day; a download that fails is a note if the copy at
    hand is young enough, else the failure ``scan.data``.
    """
    settings.cache.mkdir(parents=True, exist_ok=True)
    with (settings.cache / "lock").open("a") as lock:
        notes = [_bring(artifact, settings, context, log, lock) for artifact in _wanted(settings, java=java)]
        fcntl.flock(lock, fcntl.LOCK_SH)
        database = _read(settings.cache, context.memory)
        if database is None:
            raise Failure(
                "scan.data",
                "there is no vulnerability database",
                why(f"scan.database is offline, and {settings.cache / 'db'} holds none that can be read."),
            )
        yield replace(database, data=msgspec.structs.replace(database.data, note="; ".join(filter(None, notes))))


def _wanted(settings: ScanSettings, *, java: bool) -> list[_Artifact]:
    if settings.offline:
        return []
    vulnerabilities = _Artifact(
        name="db",
        title="the vulnerability database",
        key="scan.database",
        mirror=settings.database,
        refreshed_after=DAY,
        used_until=settings.max_data_age * DAY,
    )
    # It says what a jar is, not what is wrong with it, so an old one misses only what was released since.
    index = _Artifact(
        name="java-db",
        title="the index of Java packages",
        key="scan.java-database",
        mirror=settings.java_database,
        refreshed_after=3 * DAY,
        used_until=30 * DAY,
    )
    return [vulnerabilities, index] if java or (settings.cache / index.name).exists() else [vulnerabilities]


def _bring(artifact: _Artifact, settings: ScanSettings, context: Context, log: Path, lock: TextIO) -> str:
    """Have ``artifact`` in the cache, young enough; returns '' or why it is not newer."""

    def age() -> float:
        return context.clock.now() - (_made(settings.cache / artifact.name) or 0)

    if age() <= artifact.refreshed_after:
        return ""
    fcntl.flock(lock, fcntl.LOCK_EX)
    if age() <= artifact.refreshed_after:
        return ""  # another run has brought it meanwhile
    said = _download(artifact, settings, context, log)
    if not said:
        return ""
    if age() <= artifact.used_until:
        return f"{artifact.title} could not be updated: {printable(said.strip().splitlines()[-1].strip())}"
    cause = "The registry throttles this machine's address" if "TOOMANYREQUESTS" in said else "The download failed"
    raise Failure(
        "scan.data",
        f"{artifact.title} can't be downloaded",
        why(f"{cause}, and there is no copy of it that is at most {artifact.used_until / DAY:.0f} days old."),
        alternative(f"{artifact.key} names a mirror that this machine can reach."),
        evidence=quote(said),
    )


def _download(artifact: _Artifact, settings: ScanSettings, context: Context, log: Path) -> str:
    """Download it into the cache; '' if it is there, else why not."""
    repository = (f"--{artifact.name}-repository", artifact.mirror) if artifact.mirror else ()
    with scratch(settings.cache) as folder:
        command = Command(
            argv=(
                *("trivy", "image", f"--download-{artifact.name}-only", *repository),
                *("--cache-dir", str(folder), "--config", "", "--no-progress"),
            ),
            cwd=folder,
            allow=("DOCKER_CONFIG",),
            extra={"TMPDIR": str(folder), **QUIET},
            log=log,
            timeout=settings.timeout,
        )
        with context.report.activity(f"downloading {artifact.title}"):
            try:
                ended = context.run.run(command)
            except Failure as failure:
                if failure.kind != "tool.timeout":
                    raise
                return failure.headline
        if ended.code != 0:
            return ended.output or f"trivy ended with exit code {ended.code}"
        return _install(folder / artifact.name, settings.cache / artifact.name)


def _install(fresh: Path, place: Path) -> str:
    if not _made(fresh):
        return "what was downloaded can't be read"
    for path in fresh.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    old = fresh.with_name("old")
    if place.exists():
        place.rename(old)
    fresh.rename(place)
    shutil.rmtree(old, ignore_errors=True)
    return ""


def _read(cache: Path, memory: Path) -> Database | None:
    """The vulnerability database, None where there is none that can be read."""
    folder = cache / "db"
    made = _made(folder)
    if made is None:
        return None
    return Database(ScannerData(made, hash_of(folder / "trivy.db", memory)), bucket_names(folder / "trivy.db"))


def _made(folder: Path) -> int | None:
    """When the database in ``folder`` was made, in seconds since 1970; None where it can't be read."""
    try:
        content = (folder / "metadata.json").read_bytes()
        if folder.name == "db":
            bucket_names(folder / "trivy.db")
        return int(msgspec.json.decode(content, type=_Metadata).updated_at.timestamp())
    except (OSError, ValueError):
        return None
