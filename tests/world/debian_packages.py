"""Debian packages without touching the system: apt fetches and verifies them, and they are unpacked in the cache."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.world.cache import key_of, locked, made_once, root
from tests.world.commands import output_of
from tests.world.unavailable import Unavailable

_KEYRINGS = Path("/usr/share/keyrings")
# For Debian's own tools: an ordinary user's PATH may lack their folders.
SYSTEM = {
    **os.environ,
    "PATH": os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/bin", "/sbin", "/bin"]),
    "DEBIAN_FRONTEND": "noninteractive",
    "LC_ALL": "C.UTF-8",
}


@dataclass(frozen=True, slots=True)
class Debian:
    """A release of Debian and where its packages come from: what the running system uses itself."""

    codename: str
    version: str
    mirror: str
    keyring: Path

    def source(self, codename: str) -> str:
        """The line of sources.list for the release ``codename``."""
        return f"deb [signed-by={self.keyring}] {self.mirror} {codename} main\n"


def this_debian() -> Debian:
    """The running system; Unavailable if it is not Debian."""
    release = platform.freedesktop_os_release()
    keyrings = sorted(_KEYRINGS.glob("debian-archive-keyring.*"))
    if release.get("ID") != "debian" or not keyrings:
        raise Unavailable(
            f"{release.get('PRETTY_NAME', 'this system')} is not Debian, whose packages it would be made of"
        )
    targets = _apt_get("indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian").splitlines()
    if not targets:
        raise Unavailable("apt has no source of Debian's packages", "add one to /etc/apt/sources.list.d")
    return Debian(release["VERSION_CODENAME"], release["VERSION_ID"], targets[0], keyrings[0])


def unpacked(codename: str, *names: str) -> Path:
    """A folder with ``root/``, the files of the packages ``names`` of the release ``codename`` without their
    dependencies; ``status.d/``, what dpkg would know about each; and ``SHA256SUMS``, the hashes of the packages.
    """
    debian = this_debian()
    key = key_of(codename, platform.machine(), *names)
    return made_once(f"packages-{codename}", key, lambda folder: _unpack(folder, debian, codename, names))


def installed(program: str, package: str) -> Path:
    """Where ``program`` is; as root its ``package`` is installed if it is missing."""
    if found := shutil.which(program, path=SYSTEM["PATH"]):
        return Path(found)
    if os.geteuid() != 0:
        raise Unavailable(f"{program} is not installed", f"as root: apt-get install {package}")
    with locked(root() / "apt-install.lock"):
        _apt_get("update")
        _apt_get("install", "--yes", "--no-install-recommends", package)
    return Path(shutil.which(program, path=SYSTEM["PATH"]) or program)


def _unpack(folder: Path, debian: Debian, codename: str, names: tuple[str, ...]) -> None:
    debs = folder / "debs"
    debs.mkdir()
    state = root() / f"apt-{codename}"
    with locked(state.with_suffix(".lock")):
        options = _private_apt(state, debian.source(codename))
        _apt_get(*options, "update")
        _apt_get(*options, "download", *names, cwd=debs)
    (folder / "status.d").mkdir()
    sums = []
    for deb in sorted(debs.iterdir()):
        sums.append(f"{hashlib.sha256(deb.read_bytes()).hexdigest()}  {deb.name}\n")
        control = output_of("dpkg-deb", "--field", str(deb), environ=SYSTEM)
        (folder / "status.d" / deb.name.partition("_")[0]).write_text(f"{control}\nStatus: install ok installed\n")
        output_of("dpkg-deb", "--extract", str(deb), str(folder / "root"), environ=SYSTEM)
    (folder / "SHA256SUMS").write_text("".join(sums))
    shutil.rmtree(debs)


def _private_apt(state: Path, source: str) -> tuple[str, ...]:
    """apt's options to keep lists and sources of its own under ``state``, whatever the system's are."""
    for needed in ("lists/partial", "cache/archives/partial"):
        (state / needed).mkdir(parents=True, exist_ok=True)
    (state / "sources.list").write_text(source)
    options = {
        "Dir::State::Lists": state / "lists",
        "Dir::Cache": state / "cache",
        "Dir::Etc::SourceList": state / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::Preferences": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "APT::Sandbox::User": "root",  # the cache may be a folder that apt's own user can't enter
        "Acquire::Languages": "none",
        "Acquire::Retries": "3",
    }
    return tuple(argument for name, value in options.items() for argument in ("-o", f"{name}={value}"))


def _apt_get(*arguments: str, cwd: Path | None = None) -> str:
    return output_of("apt-get", "--quiet", *arguments, environ=SYSTEM, cwd=cwd, log=root() / "apt.log")
