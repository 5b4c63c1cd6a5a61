"""Every byte of a layout counts."""

from __future__ import annotations

import gzip
import importlib.util
import io
import json
import os
import threading
import time
from pathlib import Path

import msgspec
import pytest

from pipeline_kit.errors import Failure
from pipeline_kit.model.digest import digest_of, short
from pipeline_kit.oci.documents import Descriptor
from pipeline_kit.oci.layout import blob_path, read
from pipeline_kit.oci.layout_folder import create, write_blob, write_index
from pipeline_kit.oci.media_types import CONFIG, LAYER_GZIP, MANIFEST
from pipeline_kit.oci.verify import verify
from pipeline_kit.oci.view import view
from tests.world.sample_image import AMD64, ARM64, layer_tar, write_image

_ZSTD_FRAME = bytes.fromhex("28b52ffd0458190000616263990977ad")


def _refusal(folder: Path, expected: str | None = None, **options: int) -> Failure:
    with pytest.raises(Failure) as caught:
        verify(folder, expected, **options)
    return caught.value


def _image_of(folder: Path, stored: bytes, tar: bytes) -> str:
    """An image whose one layer is stored as ``stored`` and said to be ``tar``; the layer's digest."""
    create(folder)
    config = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": [digest_of(tar)]}}).encode()
    layer = Descriptor(LAYER_GZIP, write_blob(folder, stored), len(stored))
    entry = Descriptor(CONFIG, write_blob(folder, config), len(config))
    manifest = msgspec.json.encode({"schemaVersion": 2, "mediaType": MANIFEST, "config": entry, "layers": [layer]})
    write_index(folder, Descriptor(MANIFEST, write_blob(folder, manifest), len(manifest)))
    return layer.digest


def _has_zstd() -> bool:
    packages = [name for name in ("compression", "backports") if importlib.util.find_spec(name)]
    return any(importlib.util.find_spec(f"{package}.zstd") for package in packages)


def test_an_untouched_image_is_what_it_says(tmp_path: Path) -> None:
    image = write_image(tmp_path, platforms=(AMD64, ARM64), attested=True)
    verified = verify(tmp_path, image.digest)
    assert (verified.digest, verified.platforms) == (image.digest, image.platforms)


def test_another_image_than_expected_is_refused(tmp_path: Path) -> None:
    write_image(tmp_path)
    assert _refusal(tmp_path, "sha256:" + "0" * 64).kind == "layout.other"


def test_a_flipped_bit_in_any_blob_is_found_and_named(tmp_path: Path) -> None:
    write_image(tmp_path, platforms=(AMD64, ARM64), attested=True)
    layout = read(tmp_path)
    for blob in (*layout.blobs, *layout.manifests):
        path = blob_path(tmp_path, blob.digest)
        content = path.read_bytes()
        path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        failure = _refusal(tmp_path)
        assert failure.kind == "layout.tampered"
        assert short(blob.digest) in failure.headline
        path.write_bytes(content)
    verify(tmp_path, None)


@pytest.mark.parametrize(
    ("kind", "harm"),
    [
        ("layout.truncated", lambda path: path.write_bytes(path.read_bytes()[:-1])),
        ("layout.tampered", lambda path: path.write_bytes(path.read_bytes() + b"0")),
        ("layout.missing", lambda path: path.unlink()),
    ],
)
def test_a_cut_longer_or_missing_blob_is_named(tmp_path: Path, kind: str, harm: object) -> None:
    image = write_image(tmp_path)
    layer = image.platforms[0].layers[1]
    assert callable(harm)
    harm(blob_path(tmp_path, layer))
    failure = _refusal(tmp_path)
    assert failure.kind == kind
    assert short(layer) in failure.headline


def test_a_layer_swapped_for_an_empty_one_is_found(tmp_path: Path) -> None:
    empty = gzip.compress(bytes(10240), mtime=0)
    layer = _image_of(tmp_path, empty, layer_tar("real"))
    failure = _refusal(tmp_path)
    assert failure.kind == "layout.diff-id"
    assert short(layer) in failure.headline


