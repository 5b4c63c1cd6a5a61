"""A package database that its package manager kept, and one that something else wrote."""

from __future__ import annotations

import io
import posixpath
import tarfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline_kit.oci.package_files import PackageWalk
from pipeline_kit.oci.tar_walk import Member, TarWalk
from pipeline_kit.scanners.package_history import doubts

if TYPE_CHECKING:
    from collections.abc import Mapping

Layer = dict[str, bytes | str]  # text is where a link goes
STATUS = "var/lib/dpkg/status"
INSTALLED = "lib/apk/db/installed"


def tar(files: Mapping[str, bytes | str], style: int = tarfile.PAX_FORMAT) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w", format=style) as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            if isinstance(data, str):
                member.type, member.linkname = tarfile.SYMTYPE, data
            else:
                member.size = len(data)
            archive.addfile(member, None if isinstance(data, str) else io.BytesIO(data))
    return content.getvalue()


def judged(*layers: Layer) -> tuple[str, ...]:
    found = []
    for files in layers:
        walk = PackageWalk()
        walk.feed(tar(files))
        found.append(walk.found())
    return doubts(found)


def status(**versions: str) -> bytes:
    return "".join(
        f"Package: {name}\nStatus: {'install ok installed' if version else 'deinstall ok config-files'}\n"
        f"Version: {version or 1}\nDescription: x\n and more\n\n"
        for name, version in versions.items()
    ).encode()


def lists(*names: str) -> Layer:
    listed = "/.\n/usr\n/usr/lib\n/usr/lib/{0}.so\n/usr/share/doc/{0}/x\n"
    return {f"var/lib/dpkg/info/{name}.list": listed.format(name).encode() for name in names}


def files(*names: str) -> Layer:
    return {f"usr/lib/{name}.so": b"code" for name in names}


DEBIAN: Layer = {STATUS: status(zlib="1", tar="1"), **lists("zlib", "tar"), **files("zlib", "tar")}


def apk(**versions: str) -> bytes:
    entry = "P:{0}\nV:{1}\nF:usr\nF:usr/lib\nR:{0}.so\n\n"
    return "".join(entry.format(name, version) for name, version in versions.items()).encode()


ALPINE: Layer = {INSTALLED: apk(musl="1", zlib="1"), **files("musl", "zlib")}
DISTROLESS: Layer = {
    "var/lib/dpkg/status.d/zlib": status(zlib="1"),
    "var/lib/dpkg/status.d/zlib.md5sums": b"0123  usr/lib/zlib.so\n",
    **files("zlib"),
}
GONE = {"usr/lib/.wh.zlib.so": b"", "var/lib/dpkg/info/.wh.zlib.list": b""}


