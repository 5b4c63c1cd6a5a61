"""What Trivy's database must hold so that an image's packages are judged at all.

Trivy looks up the bucket of a distribution's release, or those that start with a language's name, and takes a missing
one for "nothing known": no finding, no warning, exit code 0. So the names are asked for before its answer counts. They
are those of https://github.com/aquasecurity/trivy-db (``pkg/vulnsrc/bucket`` and ``pkg/ecosystem``), and which part of
a version counts is what Trivy's detectors use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

Coverage = Literal["covered", "missing", "unknown"]


def _major(version: str) -> str:
    return version.partition(".")[0]


def _minor(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _whole(version: str) -> str:
    return version


def _alpine(version: str) -> str:
    # A development release calls itself 3.21_alpha20240807; its data is that of edge.
    return "edge" if "_alpha" in version else _minor(version)


def _amazon(version: str) -> str:
    major = _major(version.split(" ", maxsplit=1)[0])
    return major if major in ("2", "2022", "2023") else "1"


_RELEASES: dict[str, tuple[str, Callable[[str], str]]] = {
    "alma": ("alma", _major),
    "alpine": ("alpine", _alpine),
    "amazon": ("amazon linux", _amazon),
    "azurelinux": ("Azure Linux", _minor),
    "cbl-mariner": ("CBL-Mariner", _minor),
    "debian": ("debian", _major),
    "opensuse-leap": ("openSUSE Leap", _whole),
    "oracle": ("Oracle Linux", _major),
    "photon": ("Photon OS", _whole),
    "rocky": ("rocky", _major),
    "slem": ("SUSE Linux Enterprise Micro", _whole),
    "sles": ("SUSE Linux Enterprise", _whole),
    "ubuntu": ("ubuntu", _whole),
}
# Distributions whose data is not kept by release.
_ROLLING = {
    "bottlerocket": "bottlerocket",
    "centos": "Red Hat",
    "chainguard": "chainguard",
    "echo": "echo",
    "minimos": "minimos",
    "opensuse-tumbleweed": "openSUSE Tumbleweed",
    "redhat": "Red Hat",
    "wolfi": "wolfi",
}
_ECOSYSTEMS = {
    "cargo": ("cargo", "rustbinary"),
    "cocoapods": ("cocoapods",),
    "composer": ("composer", "composer-vendor"),
    "conan": ("conan",),
    "erlang": ("hex",),
    "go": ("gobinary", "gomod"),
    "julia": ("julia",),
    "maven": ("gradle", "jar", "pom", "sbt"),
    "npm": ("bun", "javascript", "node-pkg", "npm", "pnpm", "yarn"),
    "nuget": ("dotnet-core", "nuget", "packages-props"),
    "pip": ("pip", "pipenv", "poetry", "pylock", "python-pkg", "uv"),
    "pub": ("pub",),
    "rubygems": ("bundler", "gemspec"),
    "swift": ("swift",),
}
_ECOSYSTEM_OF = {kind: name for name, kinds in _ECOSYSTEMS.items() for kind in kinds} | {"bitnami": "bitnami"}


def os_coverage(family: str, version: str, buckets: frozenset[str]) -> Coverage:
    """Whether the database has the release that Trivy recognised; 'unknown' for a family that this table lacks."""
    if family in _ROLLING:
        return "covered" if _ROLLING[family] in buckets else "missing"
    if family not in _RELEASES:
        return "unknown"
    name, part = _RELEASES[family]
    release = part(version)
    # Ubuntu's point releases (22.04.3) and extended support (16.04-ESM) are kept under 22.04, or apart.
    names = {f"{name} {release}", f"{name} {_minor(release).removesuffix('-ESM')}"}
    return "covered" if names & buckets else "missing"


def language_coverage(kind: str, buckets: frozenset[str]) -> Coverage:
    """Whether the database has the ecosystem of Trivy's result type ``kind`` (``python-pkg``, ``jar``)."""
    ecosystem = _ECOSYSTEM_OF.get(kind)
    if ecosystem is None:
        return "unknown"
    return "covered" if any(bucket.startswith(f"{ecosystem}::") for bucket in buckets) else "missing"
