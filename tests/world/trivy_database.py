"""A vulnerability database that Trivy reads, of test data alone: no advisory here is about a real vulnerability."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

from tests.world import bbolt

if TYPE_CHECKING:
    from pathlib import Path

Severity = Literal["UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL"]

_SCHEMA = 2
_SEVERITIES: tuple[Severity, ...] = ("UNKNOWN", "LOW", "MEDIUM", "HIGH", "CRITICAL")
_DEBIAN_RELEASES = ("debian 12", "debian 13")
_PIP = "pip::GitHub Security Advisory Pip"
_DEBIAN = {"ID": "debian", "Name": "Test data", "URL": "https://example.com/debian"}
_SOURCES = {
    **dict.fromkeys(_DEBIAN_RELEASES, _DEBIAN),
    _PIP: {"ID": "ghsa", "Name": "Test data", "URL": "https://example.com/pip"},
}
_AFFECTED = 2


@dataclass(frozen=True, slots=True)
class Advisory:
    """``package`` is Debian's source package, or the project's name for ``pip``. Versions below ``fixed`` are affected;
    without one all are, and there is no fix.
    """

    id: str
    package: str
    severity: Severity
    fixed: str = ""
    ecosystem: Literal["debian", "pip"] = "debian"

    @property
    def title(self) -> str:
        """A title that says what it is."""
        return f"test data: {self.package} is said to be vulnerable"


# Below every version, and above every version.
_LONG_FIXED, _FIXED_LATER = "0.0.1", "999:1"
# What both base images have is busybox or glibc: the first knows only what is fixed or minor, the second stops.
CLEAN = (
    Advisory("CVE-2099-0001", "busybox", "CRITICAL", fixed=_LONG_FIXED),
    Advisory("CVE-2099-0002", "glibc", "CRITICAL", fixed=_LONG_FIXED),
    Advisory("CVE-2099-0003", "glibc", "LOW"),
    Advisory("CVE-2099-0007", "requests", "CRITICAL", fixed=_LONG_FIXED, ecosystem="pip"),
)
STOPPING = (
    *CLEAN,
    Advisory("CVE-2099-0004", "busybox", "CRITICAL", fixed=_FIXED_LATER),
    Advisory("CVE-2099-0005", "glibc", "CRITICAL", fixed=_FIXED_LATER),
    Advisory("CVE-2099-0006", "zlib", "HIGH"),
)


@dataclass(frozen=True, slots=True)
class TrivyDatabase:
    """A database in the cache folder ``cache``, which Trivy takes as ``--cache-dir``."""

    cache: Path

    @property
    def folder(self) -> Path:
        """The folder of ``trivy.db`` and ``metadata.json``."""
        return self.cache / "db"


def write_database(
    cache: Path, advisories: tuple[Advisory, ...] = CLEAN, *, age: timedelta = timedelta()
) -> TrivyDatabase:
    """Write a database of ``advisories`` that was made ``age`` ago."""
    database = TrivyDatabase(cache)
    database.folder.mkdir(parents=True, exist_ok=True)
    (database.folder / "trivy.db").write_bytes(bbolt.encode(_buckets(advisories)))
    made = datetime.now(UTC) - age
    times = {"UpdatedAt": made, "NextUpdate": made + timedelta(days=1), "DownloadedAt": made}
    metadata = {"Version": _SCHEMA, **{name: time.isoformat().replace("+00:00", "Z") for name, time in times.items()}}
    (database.folder / "metadata.json").write_text(json.dumps(metadata))
    return database


def _buckets(advisories: tuple[Advisory, ...]) -> bbolt.Bucket:
    of_packages: dict[str, dict[str, dict[str, object]]] = {source: {} for source in _SOURCES}
    for advisory in advisories:
        for source in (_PIP,) if advisory.ecosystem == "pip" else _DEBIAN_RELEASES:
            of_packages[source].setdefault(advisory.package, {})[advisory.id] = _affected(advisory)
    return {
        b"data-source": {source.encode(): _json(about) for source, about in _SOURCES.items()},
        b"vulnerability": {advisory.id.encode(): _json(_details(advisory)) for advisory in advisories},
        **{
            source.encode(): {
                package.encode(): {name.encode(): _json(affected) for name, affected in found.items()}
                for package, found in packages.items()
            }
            for source, packages in of_packages.items()
        },
    }


def _affected(advisory: Advisory) -> dict[str, object]:
    if advisory.ecosystem == "pip":
        return {"VulnerableVersions": [f"< {advisory.fixed}"], "PatchedVersions": [advisory.fixed]}
    return {"FixedVersion": advisory.fixed} if advisory.fixed else {"Status": _AFFECTED}


def _details(advisory: Advisory) -> dict[str, object]:
    source = "ghsa" if advisory.ecosystem == "pip" else "debian"
    return {
        "Title": advisory.title,
        "Description": advisory.title,
        "Severity": advisory.severity,
        "VendorSeverity": {source: _SEVERITIES.index(advisory.severity)},
        "References": [f"https://example.com/{advisory.id}"],
    }


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