@pytest.mark.parametrize(
    "layers",
    [
        (DEBIAN,),
        (DEBIAN, {"app/x": b"1"}),
        (DEBIAN, {STATUS: status(zlib="1", tar="1", curl="8"), **lists("curl"), **files("curl")}),
        (DEBIAN, {STATUS: status(zlib="2", tar="1"), **lists("zlib"), **files("zlib")}),
        (DEBIAN, {STATUS: status(tar="1"), **GONE}),
        (DEBIAN, {STATUS: status(tar="1", zlib=""), "usr/lib/.wh.zlib.so": b""}),
        (DEBIAN, {STATUS: status(tar="1"), "usr/.wh.lib": b"", "var/lib/dpkg/info/.wh.zlib.list": b""}),
        (ALPINE,),
        (ALPINE, {INSTALLED: apk(musl="1"), "usr/lib/.wh.zlib.so": b""}),
        (ALPINE, {INSTALLED: apk(musl="1", zlib="2"), "lib/zlib.so": b"new"}),
        (ALPINE, {INSTALLED: apk(musl="1", zlib="1", curl="8"), **files("curl")}),
        (DISTROLESS, {"app/x": b"1"}),
        (DISTROLESS, {"var/lib/dpkg/status.d/tar": status(tar="1"), **files("tar")}),
        ({"bin/busybox": b"1"}, {"app": b"1"}),
        ({"var/lib/rpm": "../../usr/lib/sysimage/rpm", "usr/lib/sysimage/rpm/rpmdb.sqlite": b"x"}, {"app": b"1"}),
        ({"lib": "usr/lib", "usr/lib/apk/db/installed": apk(musl="1"), **files("musl")},),
        (DISTROLESS, {STATUS: b""}),
        (ALPINE, {STATUS: b"", INSTALLED: apk(musl="1", zlib="1", dpkg="1"), **files("dpkg")}),
        ({STATUS: status(zlib="1"), **files("zlib")}, {STATUS: status(zlib="2"), **lists("zlib"), **files("zlib")}),
        (
            {**DEBIAN, "var/lib/dpkg/info/zlib:i386.list": b"/usr/lib/zlib.so\n"},
            {"var/lib/dpkg/info/.wh.zlib:i386.list": b""},
            {STATUS: status(zlib="2", tar="1"), **lists("zlib"), **files("zlib")},
        ),
    ],
    ids=[
        *("debian", "an app", "install", "upgrade", "purge", "remove", "folder-gone", "alpine", "apk-del"),
        *("apk-upgrade", "apk-add", "distroless", "distroless-added", "busybox", "fedora", "merged-usr"),
        *("distroless-and-a-status", "alpine-with-dpkg", "bare-upgrade", "architecture-gone"),
    ],
)
def test_what_a_package_manager_does_is_no_doubt(layers: tuple[Layer, ...]) -> None:
    assert judged(*layers) == ()


@pytest.mark.parametrize(
    ("layers", "doubt"),
    [
        ((DEBIAN, {STATUS: status(tar="1")}), "a layer changes zlib in the package database, and leaves the files"),
        ((DEBIAN, {STATUS: status(tar="1", zlib="9")}), "a layer changes zlib "),
        ((DEBIAN, {STATUS: b""}), "a layer changes zlib, tar "),
        ((DEBIAN, {STATUS: "/opt/status"}), f"a layer puts a link in the place of {STATUS}"),
        ((DEBIAN, {"var/lib/dpkg": "/opt/dpkg"}), f"a layer puts a link in the place of {STATUS}"),
        (
            (DEBIAN, {"var/lib/dpkg/.wh.status": b"", "var/lib/dpkg/status.d/x": status(x="1")}),
            "a layer changes zlib, tar ",
        ),
        ((DEBIAN, {"var/lib/.wh.dpkg": b""}), "a layer changes zlib, tar "),
        (
            (DEBIAN, {"var/lib/dpkg/.wh..wh..opq": b"", STATUS: status(tar="1"), **lists("tar")}),
            "a layer changes zlib ",
        ),
        (({**DEBIAN, STATUS: status(tar="1")},), "the package database of dpkg lacks zlib, whose files are listed"),
        (({STATUS: status(zlib="1")}, {STATUS: status(zlib="9")}), "a layer changes zlib "),
        (({STATUS: status(zlib="1")}, {STATUS: status(zlib="9"), **lists("zlib")}), "a layer changes zlib "),
        ((DEBIAN, {"var/lib/dpkg/.wh.info": b""}, {STATUS: status(tar="1")}), "a layer changes zlib "),
        ((ALPINE, {INSTALLED: apk(musl="1")}), "a layer changes zlib "),
        ((ALPINE, {INSTALLED: apk(musl="1", zlib="9")}), "a layer changes zlib "),
        ((ALPINE, {"lib/apk": "/opt/apk"}), f"a layer puts a link in the place of {INSTALLED}"),
        ((DISTROLESS, {"var/lib/dpkg/status.d/zlib": status(zlib="9")}), "a layer changes zlib "),
        ((DISTROLESS, {"var/lib/dpkg/status.d/.wh.zlib": b""}), "a layer changes zlib "),
    ],
)
def test_what_nobody_but_an_attacker_does_is_a_doubt(layers: tuple[Layer, ...], doubt: str) -> None:
    assert judged(*layers)[0].startswith(doubt)


