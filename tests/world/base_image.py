"""Base images without a registry to pull from: made of Debian's packages, kept as OCI layouts in the cache."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.world import cache
from tests.world.cache import key_of, made_once
from tests.world.commands import output_of
from tests.world.debian_packages import SYSTEM, Debian, installed, this_debian, unpacked
from tests.world.oci_layout import digest_in, write_layout
from tests.world.progress import bringing_up
from tests.world.unavailable import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.model.digest import Digest

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SMALL = ("base-files", "busybox-static")
_EPOCH = 1_735_689_600  # the start of 2025: no file is newer, so the same packages give the same tar
# What Debian's image leaves to do: a name that images of Python have, and compiled files that differ from run to run.
_TO_DO = ('ln -s python3 "$1/usr/bin/python"', 'rm -r "$1/usr/share/python3/debpython/__pycache__"')
# Without it Debian 12 gets usrmerge, and with that all of perl.
_MERGED_USR = "/usr/share/mmdebstrap/hooks/maybe-merged-usr"
# As slim images do: nobody reads them in a container.
_LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*")


@dataclass(frozen=True, slots=True)
class BaseImage:
    """An image in the OCI layout ``layout``."""

    layout: Path
    digest: Digest

    def build_context(self, name: str) -> str:
        """What ``docker buildx build --build-context`` takes so that ``FROM name`` means this image."""
        return f"{name}=oci-layout://{self.layout}"

    def archive(self, name: str) -> bytes:
        """The image ``name`` (with a tag) for ``docker load``: an engine with the classic store reads no layouts."""
        manifest = json.loads((self.layout / _path(self.digest)).read_bytes())
        config = _path(manifest["config"]["digest"])
        layers = [_path(layer["digest"]) for layer in manifest["layers"]]
        content = io.BytesIO()
        with tarfile.open(fileobj=content, mode="w") as archive:
            for path in (config, *layers):
                archive.add(self.layout / path, path)
            listing = [{"Config": config, "RepoTags": [name], "Layers": layers}]
            _add(archive, "manifest.json", json.dumps(listing).encode())
        return content.getvalue()


def small_base() -> BaseImage:
    """Debian's busybox and little else, 1 MB, made in seconds: a shell, its tools and an HTTP server.

    A scanner sees Debian and two packages of it, base-files and busybox-static.
    """
    packages = unpacked(this_debian().codename, *_SMALL)
    layout = made_once("small-base", key_of(packages.name, _EPOCH), lambda folder: _write_small(folder, packages))
    return BaseImage(layout, digest_in(layout))


def python_base() -> BaseImage:
    """Debian with Python, what ``python:*-slim`` is to a user: about 50 MB, half a minute the first time."""
    debian = this_debian()
    mmdebstrap = installed("mmdebstrap", "mmdebstrap")
    key = key_of(debian.codename, _EPOCH, _MERGED_USR, *_TO_DO, *_LEFT_OUT)
    with bringing_up("Python base image", "Debian and python3, half a minute the first time") as ready:
        layout = made_once("python-base", key, lambda folder: _write_python(folder, mmdebstrap, debian))
        size = sum(blob.stat().st_size for blob in (layout / "blobs" / "sha256").iterdir())
        ready(f"Debian {debian.version}, {size / 1e6:.0f} MB")
    return BaseImage(layout, digest_in(layout))


def _path(digest: Digest) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _write_small(folder: Path, packages: Path) -> None:
    root = packages / "root"
    busybox = next(path for path in (root / "bin" / "busybox", root / "usr" / "bin" / "busybox") if path.exists())
    applets = output_of(str(busybox), "--list", environ=SYSTEM).split()
    files = {
        "etc/passwd": b"root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
        "etc/group": b"root:x:0:\nnogroup:x:65534:\n",
        "etc/os-release": (root / "usr" / "lib" / "os-release").read_bytes(),
        "etc/debian_version": (root / "etc" / "debian_version").read_bytes(),
        **{f"var/lib/dpkg/status.d/{name}": (packages / "status.d" / name).read_bytes() for name in _SMALL},
    }
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        _add(archive, "bin/busybox", busybox.read_bytes(), mode=0o755)
        for applet in sorted(set(applets) - {"busybox"}):
            link = tarfile.TarInfo(f"bin/{applet}")
            link.type, link.linkname, link.mtime = tarfile.SYMTYPE, "busybox", _EPOCH
            archive.addfile(link)
        for name, content in files.items():
            _add(archive, name, content)
        temporary = tarfile.TarInfo("tmp")
        temporary.type, temporary.mode, temporary.mtime = tarfile.DIRTYPE, 0o1777, _EPOCH
        archive.addfile(temporary)
    tar.seek(0)
    write_layout(folder, [tar], {"Env": [_PATH], "Cmd": ["sh"]})


def _add(archive: tarfile.TarFile, name: str, content: bytes, *, mode: int = 0o644) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode, member.mtime = len(content), mode, _EPOCH
    archive.addfile(member, io.BytesIO(content))


def _write_python(folder: Path, mmdebstrap: Path, debian: Debian) -> None:
    """mmdebstrap works as root, and for others where the kernel gives them a user namespace."""
    tar = folder / "root.tar"
    arguments = (
        str(mmdebstrap),
        "--variant=minbase",
        "--include=python3",
        f"--hook-dir={_MERGED_USR}",
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in _LEFT_OUT),
        *(f"--customize-hook={command}" for command in _TO_DO),
        debian.codename,
        str(tar),
        debian.source(debian.codename).strip(),
    )
    environ = {**SYSTEM, "SOURCE_DATE_EPOCH": str(_EPOCH)}
    try:
        output_of(*arguments, environ=environ, log=cache.root() / "mmdebstrap.log")
    except RuntimeError as error:
        if "unable to pick chroot mode" in str(error):
            raise Unavailable("mmdebstrap needs root here, or user namespaces", "run this as root") from None
        raise
    with tar.open("rb") as content:
        write_layout(folder, [content], {"Env": [_PATH], "Cmd": ["python"]})
    tar.unlink()
