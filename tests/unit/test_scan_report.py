"""A report is evidence only for what it shows, and its texts are an attacker's."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.model.image import PlatformImage
from pipeline_kit.model.platform import Platform
from pipeline_kit.model.verdict import PlatformScan, Severity
from pipeline_kit.scanners.trivy_evidence import MOST_WARNINGS, is_warning, judged
from pipeline_kit.scanners.trivy_report import decode

CONFIG, LAYER, DIFF = ("sha256:" + c * 64 for c in "abc")
IMAGE = PlatformImage(Platform("linux", "amd64"), "sha256:" + "d" * 64, CONFIG, (LAYER,), 1)
BUCKETS = frozenset({"debian 12", "pip::GitHub Security Advisory Pip"})


def report(**changes: object) -> dict[str, object]:
    finding = {"VulnerabilityID": "CVE-1", "PkgName": "zlib", "InstalledVersion": "1", "Severity": "HIGH"}
    base = {
        "SchemaVersion": 2,
        "Metadata": {
            "OS": {"Family": "debian", "Name": "12.5"},
            "ImageID": CONFIG,
            "DiffIDs": [DIFF],
            "Layers": [{"Digest": LAYER, "DiffID": DIFF}],
        },
        "Results": [{"Class": "os-pkgs", "Type": "debian", "Packages": [{}, {}], "Vulnerabilities": [finding]}],
    }
    return {**base, **changes}


def seen(content: dict[str, object], *warnings: str) -> PlatformScan:
    return judged(decode(json.dumps(content).encode()), IMAGE, [DIFF], BUCKETS, warnings)


def test_a_sound_report_leaves_no_doubt() -> None:
    scan = seen(report())
    assert (scan.doubts, scan.notes, scan.packages, scan.os) == ((), (), 2, "debian 12.5")
    assert [(f.id, f.severity, f.where) for f in scan.findings] == [("CVE-1", Severity.HIGH, "debian 12.5")]


@pytest.mark.parametrize(
    ("changes", "doubt"),
    [
        ({"ImageID": "sha256:" + "e" * 64}, "Trivy read image eeeeeeeeeeee, not aaaaaaaaaaaa"),
        ({"DiffIDs": []}, "Trivy read other layers than this image has"),
        ({"Layers": [{"Digest": CONFIG}]}, "Trivy read other layers than this image has"),
        ({"OS": {"Family": "none", "Name": ""}}, "Trivy recognised no operating system, and read 2 packages"),
        ({"OS": {"Family": "plan9", "Name": "4"}}, "it is not known which data plan9 4 needs"),
    ],
)
def test_what_does_not_fit_the_image_is_a_doubt(changes: dict[str, object], doubt: str) -> None:
    metadata = {**report()["Metadata"], **changes}  # type: ignore[dict-item]
    assert seen(report(Metadata=metadata)).doubts == (doubt,)


def test_an_ended_release_is_a_note() -> None:
    metadata = {**report()["Metadata"], "OS": {"Family": "debian", "Name": "12.5", "EOSL": True}}  # type: ignore[dict-item]
    assert seen(report(Metadata=metadata)).notes == ("debian 12.5 gets no security updates any more",)


def test_packages_without_data_are_counted() -> None:
    third_party = {"Class": "os-pkgs", "Packages": [{}, {"Repository": {"Class": "third-party"}}]}
    conda = {"Class": "lang-pkgs", "Type": "conda-pkg", "Packages": [{}, {}]}
    assert seen(report(Results=[third_party, conda])).notes == (
        "1 package of other repositories not judged: there is no data",
        "2 packages of type conda-pkg not judged: there is no data",
    )


def test_a_severity_that_is_none_counts_as_unrated() -> None:
    finding = {"VulnerabilityID": "CVE-1", "PkgName": "zlib", "Severity": "BOGUS"}
    scan = seen(report(Results=[{"Class": "os-pkgs", "Packages": [{}], "Vulnerabilities": [finding]}]))
    assert [f.severity for f in scan.findings] == [Severity.UNKNOWN]


def test_texts_of_the_image_cannot_drive_a_terminal() -> None:
    finding = {"VulnerabilityID": "CVE-1\x1b[2J", "PkgName": "a\n::error::b", "Title": "\u202egnp", "Severity": "LOW"}
    scan = seen(report(Results=[{"Class": "os-pkgs", "Packages": [{}], "Vulnerabilities": [finding]}]))
    assert scan.findings[0].id == r"CVE-1\x1b[2J"
    assert scan.findings[0].package == r"a\n::error::b"
    assert scan.findings[0].title == r"\u202egnp"


@pytest.mark.parametrize(
    ("line", "doubts", "notes"),
    [
        ('T WARN [alpine] Mixing Alpine versions is unsupported os="3"', 1, 0),
        ("T WARN [dpkg] Parse error file_path=x", 1, 0),
        ('T WARN This OS version is not on the EOL list family="redhat" version="99"', 1, 0),
        ('T WARN This OS version is not on the EOL list family="debian" version="12"', 0, 0),
        ("T WARN This OS version is no longer supported by the distribution", 0, 0),
        ("T WARN [npm] Unable to resolve the version", 0, 1),
    ],
)
def test_a_warning_is_a_doubt_where_something_was_not_read(line: str, doubts: int, notes: int) -> None:
    assert is_warning(line)
    scan = seen(report(), line)
    assert (len(scan.doubts), len(scan.notes)) == (doubts, notes)


def test_a_flood_of_warnings_hides_nothing() -> None:
    scan = seen(report(), *(f"T WARN {n}" for n in range(MOST_WARNINGS + 1)))
    assert scan.doubts == (f"Trivy gave more than {MOST_WARNINGS} warnings",)
    assert len(scan.notes) == 6


@given(st.binary(max_size=200))
def test_any_bytes_are_a_report_or_a_reason(content: bytes) -> None:
    try:
        decode(content)
    except ValueError:
        return


@given(st.integers(0, 600), st.integers(1, 40), st.binary(max_size=10))
def test_a_report_with_a_hole_is_never_a_crash(start: int, length: int, instead: bytes) -> None:
    content = json.dumps(report()).encode()
    try:
        damaged = decode(content[:start] + instead + content[start + length :])
    except ValueError:
        return
    judged(damaged, IMAGE, [DIFF], BUCKETS, ())


def test_a_report_of_another_schema_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="version 3"):
        decode(json.dumps(report(SchemaVersion=3)).encode())
