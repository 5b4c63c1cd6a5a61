"""Archives of engines become layouts, the same one each time."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
import time
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.errors import Failure
from pipeline_kit.model.digest import digest_of
from pipeline_kit.oci.deflate import BLOCK, compress
from pipeline_kit.oci.docker_archive import convert
from pipeline_kit.oci.layer_cache import LayerCache
from pipeline_kit.oci.layout import blob_path, read
from pipeline_kit.oci.verify import verify
from tests.world.sample_image import AMD64, ARM64, layer_tar, write_image

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


def _tar(path: Path, files: Mapping[str, bytes | str]) -> Path:
    """An archive of ``files``; a text is the target of a link."""
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            if isinstance(content, str):
                member.type, member.linkname = tarfile.SYMTYPE, content
                archive.addfile(member)
            else:
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return path


def _config(layers: Sequence[bytes]) -> bytes:
    diff_ids = [digest_of(layer) for layer in layers]
    return json.dumps(
        {"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": diff_ids}, "odd": " kept "}
    ).encode()


def _saved(path: Path, layers: Sequence[bytes], config: bytes | None = None, images: int = 1) -> Path:
    """An archive as the classic image store writes it."""
    names = [f"{number}/layer.tar" for number in range(len(layers))]
    files = dict(zip(names, layers, strict=True))
    listing = [{"Config": "image.json", "RepoTags": None, "Layers": names}] * images
    manifest = json.dumps(listing).encode()
    return _tar(path, {**files, "image.json": config or _config(layers), "manifest.json": manifest})


def _failure(archive: Path, folder: Path) -> Failure:
    with pytest.raises(Failure) as caught:
        convert(archive, folder)
    return caught.value


def test_the_config_keeps_its_bytes_and_the_layers_their_content(tmp_path: Path) -> None:
    layers = [layer_tar("one"), layer_tar("two", 3_000_000)]
    digest = convert(_saved(tmp_path / "image.tar", layers), tmp_path / "layout")
    assert verify(tmp_path / "layout", digest).digest == digest
    (platform,) = read(tmp_path / "layout").platforms
    assert platform.platform == AMD64
    assert blob_path(tmp_path / "layout", platform.config).read_bytes() == _config(layers)
    assert [gzip.decompress(blob_path(tmp_path / "layout", layer).read_bytes()) for layer in platform.layers] == layers


def test_it_comes_out_the_same_with_any_number_of_threads_and_with_a_cache(tmp_path: Path) -> None:
    archive = _saved(tmp_path / "image.tar", [layer_tar("one"), layer_tar("two", 5_000_000)])
    cache = LayerCache(tmp_path / "cache")
    digests = {convert(archive, tmp_path / "layout", workers=workers) for workers in (1, 3)}
    digests |= {convert(archive, tmp_path / "layout", cache=cache) for _ in range(2)}
    assert len(digests) == 1


def test_a_layer_in_the_cache_is_not_compressed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    base, cache = layer_tar("base"), LayerCache(tmp_path / "cache")
    compressed = []

    def counting(*arguments: object, **options: object) -> object:
        compressed.append(1)
        return compress(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("pipeline_kit.oci.docker_archive.compress", counting)
    convert(_saved(tmp_path / "1.tar", [base, layer_tar("one")]), tmp_path / "layout", cache=cache)
    convert(_saved(tmp_path / "2.tar", [base, layer_tar("two")]), tmp_path / "layout", cache=cache)
    assert len(compressed) == 3
    verify(tmp_path / "layout", None)


def test_a_damaged_file_in_the_cache_is_made_again(tmp_path: Path) -> None:
    archive, cache = _saved(tmp_path / "image.tar", [layer_tar("one")]), LayerCache(tmp_path / "cache")
    digest = convert(archive, tmp_path / "layout", cache=cache)
    for path in (tmp_path / "cache").iterdir():
        path.unlink()
        (tmp_path / "cache" / path.name).write_bytes(b"damaged")
    assert convert(archive, tmp_path / "layout", cache=cache) == digest
    verify(tmp_path / "layout", digest)


def test_what_is_of_no_use_for_two_weeks_leaves_the_cache(tmp_path: Path) -> None:
    cache = LayerCache(tmp_path / "cache")
    convert(_saved(tmp_path / "1.tar", [layer_tar("old"), layer_tar("used")]), tmp_path / "layout", cache=cache)
    long_ago = time.time() - 15 * 24 * 3600
    for path in (tmp_path / "cache").iterdir():
        os.utime(path, (long_ago, long_ago))
    convert(_saved(tmp_path / "2.tar", [layer_tar("used"), layer_tar("new")]), tmp_path / "layout", cache=cache)
    assert len(list((tmp_path / "cache").iterdir())) == 2


def test_a_layer_that_is_stored_once_and_linked_to_is_found(tmp_path: Path) -> None:
    layer = layer_tar("one")
    listing = json.dumps([{"Config": "c.json", "Layers": ["a/layer.tar", "b/layer.tar"]}]).encode()
    files = {
        "a/layer.tar": layer,
        "b/layer.tar": "../a/layer.tar",
        "c.json": _config([layer] * 2),
        "manifest.json": listing,
    }
    convert(_tar(tmp_path / "image.tar", files), tmp_path / "layout")
    assert len(set(read(tmp_path / "layout").platforms[0].layers)) == 1


@pytest.mark.parametrize("target", ["/etc/passwd", "../../../../etc/passwd", "b/layer.tar", "nothing"])
def test_a_link_that_leads_out_of_the_archive_leads_nowhere(tmp_path: Path, target: str) -> None:
    listing = json.dumps([{"Config": "c.json", "Layers": ["b/layer.tar"]}]).encode()
    files = {"b/layer.tar": target, "c.json": _config([b""]), "manifest.json": listing}
    assert _failure(_tar(tmp_path / "image.tar", files), tmp_path / "layout").kind == "layout.archive"


def test_a_layer_that_is_not_what_its_config_says_is_refused(tmp_path: Path) -> None:
    archive = _saved(tmp_path / "image.tar", [layer_tar("one")], _config([layer_tar("other")]))
    assert _failure(archive, tmp_path / "layout").kind == "layout.diff-id"


def test_several_images_are_refused(tmp_path: Path) -> None:
    archive = _saved(tmp_path / "image.tar", [layer_tar("one")], images=2)
    assert _failure(archive, tmp_path / "layout").kind == "layout.several"


@pytest.mark.parametrize("cut", [0, 100, 512, 5_000, -2_000])
def test_half_an_archive_is_a_failure_and_no_crash(tmp_path: Path, cut: int) -> None:
    archive = _saved(tmp_path / "image.tar", [layer_tar("one")])
    archive.write_bytes(archive.read_bytes().rstrip(b"\0")[:cut])
    assert _failure(archive, tmp_path / "layout").kind == "layout.archive"


def test_a_layout_in_an_archive_is_taken_over_byte_for_byte(tmp_path: Path) -> None:
    image = write_image(tmp_path / "image", platforms=(AMD64, ARM64), attested=True)
    paths = [path for path in (tmp_path / "image").rglob("*") if path.is_file()]
    files = {str(path.relative_to(tmp_path / "image")): path.read_bytes() for path in paths}
    files["blobs/sha256/../../../escaped"] = b"evil"
    files["blobs/sha256/" + "0" * 64] = b"not referred to"
    assert convert(_tar(tmp_path / "image.tar", files), tmp_path / "layout") == image.digest
    assert verify(tmp_path / "layout", image.digest).platforms == image.platforms
    assert not (tmp_path / "escaped").exists()
    assert len(list((tmp_path / "layout" / "blobs" / "sha256").iterdir())) == len(paths) - 2


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 7])
def test_what_is_compressed_by_blocks_is_one_gzip_member(size: int) -> None:
    content = (b"the same again and again " * (size // 25 + 1))[:size]
    target = io.BytesIO()
    blocks = (content[start : start + BLOCK] for start in range(0, size, BLOCK))
    done = compress(blocks, target, workers=3)
    assert gzip.decompress(target.getvalue()) == content
    assert (done.diff_id, done.digest, done.size) == (
        digest_of(content),
        digest_of(target.getvalue()),
        len(target.getvalue()),
    )
    assert target.getvalue()[4:8] == bytes(4), "no time"
