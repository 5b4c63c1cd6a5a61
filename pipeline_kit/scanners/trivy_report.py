"""Trivy's JSON report: the parts of it that are read.

What is here was read from a file that the scanner wrote; the texts in it come from whoever made the image.
"""

from __future__ import annotations

import msgspec

from pipeline_kit.errors import printable

SCHEMA_VERSION = 2
OS_PACKAGES, LANGUAGE_PACKAGES = "os-pkgs", "lang-pkgs"


class Layer(msgspec.Struct):
    """A layer: ``digest`` as it is stored, ``diff_id`` as it is unpacked."""

    digest: str = msgspec.field(name="Digest", default="")
    diff_id: str = msgspec.field(name="DiffID", default="")


class Identifier(msgspec.Struct):
    """How the package is called everywhere."""

    purl: str = msgspec.field(name="PURL", default="")


class Vulnerability(msgspec.Struct):
    """What is known of one package; ``fixed`` may list several versions, ``path`` is '' for packages of the system."""

    id: str = msgspec.field(name="VulnerabilityID")
    package: str = msgspec.field(name="PkgName")
    installed: str = msgspec.field(name="InstalledVersion", default="")
    fixed: str = msgspec.field(name="FixedVersion", default="")
    severity: str = msgspec.field(name="Severity", default="")
    title: str = msgspec.field(name="Title", default="")
    path: str = msgspec.field(name="PkgPath", default="")
    identifier: Identifier = msgspec.field(name="PkgIdentifier", default_factory=Identifier)
    layer: Layer = msgspec.field(name="Layer", default_factory=Layer)


class Origin(msgspec.Struct):
    """The repository that a package was installed from."""

    kind: str = msgspec.field(name="Class", default="")


class Package(msgspec.Struct):
    """A package that was found; ``reader`` is the part of Trivy that found it, '' where it does not tell."""

    name: str = msgspec.field(name="Name", default="")
    version: str = msgspec.field(name="Version", default="")
    reader: str = msgspec.field(name="AnalyzedBy", default="")
    repository: Origin = msgspec.field(name="Repository", default_factory=Origin)


class Result(msgspec.Struct):
    """The packages of one kind, and what is known of them."""

    target: str = msgspec.field(name="Target", default="")
    kind: str = msgspec.field(name="Class", default="")
    type: str = msgspec.field(name="Type", default="")
    packages: list[Package] = msgspec.field(name="Packages", default_factory=list)
    vulnerabilities: list[Vulnerability] = msgspec.field(name="Vulnerabilities", default_factory=list)


class System(msgspec.Struct):
    """The distribution that was recognised; ``ended`` if it gets no updates any more."""

    family: str = msgspec.field(name="Family", default="")
    name: str = msgspec.field(name="Name", default="")
    ended: bool = msgspec.field(name="EOSL", default=False)


class Metadata(msgspec.Struct):
    """What was read."""

    os: System = msgspec.field(name="OS", default_factory=System)
    image_id: str = msgspec.field(name="ImageID", default="")
    diff_ids: list[str] = msgspec.field(name="DiffIDs", default_factory=list)
    layers: list[Layer] = msgspec.field(name="Layers", default_factory=list)


class Report(msgspec.Struct):
    """The parts of Trivy's JSON report that are read."""

    schema: int = msgspec.field(name="SchemaVersion", default=0)
    metadata: Metadata = msgspec.field(name="Metadata", default_factory=Metadata)
    results: list[Result] = msgspec.field(name="Results", default_factory=list)


def decode(content: bytes) -> Report:
    """The report that ``content`` is; ValueError if it is none that can be understood."""
    try:
        report = msgspec.json.decode(content, type=Report)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise ValueError(printable(str(error))) from error
    if report.schema != SCHEMA_VERSION:
        raise ValueError(f"its schema is version {report.schema}, version {SCHEMA_VERSION} is understood")
    return report
