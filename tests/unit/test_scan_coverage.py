"""A database that has nothing on a distribution or a language is found out before its silence counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.scanners.bolt import bucket_names
from pipeline_kit.scanners.trivy_coverage import language_coverage, os_coverage
from tests.world.bbolt import encode

if TYPE_CHECKING:
    from pathlib import Path

BUCKETS = frozenset(
    {"debian 12", "alpine 3.19", "alpine edge", "ubuntu 22.04", "ubuntu 16.04-ESM", "amazon linux 2", "Red Hat"}
    | {"Azure Linux 3.0", "CBL-Mariner 2.0", "wolfi", "pip::GitHub Security Advisory Pip", "go::Go Vulnerability"}
)


@pytest.mark.parametrize(
    ("family", "version", "expected"),
    [
        ("debian", "12.5", "covered"),
        ("debian", "13.1", "missing"),
        ("debian", "trixie/sid", "missing"),
        ("alpine", "3.19.1", "covered"),
        ("alpine", "3.20.0", "missing"),
        ("alpine", "3.21_alpha20240807", "covered"),
        ("ubuntu", "22.04", "covered"),
        ("ubuntu", "22.04.3", "covered"),
        ("ubuntu", "16.04-ESM", "covered"),
        ("ubuntu", "24.04", "missing"),
        ("amazon", "2 (Karoo)", "covered"),
        ("amazon", "2023.6.20241010", "missing"),
        ("azurelinux", "3.0.20240727", "covered"),
        ("cbl-mariner", "2.0.20240117", "covered"),
        ("redhat", "9.4", "covered"),
        ("wolfi", "20230201", "covered"),
        ("chainguard", "20230214", "missing"),
        ("plan9", "4", "unknown"),
    ],
)
def test_a_release_is_looked_for_as_trivy_does(family: str, version: str, expected: str) -> None:
    assert os_coverage(family, version, BUCKETS) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("python-pkg", "covered"), ("gobinary", "covered"), ("node-pkg", "missing"), ("conda-pkg", "unknown")],
)
def test_a_language_needs_one_source_of_its_ecosystem(kind: str, expected: str) -> None:
    assert language_coverage(kind, BUCKETS) == expected


def test_the_buckets_of_a_database_of_many_pages_are_found(tmp_path: Path) -> None:
    large = {f"bucket {n}".encode(): {b"package": {b"CVE": b"x" * 100}} for n in range(500)}
    file = tmp_path / "trivy.db"
    file.write_bytes(encode({**large, b"inline": {b"a": b"b"}, b"empty": {}}))
    assert bucket_names(file) == {*(f"bucket {n}" for n in range(500)), "inline"}


@pytest.mark.parametrize("content", [b"x", b"\0" * 8192, b"x" * 4096])
def test_what_is_no_database_says_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "trivy.db"
    file.write_bytes(content)
    with pytest.raises(ValueError):  # noqa: PT011 - each says something else
        bucket_names(file)


@given(position=st.integers(0, 4 * 4096 - 1), byte=st.integers(0, 255), cut=st.integers(1, 5 * 4096))
def test_a_damaged_database_is_read_or_refused_never_a_crash(
    tmp_path_factory: pytest.TempPathFactory, position: int, byte: int, cut: int
) -> None:
    content = bytearray(encode({f"debian {n}".encode(): {b"p": {b"CVE": b"x" * 40}} for n in range(60)}))
    content[position] = byte
    file = tmp_path_factory.mktemp("database") / "trivy.db"
    file.write_bytes(content[:cut])
    try:
        bucket_names(file)
    except ValueError:
        return
