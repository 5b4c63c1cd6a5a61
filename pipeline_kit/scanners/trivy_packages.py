"""Whether the packages that Trivy read are those of the system that it recognised.

Trivy takes both as they are: an os-release of another distribution has every package looked up in the wrong data, and
an SBOM that lies in the image counts as its package database. Either gives no finding and no warning.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pipeline_kit.errors import printable
from pipeline_kit.scanners.trivy_report import OS_PACKAGES

if TYPE_CHECKING:
    from pipeline_kit.scanners.trivy_report import Package, Report

_SBOM = "sbom"
_MANAGERS = {
    "apk": ("alpine", "chainguard", "minimos", "wolfi"),
    "dpkg": ("debian", "echo", "ubuntu"),
    "rpm": (
        *("alma", "amazon", "azurelinux", "cbl-mariner", "centos", "fedora", "opensuse-leap", "opensuse-tumbleweed"),
        *("oracle", "photon", "redhat", "rocky", "slem", "sles"),
    ),
}
_MANAGER_OF = {family: manager for manager, families in _MANAGERS.items() for family in families}


def misfits(report: Report, os: str) -> list[str]:
    """Why the packages of the system can't be its own; ``os`` is its name for people. A Trivy that does not tell what
    read a package tells nothing here.
    """
    packages = [package for result in report.results if result.kind == OS_PACKAGES for package in result.packages]
    readers = Counter(_reader(package) for package in packages)
    manager = _MANAGER_OF.get(report.metadata.os.family)
    doubts = []
    if packages and readers[_SBOM] == len(packages):
        doubts.append(f"all packages of {os} come from an SBOM in the image, and none from a package database")
    if manager:
        doubts += [
            f"packages of {reader} were read, and {os} has those of {manager}"
            for reader in sorted(readers)
            if reader in _MANAGERS and reader != manager
        ]
    return doubts + _other_release(report, packages, os)


def _reader(package: Package) -> str:
    name = printable(package.reader)
    return "rpm" if name.startswith("rpm") else name


def _other_release(report: Report, packages: list[Package], os: str) -> list[str]:
    """Debian and Ubuntu have a package of the release's own name, with its version."""
    system = report.metadata.os
    version = next((package.version for package in packages if package.name == "base-files"), "")
    if not version or system.family not in ("debian", "ubuntu"):
        return []
    family = "ubuntu" if "ubuntu" in version else "debian"
    release, named = system.name.partition(".")[0], version.partition(".")[0]
    if family != system.family or (family == "debian" and release.isdigit() and named.isdigit() and release != named):
        return [f"os-release says {os}, and its base-files is {printable(version)}"]
    return []