@pytest.mark.parametrize("members", [1, 3])
@pytest.mark.parametrize("size", [0, 1, 5_000_000])
def test_gzip_in_one_or_several_members_is_unpacked(tmp_path: Path, members: int, size: int) -> None:
    tar = bytes(size)
    step = max(1, -(-size // members))
    parts = [tar[start : start + step] for start in range(0, max(size, 1), step)]
    _image_of(tmp_path, b"".join(gzip.compress(part, mtime=0) for part in parts), tar)
    verify(tmp_path, None)


@pytest.mark.parametrize(
    "stored",
    [gzip.compress(b"tar")[:-5], gzip.compress(b"tar") + b"rest", b"\x1f\x8bnonsense"],
    ids=["cut", "followed by something", "no gzip"],
)
def test_gzip_that_can_not_be_read_whole_is_refused(tmp_path: Path, stored: bytes) -> None:
    _image_of(tmp_path, stored, b"tar")
    assert _refusal(tmp_path).kind == "layout.diff-id"


def test_an_uncompressed_layer_is_its_own_tar(tmp_path: Path) -> None:
    tar = layer_tar("plain")
    _image_of(tmp_path, tar, tar)
    verify(tmp_path, None)


def test_a_bomb_is_given_up(tmp_path: Path) -> None:
    tar = bytes(50 << 20)
    _image_of(tmp_path, gzip.compress(tar), tar)
    assert len(blob_path(tmp_path, read(tmp_path).blobs[1].digest).read_bytes()) < 60_000
    assert _refusal(tmp_path, most_unpacked=20 << 20).kind == "layout.bomb"
    verify(tmp_path, None, most_unpacked=50 << 20)


def test_zstd_is_unpacked_where_python_can_and_else_refused(tmp_path: Path) -> None:
    _image_of(tmp_path, _ZSTD_FRAME, b"abc")
    if _has_zstd():
        verify(tmp_path, None)
        _image_of(tmp_path, _ZSTD_FRAME[:-1], b"abc")
        assert _refusal(tmp_path).kind == "layout.diff-id"
    else:
        assert _refusal(tmp_path).kind == "layout.zstd"


def test_progress_ends_with_all_bytes(tmp_path: Path) -> None:
    image = write_image(tmp_path)
    seen: list[tuple[int, int]] = []

    class Seen:
        def update(self, what: str = "", done: int = 0, total: int = 0) -> None:
            seen.append((done, total))

    verify(tmp_path, None, progress=Seen())
    assert seen[-1] == (image.size, image.size)


def test_an_interrupt_ends_it_at_once(tmp_path: Path) -> None:
    tar = bytes(300 << 20)
    stored = io.BytesIO()
    with gzip.GzipFile(fileobj=stored, mode="wb", compresslevel=1, mtime=0) as packed:
        packed.write(tar)
    _image_of(tmp_path, stored.getvalue(), tar)
    del tar
    running = threading.active_count()

    class Interrupting:
        def update(self, what: str = "", done: int = 0, total: int = 0) -> None:
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        verify(tmp_path, None, progress=Interrupting())
    assert time.monotonic() - started < 1
    assert threading.active_count() == running


def test_a_file_that_was_hashed_is_not_read_again_until_it_changes(tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", tars=[layer_tar("large", 30_000_000), layer_tar("small")])
    layer = blob_path(tmp_path / "image", image.platforms[0].layers[0])

    def read_by_verifying() -> int:
        before = _bytes_read()
        verify(tmp_path / "image", image.digest, memory=tmp_path / "memory")
        return _bytes_read() - before

    assert read_by_verifying() > 30_000_000
    assert read_by_verifying() < 1_000_000
    content, times = layer.read_bytes(), layer.stat()
    layer.with_name("same").write_bytes(content)
    layer.with_name("same").replace(layer)
    os.utime(layer, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert read_by_verifying() > 15_000_000, "another file with the same bytes and times"
    layer.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
    os.utime(layer, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(Failure) as caught:
        verify(tmp_path / "image", image.digest, memory=tmp_path / "memory")
    assert caught.value.kind == "layout.tampered"


def _bytes_read() -> int:
    """What this process has read so far, from files or the cache of the kernel."""
    return int(Path("/proc/self/io").read_text().split()[1])


@pytest.mark.parametrize("torn", [b"", b"{}", b"\xff" * 64], ids=["empty", "cut", "bytes"])
def test_a_torn_memory_is_no_obstacle(tmp_path: Path, torn: bytes) -> None:
    image = write_image(tmp_path / "image")
    verify(tmp_path / "image", image.digest, memory=tmp_path / "memory")
    for note in (tmp_path / "memory").iterdir():
        note.write_bytes(torn)
    verify(tmp_path / "image", image.digest, memory=tmp_path / "memory")


def test_a_view_holds_one_platform_without_a_copy(tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", platforms=(AMD64, ARM64), attested=True)
    arm = image.platforms[1]
    folder = view(tmp_path / "image", arm, tmp_path / "view")
    index = json.loads((folder / "index.json").read_bytes())
    assert [entry["digest"] for entry in index["manifests"]] == [arm.manifest]
    blob = folder / "blobs" / "sha256" / arm.layers[0].removeprefix("sha256:")
    assert blob.samefile(blob_path(tmp_path / "image", arm.layers[0]))
    view(tmp_path / "image", image.platforms[0], tmp_path / "view")