_names = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=150)
_paths = st.lists(_names, min_size=1, max_size=4).map("/".join)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(_paths, st.binary(max_size=2000) | _paths, max_size=6),
    st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT]),
    st.integers(1, 700),
)
def test_a_tar_file_is_walked_as_python_reads_it(files: dict[str, bytes | str], style: int, piece: int) -> None:
    content = tar(files, style)
    seen: list[Member] = []
    walk = TarWalk(lambda name: True, seen.append)
    for start in range(0, len(content), piece):
        walk.feed(content[start : start + piece])
    assert walk.sound
    expected = []
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for one in archive:
            held = archive.extractfile(one) if one.isfile() else None
            name = posixpath.normpath(f"/{one.name}").lstrip("/")
            expected.append((name, one.isfile(), held.read() if held else b""))
    assert [(one.name, one.kind == "0", one.content) for one in seen] == expected


@given(st.binary(max_size=5000), st.booleans())
def test_any_bytes_are_a_tar_file_or_none_and_never_a_crash(content: bytes, after: bool) -> None:
    walk = PackageWalk()
    walk.feed((tar(DEBIAN)[:7168] if after else b"") + content)
    doubts([walk.found()])


def header(name: str, kind: bytes, size: bytes, extra: dict[int, bytes] | None = None) -> bytes:
    block = bytearray(512)
    for at, field in ({0: name.encode(), 124: size, 156: kind, 257: b"ustar\x0000"} | (extra or {})).items():
        block[at : at + len(field)] = field
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def pax(**values: str) -> bytes:
    """An extended header."""
    records = b""
    for key, value in values.items():
        text = f" {key}={value}\n"
        length = next(n for n in range(len(text), len(text) + 9) if n == len(text) + len(str(n)))
        records += f"{length}{text}".encode()
    return header("x", b"x", b"%o" % len(records)) + records.ljust(512, b"\0")


LONG_NAME = header("@", b"L", b"%o" % len(STATUS)) + STATUS.encode().ljust(512, b"\0")
HIDDEN = header(STATUS, b"0", b"0")


@pytest.mark.parametrize(
    "content",
    [
        header("a", b"0", b"-0000001000"),
        header("a", b"0", b"-0000002000") + HIDDEN,
        header("a", b"0", b"\xff" * 12),
        pax(size="-1024") + HIDDEN,
        LONG_NAME + pax(path="tmp/x") + header("tmp/x", b"0", b"0"),
        pax(path="tmp/x") + pax(mtime="1") + HIDDEN,
        pax(**{"GNU.sparse.name": STATUS}) + header("tmp/x", b"0", b"0"),
        header(STATUS, b"S", b"0"),
    ],
    ids=["to-itself", "backwards", "negative", "pax-backwards", "two-names", "two-headers", "sparse", "old-sparse"],
)
def test_a_layer_that_engines_may_read_in_another_way_is_a_doubt(content: bytes) -> None:
    walk = PackageWalk()
    walk.feed(content.ljust(8192, b"\0"))
    assert doubts([walk.found()])[0].startswith("a layer can't be read as a tar file")


@pytest.mark.parametrize(
    "content",
    [
        pax(size="0") + header("a", b"0", b"1000") + HIDDEN,
        header("dpkg/status", b"0", b"0", {257: b"ustar  \0", 345: b"var/lib/"}),
    ],
    ids=["size-of-the-extended-header", "prefix-of-an-old-docker"],
)
def test_a_member_is_found_where_go_finds_it(content: bytes) -> None:
    seen: list[Member] = []
    TarWalk(lambda name: True, seen.append).feed(content.ljust(8192, b"\0"))
    assert STATUS in [one.name for one in seen]
