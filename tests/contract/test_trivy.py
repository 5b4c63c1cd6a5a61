"""Real Trivy: every way in which it ends with 0 and has seen nothing must come out as a doubt."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from pipeline_kit.context import Context
from pipeline_kit.errors import Exit, Failure
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.model.verdict import Severity, Verdict
from pipeline_kit.process import Runner, sha256_of
from pipeline_kit.scanners import trivy as scanner
from pipeline_kit.scanners.policy import judge, others
from pipeline_kit.scanners.settings import ScanSettings
from tests.contract.scan_images import (
    DEBIAN,
    dpkg,
    image,
    jar,
    java_index,
    os_release,
    python_package,
    serve_artifact,
)
from tests.world.trivy_database import CLEAN, Advisory, write_database

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_httpserver import HTTPServer

PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

NOTHING_KNOWN = os_release("debian", "12.5") | dpkg(("tar", "1.34"))
ADVISORIES = (
    *CLEAN,
    Advisory("CVE-2099-1001", "zlib1g", "CRITICAL", fixed="1:9"),
    Advisory("CVE-2099-1002", "zlib1g", "LOW", fixed="1:9"),
    Advisory("CVE-2099-1003", "busybox", "HIGH"),
    Advisory("CVE-2099-1004", "busybox", "UNKNOWN", fixed="9"),
    Advisory("CVE-2099-1005", "pyyaml", "HIGH", fixed="5.4", ecosystem="pip"),
)


@pytest.fixture
def settings(tmp_path: Path, trivy: Path) -> ScanSettings:
    write_database(tmp_path / "cache", ADVISORIES)
    return ScanSettings(cache=tmp_path / "cache", database="offline")


def context(tmp_path: Path, **environ: str) -> Context:
    variables = {"PATH": PATH, "HOME": str(tmp_path / "home"), **environ}
    return Context(
        root=tmp_path / "root",
        state=tmp_path / "state",
        output=tmp_path / "root" / ".pipeline-kit",
        environ=variables,
        run=Runner(variables),
        event=Event("local"),
        identity=RunIdentity("local"),
    )


def scan(tmp_path: Path, settings: ScanSettings, *layers: Mapping[str, bytes], using: Context | None = None) -> Verdict:
    """The verdict on an image of these files."""
    using = using or context(tmp_path)
    view, platform = image(tmp_path / f"image-{time.monotonic_ns()}", *layers)
    report = tmp_path / "report.json"
    seen, data = scanner.scan(view, platform, settings, using, tmp_path / "scan.log", report)
    return judge(platform.manifest, [seen], data, settings, scanner.find(using), using.clock.now())


def doubts(verdict: Verdict) -> str:
    return "\n".join(verdict.doubts)


def test_findings_come_with_what_is_needed_to_act(tmp_path: Path, settings: ScanSettings) -> None:
    verdict = scan(tmp_path, settings, DEBIAN, python_package("PyYAML", "5.3"))
    assert verdict.outcome == "refused"
    assert [(f.id, f.severity, f.package, f.installed, f.fixed) for f in verdict.stops] == [
        ("CVE-2099-1001", Severity.CRITICAL, "zlib1g", "1:1.2.13", "1:9"),
        ("CVE-2099-1005", Severity.HIGH, "PyYAML", "5.3", "5.4"),
    ]
    assert [f.where for f in verdict.stops] == [
        "debian 12.5",
        "usr/lib/python3/dist-packages/PyYAML-5.3.dist-info/METADATA",
    ]
    assert [f.purl for f in verdict.stops] == ["pkg:deb/debian/zlib1g", "pkg:pypi/pyyaml"]
    assert verdict.packages == 3
    assert verdict.data_sha256 == sha256_of(settings.cache / "db" / "trivy.db")
    assert not verdict.doubts
    # Debian keeps severities of its own; the one that nobody rated is counted, not dropped.
    assert "1 not rated yet" in others(verdict, settings)


def test_an_image_without_findings_passes(tmp_path: Path, settings: ScanSettings) -> None:
    verdict = scan(tmp_path, settings, NOTHING_KNOWN)
    assert (verdict.outcome, verdict.doubts, verdict.packages) == ("pass", (), 1)
    assert verdict.scanner.sha256 == sha256_of(Path(shutil.which("trivy", path=PATH) or ""))


def test_what_nobody_has_rated_stops_when_the_policy_says_so(tmp_path: Path, settings: ScanSettings) -> None:
    verdict = scan(tmp_path, replace(settings, stop_unrated=True, fail_on=Severity.CRITICAL), DEBIAN)
    assert "CVE-2099-1004" in [finding.id for finding in verdict.stops]


def test_old_data_is_no_answer(tmp_path: Path, settings: ScanSettings) -> None:
    write_database(settings.cache, CLEAN, age=timedelta(days=3 * 365))
    verdict = scan(tmp_path, settings, DEBIAN)
    assert (verdict.outcome, doubts(verdict)) == ("unknown", "the scanner data is 1095 days old (limit 5)")


@pytest.mark.parametrize(
    ("layers", "doubt"),
    [
        ((os_release("debian", "11.9") | dpkg(("tar", "1")),), "the scanner data has nothing on debian 11.9"),
        ((os_release("debian", "trixie/sid") | dpkg(("tar", "1")),), "the scanner data has nothing on debian trixie"),
        ((os_release("plan9", "4") | dpkg(("tar", "1")),), "Trivy recognised no operating system"),
        (({"bin/app": b"\x7fELF"},), "Trivy recognised no operating system, and read 0 packages"),
        ((), "Trivy recognised no operating system"),
        ((os_release("debian", "12.5"), python_package("pip", "1")), "Trivy read no package of debian 12.5"),
        (
            (NOTHING_KNOWN, {"app/node_modules/a/package.json": b'{"name":"a","version":"1.0.0"}'}),
            "packages of type node-pkg",
        ),
        ((os_release("debian", "12.5") | {"var/lib/dpkg/status": b"\xff\xfe\x00"},), "Trivy read no package"),
    ],
    ids=["distro", "sid", "unknown-os", "scratch", "no-layers", "deleted-dpkg", "language", "damaged-dpkg"],
)
def test_an_image_that_was_not_looked_at_does_not_pass(
    tmp_path: Path, settings: ScanSettings, layers: tuple[Mapping[str, bytes], ...], doubt: str
) -> None:
    verdict = scan(tmp_path, settings, *layers)
    assert verdict.outcome == "unknown"
    assert doubt in doubts(verdict)


SBOM = {
    "spdxVersion": "SPDX-2.3",
    "SPDXID": "SPDXRef-DOCUMENT",
    "name": "x",
    "documentNamespace": "https://example.test/x",
    "creationInfo": {"creators": ["Tool: x"], "created": "2024-01-01T00:00:00Z"},
    "packages": [
        {
            "name": "tar",
            "SPDXID": "SPDXRef-1",
            "versionInfo": "1.34",
            "downloadLocation": "NONE",
            "externalRefs": [
                {
                    "referenceCategory": "PACKAGE-MANAGER",
                    "referenceType": "purl",
                    "referenceLocator": "pkg:deb/debian/tar@1.34?arch=amd64&distro=debian-12.5",
                }
            ],
        }
    ],
    "relationships": [
        {"spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": "SPDXRef-1", "relationshipType": "DESCRIBES"}
    ],
}
SPDX = {"opt/x.spdx.json": msgspec.json.encode(SBOM)}
APK = {"lib/apk/db/installed": b"P:musl\nV:1.1.22-r2\nA:x86_64\no:musl\nt:1\n\n"}


@pytest.mark.parametrize(
    ("layers", "doubt"),
    [
        ((os_release("debian", "12.5"), SPDX), "all packages of debian 12.5 come from an SBOM in the image"),
        ((DEBIAN, APK), "packages of apk were read, and debian 12.5 has those of dpkg"),
        (
            (DEBIAN, {"etc/os-release": b"ID=alpine\nVERSION_ID=3.10.2\n", "etc/alpine-release": b"3.10.2\n"}),
            "packages of dpkg were read, and alpine 3.10.2 has those of apk",
        ),
        (
            (os_release("debian", "12.5") | dpkg(("tar", "1.34"), ("base-files", "11.1+deb11u9")),),
            "os-release says debian 12.5, and its base-files is 11.1+deb11u9",
        ),
        (
            (os_release("debian", "12.5") | dpkg(("tar", "1.34"), ("base-files", "12ubuntu4.6")),),
            "os-release says debian 12.5, and its base-files is 12ubuntu4.6",
        ),
    ],
    ids=["sbom", "apk-in-debian", "debian-as-alpine", "other-release", "ubuntu-as-debian"],
)
def test_packages_that_are_not_the_systems_own_are_a_doubt(
    tmp_path: Path, settings: ScanSettings, layers: tuple[Mapping[str, bytes], ...], doubt: str
) -> None:
    assert doubt in doubts(scan(tmp_path, settings, *layers))


def test_an_sbom_beside_a_package_database_is_no_doubt(tmp_path: Path, settings: ScanSettings) -> None:
    known = os_release("debian", "12.5") | dpkg(("sed", "4.9"), ("base-files", "12.4+deb12u5"))
    assert scan(tmp_path, settings, known, SPDX).doubts == ()


def test_packages_that_were_lost_half_way_are_a_doubt_in_the_next_scan_too(
    tmp_path: Path, settings: ScanSettings
) -> None:
    status = dpkg(("tar", "1.34"))["var/lib/dpkg/status"] + b"\n\xff\xfe\x00\n"
    files = os_release("debian", "12.5") | {"var/lib/dpkg/status": status}
    for _ in range(2):
        verdict = scan(tmp_path, settings, files)
        assert "Trivy did not read everything\n[dpkg] Parse error" in doubts(verdict)


def test_data_of_another_release_is_a_doubt(tmp_path: Path, settings: ScanSettings) -> None:
    installed = b"P:musl\nV:1.1.22-r2\nA:x86_64\nS:1\nI:1\nT:x\nU:x\nL:MIT\no:musl\nm:x\nt:1\nc:0\n\n"
    files = {
        "etc/os-release": b"ID=alpine\nVERSION_ID=3.10.2\n",
        "etc/alpine-release": b"3.10.2\n",
        "lib/apk/db/installed": installed,
        "etc/apk/repositories": b"http://dl-cdn.alpinelinux.org/alpine/v9.9/main\n",
    }
    assert "Mixing Alpine versions is unsupported" in doubts(scan(tmp_path, settings, files))


def test_an_image_that_is_meant_to_have_no_system_passes_with_its_reason(
    tmp_path: Path, settings: ScanSettings
) -> None:
    verdict = scan(tmp_path, replace(settings, allow_no_os="one static program"), {"bin/app": b"\x7fELF"})
    assert verdict.outcome == "pass"
    assert verdict.notes == ("no operating system, 0 packages; accepted: one static program",)


def test_what_lies_in_the_repository_changes_nothing(
    tmp_path: Path, settings: ScanSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (root / ".trivyignore").write_text("CVE-2099-1001\nCVE-2099-1005\n")
    (root / "trivy.yaml").write_text("severity: [LOW]\nignore-unfixed: true\nskip-files: ['**']\n")
    monkeypatch.chdir(root)
    using = context(tmp_path, TRIVY_SEVERITY="LOW", TRIVY_IGNORE_POLICY="x", TRIVY_SKIP_DIRS="**", TRIVY_SERVER="x")
    assert len(scan(tmp_path, settings, DEBIAN, using=using).stops) == 1


def test_the_report_of_another_image_is_a_doubt(tmp_path: Path, settings: ScanSettings) -> None:
    _, other = image(tmp_path / "other", DEBIAN)
    view, platform = image(tmp_path / "image", NOTHING_KNOWN)
    expected = msgspec.structs.replace(platform, config=other.config)
    seen, _ = scanner.scan(view, expected, settings, context(tmp_path), tmp_path / "log", tmp_path / "report")
    assert seen.doubts[0].startswith("Trivy read image ")


@pytest.mark.parametrize("levels", [(1, 9), (9, 1)])
def test_the_same_layers_stored_in_another_way_are_the_same_to_the_cache(
    tmp_path: Path, settings: ScanSettings, levels: tuple[int, int]
) -> None:
    """Docker and Buildah compress a layer in their own ways, and Trivy remembers it by what it unpacks to."""
    stored = set()
    for level in (*levels, *levels):
        view, platform = image(tmp_path / f"{time.monotonic_ns()}", DEBIAN, level=level)
        seen, _ = scanner.scan(view, platform, settings, context(tmp_path), tmp_path / "log", tmp_path / "report")
        assert (seen.doubts, seen.packages) == ((), 2)
        stored.add(seen.manifest)
    assert len(stored) == 2


def test_a_damaged_memory_of_layers_is_thrown_away(tmp_path: Path, settings: ScanSettings) -> None:
    assert len(scan(tmp_path, settings, DEBIAN).stops) == 1
    (kept,) = [path for path in (settings.cache / "fanal").iterdir() if path.is_file()]
    content = kept.read_bytes()
    for damaged in (b"", content[: len(content) // 2], bytes(len(content)), content[:-1] + b"\1"):
        for path in (settings.cache / "fanal").iterdir():
            path.write_bytes(damaged)
        verdict = scan(tmp_path, settings, DEBIAN)
        assert (verdict.doubts, len(verdict.stops)) == ((), 1)


def test_several_scans_at_once_share_the_cache(tmp_path: Path, settings: ScanSettings) -> None:
    with ThreadPoolExecutor(4) as pool:
        verdicts = list(pool.map(lambda _: scan(tmp_path, settings, DEBIAN), range(4)))
    assert [len(verdict.stops) for verdict in verdicts] == [1, 1, 1, 1]


def test_a_missing_database_is_its_own_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure) as caught:
        scan(tmp_path, ScanSettings(cache=tmp_path / "empty", database="offline"), DEBIAN)
    assert (caught.value.kind, caught.value.exit) == ("scan.data", Exit.UNKNOWN)


def test_a_damaged_database_is_as_good_as_none(tmp_path: Path, settings: ScanSettings) -> None:
    (settings.cache / "db" / "trivy.db").write_bytes(b"\0" * 8192)
    with pytest.raises(Failure, match="there is no vulnerability database"):
        scan(tmp_path, settings, DEBIAN)


class TestDownload:
    """The database is brought once a day, and a broken download costs nothing."""

    def served(self, tmp_path: Path, server: HTTPServer) -> str:
        folder = write_database(tmp_path / "served", ADVISORIES).folder
        return serve_artifact(server, "trivy-db", "db", {file.name: file.read_bytes() for file in folder.iterdir()})

    def test_it_is_brought_when_there_is_none(self, tmp_path: Path, httpserver: HTTPServer) -> None:
        settings = ScanSettings(cache=tmp_path / "cache", database=self.served(tmp_path, httpserver))
        assert len(scan(tmp_path, settings, DEBIAN).stops) == 1
        asked = len(httpserver.log)
        assert len(scan(tmp_path, settings, DEBIAN).stops) == 1
        assert len(httpserver.log) == asked

    def test_it_is_brought_when_it_is_older_than_a_day(self, tmp_path: Path, httpserver: HTTPServer) -> None:
        settings = ScanSettings(cache=tmp_path / "cache", database=self.served(tmp_path, httpserver))
        write_database(settings.cache, CLEAN, age=timedelta(days=2))
        assert len(scan(tmp_path, settings, DEBIAN).stops) == 1

    @pytest.mark.parametrize("answer", [429, 500])
    def test_a_copy_that_is_young_enough_does(self, tmp_path: Path, httpserver: HTTPServer, answer: int) -> None:
        httpserver.expect_request("/v2/").respond_with_json({})
        httpserver.expect_request("/v2/trivy-db/manifests/1").respond_with_data("{}", status=answer)
        reference = f"{httpserver.host}:{httpserver.port}/trivy-db:1"
        settings = ScanSettings(cache=tmp_path / "cache", database=reference)
        write_database(settings.cache, ADVISORIES, age=timedelta(days=2))
        verdict = scan(tmp_path, settings, DEBIAN)
        assert len(verdict.stops) == 1
        assert verdict.notes[0].startswith("the vulnerability database could not be updated: ")

    def test_without_such_a_copy_nobody_can_tell(self, tmp_path: Path) -> None:
        settings = ScanSettings(cache=tmp_path / "cache", database="127.0.0.1:1/trivy-db:1")
        write_database(settings.cache, ADVISORIES, age=timedelta(days=6))
        with pytest.raises(Failure) as caught:
            scan(tmp_path, settings, DEBIAN)
        assert caught.value.kind == "scan.data"
        assert "connection refused" in caught.value.evidence[-1]
        assert (settings.cache / "db" / "trivy.db").exists()

    def test_what_came_damaged_is_not_put_into_place(self, tmp_path: Path, httpserver: HTTPServer) -> None:
        old = write_database(tmp_path / "cache", ADVISORIES, age=timedelta(days=2))
        files = {"trivy.db": b"\0" * 8192, "metadata.json": (old.folder / "metadata.json").read_bytes()}
        reference = serve_artifact(httpserver, "trivy-db", "db", files)
        verdict = scan(tmp_path, ScanSettings(cache=tmp_path / "cache", database=reference), DEBIAN)
        assert len(verdict.stops) == 1
        assert "what was downloaded can't be read" in verdict.notes[0]


class TestJava:
    """Jars need an index of their own, which is brought when there are some."""

    def test_without_the_index_nobody_can_tell(self, tmp_path: Path, settings: ScanSettings) -> None:
        verdict = scan(tmp_path, settings, DEBIAN, {"app/a.jar": jar()})
        assert doubts(verdict) == "there are jars, and no index that says what they are"

    def test_the_index_is_brought_and_used(self, tmp_path: Path, httpserver: HTTPServer) -> None:
        named = {hashlib.sha1(jar()).hexdigest(): "org.example:a:1.2.3"}
        metadata = (write_database(tmp_path / "cache", ADVISORIES).folder / "metadata.json").read_bytes()
        files = {**java_index(tmp_path, named), "metadata.json": metadata.replace(b'"Version": 2', b'"Version": 1')}
        reference = serve_artifact(httpserver, "java", "javadb", files)
        settings = ScanSettings(cache=tmp_path / "cache", java_database=reference)
        verdict = scan(tmp_path, settings, DEBIAN, {"app/a.jar": jar()})
        assert verdict.packages == 3
        assert doubts(verdict) == "the scanner data has nothing on packages of type jar"


class TestBrokenScanner:
    """A Trivy that breaks, in the ways that programs break."""

    def using(self, tmp_path: Path, script: str) -> Context:
        """A context whose trivy runs ``script`` when it is asked to scan; ``$OUTPUT`` is where a report is awaited."""
        program = tmp_path / "bin" / "trivy"
        program.parent.mkdir()
        program.write_text(
            '#!/bin/sh\nif [ "$1" = version ]; then echo \'{"Version":"0.0.1"}\'; exit; fi\n'
            f'while [ "$1" != --output ]; do shift; done; OUTPUT=$2\n{script}\n'
        )
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        return context(tmp_path, PATH=f"{program.parent}:/usr/bin:/bin")

    @pytest.mark.parametrize(
        ("script", "doubt"),
        [
            ("echo 'x FATAL out of cheese' >&2; exit 1", "trivy ended with exit code 1\nx FATAL out of cheese"),
            ("kill -9 $$", "trivy was killed by signal 9"),
            ("exit 0", "Trivy's report can't be read"),
            ('printf \'{"SchemaVersion":2,"Results\' > $OUTPUT', "Trivy's report can't be read"),
            ("printf '{\"SchemaVersion\":3}' > $OUTPUT", "its schema is version 3, version 2 is understood"),
            ("printf '[%.0s' $(seq 20000) > $OUTPUT", "Trivy's report can't be read"),
            ("printf '{\"SchemaVersion\":2}' > $OUTPUT", "Trivy read image none"),
        ],
        ids=["fatal", "killed", "silent", "cut", "other-schema", "nested", "empty-report"],
    )
    def test_it_is_a_doubt_with_its_last_words(
        self, tmp_path: Path, settings: ScanSettings, script: str, doubt: str
    ) -> None:
        (tmp_path / "report.json").write_text("an earlier report")
        verdict = scan(tmp_path, settings, DEBIAN, using=self.using(tmp_path, script))
        assert verdict.outcome == "unknown"
        assert doubt in doubts(verdict)

    def test_one_that_hangs_is_stopped(
        self, tmp_path: Path, settings: ScanSettings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(scanner, "_MORE_PATIENCE", 0)
        using = self.using(tmp_path, "exec sleep 60")
        verdict = scan(tmp_path, replace(settings, timeout=1), DEBIAN, using=using)
        assert doubts(verdict) == "trivy did not end within 1 s"

    def test_a_program_that_is_not_the_pinned_one_is_not_run(self, tmp_path: Path, settings: ScanSettings) -> None:
        using = self.using(tmp_path, "touch /tmp/never; exit 1")
        with pytest.raises(Failure) as caught:
            scan(tmp_path, replace(settings, tool_sha256="0" * 64), DEBIAN, using=using)
        assert caught.value.kind == "tool.changed"

    def test_a_missing_one_is_its_own_failure(self, tmp_path: Path) -> None:
        with pytest.raises(Failure) as caught:
            scanner.find(context(tmp_path, PATH="/nonexistent"))
        assert (caught.value.kind, caught.value.exit) == ("scan.missing", Exit.UNKNOWN)
