"""The folder of the local registry: OCI layouts, shared content, one server at a time, and what a crash leaves."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.errors import Exit, Failure
from pipeline_kit.model.digest import digest_of
from pipeline_kit.oci import layout
from pipeline_kit.oci.server import serving
from tests.registry_requests import EMPTY, MANIFEST, connected, descriptor, index, manifest

if TYPE_CHECKING:
    from pathlib import Path

_IMAGE = manifest(layers=[descriptor(b"layer", "application/vnd.oci.image.layer.v1.tar")])
_REPORT = manifest(subject=descriptor(_IMAGE, MANIFEST), artifactType="application/vnd.example.report")


def _fill(folder: Path, repository: str = "shop/web") -> None:
    with serving(folder, durable=False) as address, connected(address) as registry:
        for blob in (EMPTY, b"layer"):
            registry.push_blob(repository, blob)
        for tag in ("1.0", "latest"):
            registry.push(repository, tag, _IMAGE)
        registry.push(repository, digest_of(_REPORT), _REPORT)


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    _fill(tmp_path)
    with serving(tmp_path) as address, connected(address) as registry:
        assert registry("GET", "shop/web/manifests/1.0").body == _IMAGE
        assert registry("GET", "shop/web/tags/list").json["tags"] == ["1.0", "latest"]
        referrers = registry("GET", f"shop/web/referrers/{digest_of(_IMAGE)}").json["manifests"]
        assert [entry["artifactType"] for entry in referrers] == ["application/vnd.example.report"]
        assert registry("GET", f"shop/web/manifests/{digest_of(_REPORT)}").headers["Content-Type"] == MANIFEST


def test_a_repository_is_an_oci_layout(tmp_path: Path) -> None:
    _fill(tmp_path)
    folder = tmp_path / "repositories" / "shop+web"
    assert json.loads((folder / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    entries = json.loads((folder / "index.json").read_text())["manifests"]
    names = [
        (entry["digest"], entry.get("annotations", {}).get("org.opencontainers.image.ref.name")) for entry in entries
    ]
    assert names == [(digest_of(_IMAGE), "1.0"), (digest_of(_IMAGE), "latest"), (digest_of(_REPORT), None)]
    for content in (EMPTY, b"layer", _IMAGE, _REPORT):
        assert layout.blob_path(folder, digest_of(content)).read_bytes() == content


def test_repositories_share_their_content(tmp_path: Path) -> None:
    for repository in ("shop/web", "shop/api"):
        _fill(tmp_path, repository)
    files = [
        layout.blob_path(tmp_path / "repositories" / name, digest_of(b"layer")) for name in ("shop+web", "shop+api")
    ]
    assert files[0].samefile(files[1])


def test_names_that_look_like_parts_of_the_folder_are_names(tmp_path: Path) -> None:
    names = ["a", "a/blobs", "a/blobs/sha256", "a/index.json", "blobs/uploads", "manifests/x/manifests", "tags/list"]
    with serving(tmp_path, durable=False) as address, connected(address) as registry:
        for name in names:
            registry.push_blob(name, EMPTY)
            assert registry.push(name, "1", manifest(annotations={"name": name})).status == 201
        for name in names:
            assert registry("GET", f"{name}/manifests/1").json["annotations"] == {"name": name}
        assert registry("GET", "_catalog").json["repositories"] == sorted(names)


def test_one_folder_has_one_server(tmp_path: Path) -> None:
    with serving(tmp_path), pytest.raises(Failure) as refused, serving(tmp_path):
        pass
    assert (refused.value.kind, refused.value.exit) == ("registry.busy", Exit.TRY_LATER)
    with serving(tmp_path):
        pass


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(Failure) as refused, serving(tmp_path):
        pass
    assert (refused.value.kind, refused.value.exit) == ("registry.folder", Exit.USAGE)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_can_not_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Failure) as refused, serving(tmp_path / "file" / "registry"):
        pass
    assert refused.value.kind == "registry.folder"
    assert str(tmp_path / "file" / "registry") in refused.value.headline


def test_what_a_crash_left_is_removed_at_the_next_start(tmp_path: Path) -> None:
    _fill(tmp_path)
    unnamed = tmp_path / "scratch" / "0123"
    unlinked = tmp_path / "blobs" / "sha256" / digest_of(b"half").removeprefix("sha256:")
    forgotten, recent = (tmp_path / "uploads" / "shop+web" / name for name in ("0" * 32, "1" * 32))
    for path in (unnamed, unlinked, forgotten, recent):
        path.write_bytes(b"half")
    yesterday = time.time() - 25 * 3600
    os.utime(forgotten, (yesterday, yesterday))
    with serving(tmp_path) as address, connected(address) as registry:
        assert [path.exists() for path in (unnamed, unlinked, forgotten, recent)] == [False, False, False, True]
        assert registry("GET", "shop/web/manifests/1.0").body == _IMAGE


def test_a_damaged_index_is_told_and_not_written_over(tmp_path: Path) -> None:
    _fill(tmp_path)
    file = tmp_path / "repositories" / "shop+web" / "index.json"
    file.write_text(file.read_text()[:-20])
    damaged = file.read_bytes()
    with serving(tmp_path) as address, connected(address) as registry:
        answer = registry("GET", "shop/web/manifests/1.0")
        assert (answer.status, answer.code) == (500, "UNKNOWN")
        assert "the index of shop/web can't be read" in answer.body.decode()
        assert registry.push("shop/web", "2.0", _IMAGE).status == 500
        assert registry.push_blob("shop/api", EMPTY)
    assert file.read_bytes() == damaged


def test_a_full_disk_is_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tmp_path, durable=False) as address, connected(address) as registry:
        registry.push_blob("shop/web", EMPTY)
        registry.push("shop/web", "1", manifest())
        monkeypatch.setattr("pipeline_kit.oci.server.disk.Disk.write", _no_space)
        assert registry.push("shop/web", "2", manifest()).status == 507
        assert registry("GET", "shop/web/tags/list").json["tags"] == ["1"]
        assert registry("GET", "shop/web/manifests/2").status == 404


def _no_space(*_: object) -> None:
    raise OSError(28, os.strerror(28))


def test_an_index_of_manifests_is_kept_too(tmp_path: Path) -> None:
    _fill(tmp_path)
    both = index(_IMAGE, _REPORT)
    with serving(tmp_path) as address, connected(address) as registry:
        assert registry.push("shop/web", "all", both).status == 201
    with serving(tmp_path) as address, connected(address) as registry:
        assert registry("GET", "shop/web/manifests/all").body == both
