"""A layer that is another one while the scanner reads it, and then itself again; a package database that leaves out."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.errors import Failure
from pipeline_kit.model.image import Image, Tool
from pipeline_kit.oci.layout import blob_path, read
from pipeline_kit.scanners.settings import ScanSettings
from pipeline_kit.steps.scan import scan
from tests.contract.scan_images import DEBIAN, dpkg, image
from tests.contract.test_trivy import ADVISORIES, NOTHING_KNOWN, PATH, context
from tests.world.trivy_database import write_database

if TYPE_CHECKING:
    from pathlib import Path

# Before and after the real trivy runs. $T is the layout, $L the layer, $E the other one.
ATTACKS = {
    "renamed": ('mv "$L" "$L.x"; cp "$E" "$L"', 'rm "$L"; mv "$L.x" "$L"'),
    "overwritten": (
        'cp "$L" "$T.x"; touch -r "$L" "$T.t"; cat "$E" > "$L"',
        'cat "$T.x" > "$L"; touch -r "$T.t" "$L"',
    ),
    "linked": ('ln "$L" "$T.x"; rm "$L"; cp "$E" "$L"', 'rm "$L"; ln "$T.x" "$L"; rm "$T.x"'),
    "folder": (
        'mv "$T/blobs" "$T.b"; cp -r "$T.b" "$T/blobs"; cat "$E" > "$L"',
        'rm -r "$T/blobs"; mv "$T.b" "$T/blobs"',
    ),
    "layout": ('mv "$T" "$T.b"; cp -r "$T.b" "$T"; cat "$E" > "$L"', 'rm -r "$T"; mv "$T.b" "$T"'),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_layer_that_is_swapped_and_swapped_back_is_found(tmp_path: Path, trivy: Path, attack: str) -> None:
    (tmp_path / "root").mkdir()
    write_database(tmp_path / "cache", ADVISORIES)
    settings = ScanSettings(cache=tmp_path / "cache", database="offline")
    folder, platform = image(tmp_path / "image", DEBIAN)
    other, harmless = image(tmp_path / "other", NOTHING_KNOWN)
    built = Image(platform.manifest, (platform,), "0" * 40, Tool("test", "1"), str(folder))
    layer = blob_path(folder, platform.layers[0])
    before, after = ATTACKS[attack]
    real = shutil.which("trivy", path=PATH)
    program = tmp_path / "bin" / "trivy"
    program.parent.mkdir()
    program.write_text(
        f"#!/bin/sh\nT='{folder}' L='{layer}' E='{blob_path(other, harmless.layers[0])}'\n"
        f'case "$*" in *--input*) ;; *) exec "{real}" "$@";; esac\n'
        f'{before}\n"{real}" "$@"; code=$?\n{after}\nexit $code\n'
    )
    program.chmod(0o755)
    attacked = context(tmp_path, PATH=f"{program.parent}:{PATH}")
    outcome = ""
    try:
        outcome = scan(built, attacked, scanner="trivy", settings=settings).outcome
    except Failure as failure:
        outcome = failure.kind
    assert outcome in ("layout.changed", "refused")
    assert read(folder).platforms == (platform,)
    assert scan(built, context(tmp_path), scanner="trivy", settings=settings).outcome == "refused", (
        "nothing is believed later"
    )


def test_packages_that_an_upper_layer_takes_out_of_the_database_alone_are_a_doubt(tmp_path: Path, trivy: Path) -> None:
    (tmp_path / "root").mkdir()
    write_database(tmp_path / "cache", ADVISORIES)
    settings = ScanSettings(cache=tmp_path / "cache", database="offline")
    folder, platform = image(tmp_path / "image", DEBIAN, dpkg(("tar", "1.34")))
    built = Image(platform.manifest, (platform,), "0" * 40, Tool("test", "1"), str(folder))
    for _ in range(2):
        verdict = scan(built, context(tmp_path), scanner="trivy", settings=settings)
        assert verdict.outcome == "unknown"
        assert verdict.doubts == ("a layer changes zlib1g, busybox in the package database, and leaves the files",)
