"""Manifests of the local registry: what is accepted, by which name, on which condition; deletion."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.model.digest import digest_of
from pipeline_kit.oci.server import serving
from tests.registry_requests import EMPTY, INDEX, MANIFEST, Connection, connected, descriptor, index, manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ONE, _TWO = manifest(annotations={"number": "one"}), manifest(annotations={"number": "two"})
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_DOCKER = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Connection]:
    """A registry whose repository shop/web has the empty config."""
    with serving(tmp_path, durable=False) as address, connected(address) as connection:
        connection.push_blob("shop/web", EMPTY)
        yield connection


def test_a_manifest_is_found_by_tag_and_by_digest_as_it_was_sent(registry: Connection) -> None:
    answer = registry.push("shop/web", "1.0", _ONE)
    digest = digest_of(_ONE)
    assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, digest)
    assert answer.headers["Location"] == f"/v2/shop/web/manifests/{digest}"
    for name in ("1.0", digest):
        answer = registry("GET", f"shop/web/manifests/{name}")
        assert (answer.status, answer.body, answer.headers["Content-Type"]) == (200, _ONE, MANIFEST)
        answer = registry("HEAD", f"shop/web/manifests/{name}")
        assert (answer.status, answer.body, answer.headers["Docker-Content-Digest"]) == (200, b"", digest)


def test_docker_media_types_are_kept(registry: Connection) -> None:
    content = manifest(mediaType=_DOCKER)
    registry.push("shop/web", "docker", content)
    assert registry("GET", "shop/web/manifests/docker").headers["Content-Type"] == _DOCKER


def test_the_media_type_of_the_request_counts_where_the_manifest_has_none(registry: Connection) -> None:
    content = json.dumps({"schemaVersion": 2, "config": descriptor(EMPTY, "x/y"), "layers": None}).encode()
    assert (
        registry("PUT", "shop/web/manifests/1", content, {"Content-Type": f"{MANIFEST}; charset=utf-8"}).status == 201
    )
    assert registry("GET", "shop/web/manifests/1").headers["Content-Type"] == MANIFEST


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"schemaVersion": 2}',
        manifest(schemaVersion=1),
        manifest(mediaType=_DOCKER),
        manifest(mediaType=INDEX),
        manifest(manifests=[]),
        manifest(subject={"mediaType": MANIFEST, "size": 1, "digest": "x\r\nSet-Cookie: y"}),
        _ONE.replace(b'"config"', b'"Config": null, "config"'),
    ],
    ids=["nothing", "a list", "cut", "deep", "empty", "version 1", "docker", "index", "both", "subject", "twice"],
)
def test_what_is_no_manifest_is_refused(registry: Connection, content: bytes) -> None:
    answer = registry("PUT", "shop/web/manifests/1", content, {"Content-Type": MANIFEST})
    assert (answer.status, answer.code) == (400, "MANIFEST_INVALID")
    assert registry("GET", "shop/web/manifests/1").status == 404


def test_other_media_types_are_refused(registry: Connection) -> None:
    content = manifest(mediaType="application/vnd.docker.distribution.manifest.v1+json")
    assert registry.push("shop/web", "1", content).code == "MANIFEST_INVALID"


def test_a_manifest_may_have_4_mib_and_not_a_byte_more(registry: Connection) -> None:
    fitting = _ONE + b" " * ((4 << 20) - len(_ONE))
    assert registry.push("shop/web", "large", fitting).status == 201
    assert registry.push("shop/web", "larger", fitting + b" ").status == 413
    assert registry("PUT", "shop/web/manifests/larger", iter([fitting, b" "]), {"Content-Type": MANIFEST}).status == 413
    assert registry("GET", "shop/web/manifests/large").body == fitting


def test_a_wrong_digest_is_refused(registry: Connection) -> None:
    assert registry.push("shop/web", digest_of(b"other"), _ONE).code == "DIGEST_INVALID"
    assert registry("GET", f"shop/web/manifests/{digest_of(_ONE)}").status == 404


def test_what_a_manifest_names_has_to_be_there_in_full(registry: Connection) -> None:
    layer = descriptor(b"layer", _LAYER)
    assert registry.push("shop/web", "1", manifest(layers=[layer])).code == "MANIFEST_BLOB_UNKNOWN"
    registry.push_blob("shop/api", b"layer")
    assert registry.push("shop/web", "1", manifest(layers=[layer])).code == "MANIFEST_BLOB_UNKNOWN"
    registry.push_blob("shop/web", b"layer")
    assert registry.push("shop/web", "1", manifest(layers=[{**layer, "size": 4}])).code == "SIZE_INVALID"
    assert registry.push("shop/web", "1", manifest(layers=[layer])).status == 201


def test_a_layer_that_is_elsewhere_need_not_be_there(registry: Connection) -> None:
    elsewhere = {**descriptor(b"layer", _LAYER), "urls": ["https://example.com/layer"]}
    foreign = descriptor(b"layer", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")
    assert registry.push("shop/web", "1", manifest(layers=[elsewhere, foreign])).status == 201


def test_the_manifests_of_an_index_come_first(registry: Connection) -> None:
    assert registry.push("shop/web", "all", index(_ONE)).code == "MANIFEST_BLOB_UNKNOWN"
    registry.push_blob("shop/web", _ONE)  # as a blob nobody could pull it
    assert registry.push("shop/web", "all", index(_ONE)).code == "MANIFEST_BLOB_UNKNOWN"
    registry.push("shop/web", digest_of(_ONE), _ONE)
    assert registry.push("shop/web", "all", index(_ONE)).status == 201


def test_an_index_may_list_blobs_as_buildkits_cache_does(registry: Connection) -> None:
    registry.push_blob("shop/web", b"layer")
    content = index(
        manifests=[descriptor(b"layer", _LAYER), descriptor(EMPTY, "application/vnd.buildkit.cacheconfig.v0")]
    )
    assert registry.push("shop/web", "cache", content).status == 201


def test_a_manifest_by_digest_takes_tags_along(registry: Connection) -> None:
    digest = f"sha512:{hashlib.sha512(_ONE).hexdigest()}"
    answer = registry.push("shop/web", f"{digest}?tag=1.0&tag=latest", _ONE)
    assert (answer.status, answer.headers["OCI-Tag"]) == (201, "1.0, latest")
    assert registry("GET", "shop/web/manifests/latest").headers["Docker-Content-Digest"] == digest


@pytest.mark.parametrize("name", [".x", "x" * 129, "a%20b", "sha256:xyz", "%2e%2e"])
def test_what_is_neither_tag_nor_digest_is_refused(registry: Connection, name: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert registry(method, f"shop/web/manifests/{name}", _ONE, {"Content-Type": MANIFEST}).status == 400
    assert registry.push("shop/web", f"{digest_of(_ONE)}?tag={name}", _ONE).status == 400


def test_a_tag_that_must_not_exist_is_made_once(registry: Connection) -> None:
    new = {"If-None-Match": "*"}
    assert registry.push("shop/web", "1.0", _ONE, new).status == 201
    answer = registry.push("shop/web", "1.0", _TWO, new)
    assert (answer.status, answer.code, answer.headers["ETag"]) == (412, "PRECONDITION_FAILED", f'"{digest_of(_ONE)}"')
    assert registry("GET", "shop/web/manifests/1.0").body == _ONE
    assert registry("GET", f"shop/web/manifests/{digest_of(_TWO)}").status == 404


def test_a_tag_is_moved_from_where_the_client_saw_it(registry: Connection) -> None:
    assert registry.push("shop/web", "latest", _ONE, {"If-Match": "*"}).status == 412
    tag = registry.push("shop/web", "latest", _ONE).headers["ETag"]
    assert registry.push("shop/web", "latest", _TWO, {"If-Match": f'"{digest_of(_TWO)}"'}).status == 412
    assert registry.push("shop/web", "latest", _TWO, {"If-Match": f'"x", {tag}'}).status == 201
    assert registry.push("shop/web", "latest", _ONE, {"If-Match": tag}).status == 412
    assert registry("DELETE", "shop/web/manifests/latest", headers={"If-Match": tag}).status == 412
    assert registry("GET", "shop/web/manifests/latest").body == _TWO


def test_a_client_that_has_the_manifest_is_told_so(registry: Connection) -> None:
    tag = registry.push("shop/web", "latest", _ONE).headers["ETag"]
    for method in ("GET", "HEAD"):
        assert registry(method, "shop/web/manifests/latest", headers={"If-None-Match": tag}).status == 304
    registry.push("shop/web", "latest", _TWO)
    assert registry("GET", "shop/web/manifests/latest", headers={"If-None-Match": tag}).body == _TWO


def test_deleting_a_tag_leaves_the_manifest(registry: Connection) -> None:
    registry.push("shop/web", "1.0", _ONE)
    assert registry("DELETE", "shop/web/manifests/1.0").status == 202
    assert registry("GET", "shop/web/manifests/1.0").code == "MANIFEST_UNKNOWN"
    assert registry("GET", f"shop/web/manifests/{digest_of(_ONE)}").body == _ONE
    assert registry("DELETE", "shop/web/manifests/1.0").code == "MANIFEST_UNKNOWN"


def test_deleting_a_manifest_takes_its_tags_along(registry: Connection) -> None:
    for tag in ("1.0", "latest"):
        registry.push("shop/web", tag, _ONE)
    registry.push("shop/web", "other", _TWO)
    assert registry("DELETE", f"shop/web/manifests/{digest_of(_ONE)}").status == 202
    for name in ("1.0", "latest", digest_of(_ONE)):
        assert registry("GET", f"shop/web/manifests/{name}").status == 404
    assert registry("GET", "shop/web/tags/list").json["tags"] == ["other"]
