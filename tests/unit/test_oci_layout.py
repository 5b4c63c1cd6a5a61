"""Layouts: what is read in them, and what is refused."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.errors import Failure
from pipeline_kit.oci.layout import blob_path, read
from pipeline_kit.oci.layout_folder import prune, replace, seed
from tests.world.sample_image import AMD64, ARM64, layer_tar, write_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _edit_index(folder: Path, change: Callable[[dict[str, list[dict[str, object]]]], None]) -> None:
    index = json.loads((folder / "index.json").read_bytes())
    change(index)
    (folder / "index.json").write_text(json.dumps(index))


def _failure(folder: Path) -> Failure:
    with pytest.raises(Failure) as caught:
        read(folder)
    return caught.value


def test_a_manifest_is_an_image_of_one_platform(tmp_path: Path) -> None:
    image = write_image(tmp_path / "image")
    layout = read(tmp_path / "image")
    assert layout.root.digest == image.digest
    assert [platform.platform for platform in layout.platforms] == [AMD64]
    assert [manifest.digest for manifest in layout.manifests] == [image.digest]
    assert len(layout.blobs) == 3
    assert image.size == layout.size


def test_an_attestation_is_no_platform_but_belongs_to_the_image(tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", platforms=(AMD64, ARM64), attested=True)
    layout = read(tmp_path / "image")
    assert [platform.platform for platform in layout.platforms] == [AMD64, ARM64]
    assert len(layout.manifests) == 4
    assert layout.manifests[-1].digest == image.digest, "an index is published last"
    assert len(layout.blobs) == 2 + 2 + 2, "shared layers, two configs, the attestation's two blobs"


def test_the_same_image_listed_twice_is_one_image(tmp_path: Path) -> None:
    image = write_image(tmp_path / "image")
    _edit_index(tmp_path / "image", lambda index: index["manifests"].append(dict(index["manifests"][0])))
    assert read(tmp_path / "image").root.digest == image.digest


def test_two_images_are_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "image")
    write_image(tmp_path / "other", tars=[layer_tar("other")])
    other = json.loads((tmp_path / "other" / "index.json").read_bytes())["manifests"][0]
    _edit_index(tmp_path / "image", lambda index: index["manifests"].append(other))
    failure = _failure(tmp_path / "image")
    assert failure.kind == "layout.several"
    assert "2 images" in failure.headline


def test_an_empty_index_is_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "image")
    _edit_index(tmp_path / "image", lambda index: index["manifests"].clear())
    assert _failure(tmp_path / "image").kind == "layout.invalid"


@pytest.mark.parametrize("missing", ["index.json", "oci-layout", "blobs"])
def test_what_makes_a_layout_must_be_there(tmp_path: Path, missing: str) -> None:
    write_image(tmp_path / "image")
    (tmp_path / "image" / missing).rename(tmp_path / "aside")
    failure = _failure(tmp_path / "image")
    assert failure.kind in ("layout.invalid", "layout.missing")
    assert missing in failure.headline


@pytest.mark.parametrize("linked", ["index.json", "oci-layout", "blobs", "blobs/sha256"])
def test_links_are_not_followed(tmp_path: Path, linked: str) -> None:
    write_image(tmp_path / "image")
    (tmp_path / "image" / linked).rename(tmp_path / "aside")
    (tmp_path / "image" / linked).symlink_to(tmp_path / "aside")
    assert _failure(tmp_path / "image").kind == "layout.invalid"


def test_a_blob_that_is_a_link_or_a_pipe_is_refused(tmp_path: Path) -> None:
    image = write_image(tmp_path / "image")
    manifest = blob_path(tmp_path / "image", image.digest)
    manifest.rename(tmp_path / "aside")
    manifest.symlink_to(tmp_path / "aside")
    assert _failure(tmp_path / "image").kind == "layout.invalid"
    manifest.unlink()
    os.mkfifo(manifest)
    assert _failure(tmp_path / "image").kind == "layout.invalid"


def test_a_manifest_that_is_other_bytes_is_refused(tmp_path: Path) -> None:
    image = write_image(tmp_path / "image")
    path = blob_path(tmp_path / "image", image.digest)
    path.write_bytes(path.read_bytes().replace(b"config", b"Config", 1))
    assert _failure(tmp_path / "image").kind == "layout.tampered"


def test_a_document_that_two_programs_read_differently_is_refused(tmp_path: Path) -> None:
    write_image(tmp_path / "image")
    index = (tmp_path / "image" / "index.json").read_text()
    (tmp_path / "image" / "index.json").write_text(index.replace('{"schema', '{"Manifests":[],"schema', 1))
    assert "twice" in _failure(tmp_path / "image").headline


@pytest.mark.parametrize("text", ["", "[]", "{}", "[" * 100_000, '{"manifests":7}', "\xff"])
def test_an_index_that_is_none_is_a_failure_and_no_crash(tmp_path: Path, text: str) -> None:
    write_image(tmp_path / "image")
    (tmp_path / "image" / "index.json").write_text(text, encoding="latin-1")
    assert _failure(tmp_path / "image").kind == "layout.invalid"


def test_a_build_seeded_with_earlier_blobs_is_pruned_to_its_own(tmp_path: Path) -> None:
    shared = layer_tar("shared")
    write_image(tmp_path / "earlier", tars=[shared, layer_tar("old")])
    fresh = tmp_path / "fresh"
    assert len(seed(tmp_path / "earlier", fresh)) == 4
    seeded = sorted(path.name for path in (fresh / "blobs" / "sha256").iterdir())
    image = write_image(tmp_path / "built", tars=[shared, layer_tar("new")])
    for path in (tmp_path / "built" / "blobs" / "sha256").iterdir():
        path.replace(fresh / "blobs" / "sha256" / path.name)
    for name in ("index.json", "oci-layout"):
        (tmp_path / "built" / name).rename(fresh / name)
    (fresh / "ingest").mkdir()
    assert prune(read(fresh)) == 3, "config, manifest and one layer of the earlier image"
    left = {path.name for path in (fresh / "blobs" / "sha256").iterdir()}
    assert len(left & set(seeded)) == 1
    assert not (fresh / "ingest").exists()
    assert read(fresh).root.digest == image.digest


def test_a_layout_is_replaced_whole(tmp_path: Path) -> None:
    write_image(tmp_path / "image")
    image = write_image(tmp_path / "fresh", tars=[layer_tar("new")])
    replace(tmp_path / "fresh", tmp_path / "image")
    assert read(tmp_path / "image").root.digest == image.digest
    assert [path.name for path in tmp_path.iterdir()] == ["image"]


def test_the_earlier_layout_stays_if_it_can_not_be_replaced(tmp_path: Path) -> None:
    image = write_image(tmp_path / "image")
    with pytest.raises(FileNotFoundError):
        replace(tmp_path / "nothing", tmp_path / "image")
    assert read(tmp_path / "image").root.digest == image.digest
