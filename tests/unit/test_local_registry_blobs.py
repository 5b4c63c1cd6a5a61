"""Blobs of the local registry: sent, read in whole and in part, mounted, deleted."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.model.digest import digest_of
from pipeline_kit.oci.server import serving
from tests.registry_requests import Connection, connected, manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLOB = bytes(range(256)) * 8
_DIGEST = digest_of(_BLOB)


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Connection]:
    with serving(tmp_path, durable=False) as address, connected(address) as connection:
        yield connection


@pytest.fixture
def stored(registry: Connection) -> Connection:
    """The registry, with the blob in shop/web."""
    registry.push_blob("shop/web", _BLOB)
    return registry


def test_a_blob_that_is_sent_in_one_request_is_there(registry: Connection) -> None:
    answer = registry("POST", f"shop/web/blobs/uploads/?digest={_DIGEST}", _BLOB)
    assert (answer.status, answer.headers["Docker-Content-Digest"]) == (201, _DIGEST)
    assert registry("GET", answer.headers["Location"]).body == _BLOB


def test_a_head_tells_size_and_digest_and_sends_nothing(stored: Connection) -> None:
    answer = stored("HEAD", f"shop/web/blobs/{_DIGEST}")
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, str(len(_BLOB)), b"")
    assert answer.headers["Docker-Content-Digest"] == _DIGEST
    assert answer.headers["Docker-Distribution-API-Version"] == "registry/2.0"


def test_an_empty_blob_is_a_blob(registry: Connection) -> None:
    digest = registry.push_blob("shop/web", b"")
    answer = registry("GET", f"shop/web/blobs/{digest}")
    assert (answer.status, answer.body) == (200, b"")
    assert registry("GET", f"shop/web/blobs/{digest}", headers={"Range": "bytes=0-"}).status == 416


def test_a_blob_may_be_named_by_sha512(registry: Connection) -> None:
    digest = f"sha512:{hashlib.sha512(_BLOB).hexdigest()}"
    assert registry("POST", f"shop/web/blobs/uploads/?digest={digest}", _BLOB).status == 201
    assert registry("GET", f"shop/web/blobs/{digest}").body == _BLOB
    assert registry("HEAD", f"shop/web/blobs/{_DIGEST}").status == 404


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("0-0", 0, 0),
        ("500-999", 500, 999),
        ("2000-", 2000, 2047),
        ("-48", 2000, 2047),
        ("2000-9000", 2000, 2047),
        ("-9000", 0, 2047),
    ],
)
def test_a_range_gives_that_part(stored: Connection, asked: str, first: int, last: int) -> None:
    answer = stored("GET", f"shop/web/blobs/{_DIGEST}", headers={"Range": f"bytes={asked}"})
    assert (answer.status, answer.body) == (206, _BLOB[first : last + 1])
    assert answer.headers["Content-Range"] == f"bytes {first}-{last}/2048"


@pytest.mark.parametrize("asked", ["2048-", "5000-6000", "500-0", "-0"])
def test_a_range_without_a_byte_in_it_is_refused(stored: Connection, asked: str) -> None:
    answer = stored("GET", f"shop/web/blobs/{_DIGEST}", headers={"Range": f"bytes={asked}"})
    assert (answer.status, answer.headers["Content-Range"], answer.code) == (416, "bytes */2048", "RANGE_INVALID")


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=-", "lines=1-2", "bytes=x-"])
def test_what_is_no_single_range_gives_the_whole_blob(stored: Connection, asked: str) -> None:
    assert stored("GET", f"shop/web/blobs/{_DIGEST}", headers={"Range": asked}).status == 200


def test_a_client_that_has_the_blob_is_told_so(stored: Connection) -> None:
    tag = stored("GET", f"shop/web/blobs/{_DIGEST}").headers["ETag"]
    answer = stored("GET", f"shop/web/blobs/{_DIGEST}", headers={"If-None-Match": tag})
    assert (answer.status, answer.body) == (304, b"")


def test_a_range_counts_only_for_the_blob_that_the_client_means(stored: Connection) -> None:
    mine, other = f'"{_DIGEST}"', f'"{digest_of(b"")}"'
    for only_if, status in ((mine, 206), (other, 200)):
        headers = {"Range": "bytes=5-9", "If-Range": only_if}
        assert stored("GET", f"shop/web/blobs/{_DIGEST}", headers=headers).status == status


def test_a_blob_is_visible_only_where_it_was_sent(stored: Connection) -> None:
    stored.push_blob("shop/api", b"another")
    for repository in ("shop/api", "shop", "shop/web/x"):
        answer = stored("GET", f"{repository}/blobs/{_DIGEST}")
        assert (answer.status, answer.code) == (404, "BLOB_UNKNOWN")


@pytest.mark.parametrize("query", ["&from=shop/web", ""], ids=["from one", "from any"])
def test_a_blob_of_another_repository_is_mounted(stored: Connection, query: str) -> None:
    answer = stored("POST", f"shop/api/blobs/uploads/?mount={_DIGEST}{query}")
    assert (answer.status, answer.headers["Location"]) == (201, f"/v2/shop/api/blobs/{_DIGEST}")
    assert stored("GET", f"shop/api/blobs/{_DIGEST}").body == _BLOB


def test_a_blob_that_is_not_there_to_mount_can_be_sent(stored: Connection) -> None:
    stored.push_blob("shop/other", b"another")
    for origin in ("shop/none", "shop/other"):
        answer = stored("POST", f"shop/api/blobs/uploads/?mount={_DIGEST}&from={origin}")
        assert answer.status == 202
        assert stored("HEAD", f"shop/api/blobs/{_DIGEST}").status == 404
    assert stored("PUT", f"{answer.headers['Location']}?digest={_DIGEST}", _BLOB).status == 201


def test_a_deleted_blob_stays_where_it_was_mounted(stored: Connection) -> None:
    stored("POST", f"shop/api/blobs/uploads/?mount={_DIGEST}")
    assert stored("DELETE", f"shop/web/blobs/{_DIGEST}").status == 202
    assert stored("HEAD", f"shop/web/blobs/{_DIGEST}").status == 404
    assert stored("DELETE", f"shop/web/blobs/{_DIGEST}").code == "BLOB_UNKNOWN"
    assert stored("GET", f"shop/api/blobs/{_DIGEST}").body == _BLOB
    assert stored("POST", f"shop/web/blobs/uploads/?mount={_DIGEST}").status == 201


def test_the_last_deletion_frees_the_disk(stored: Connection, tmp_path: Path) -> None:
    stored("POST", f"shop/api/blobs/uploads/?mount={_DIGEST}")
    for repository in ("shop/web", "shop/api"):
        stored("DELETE", f"{repository}/blobs/{_DIGEST}")
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size == len(_BLOB)]


def test_a_manifest_is_not_deleted_as_a_blob(registry: Connection) -> None:
    registry.push_blob("shop/web", b"{}")
    digest = registry.push("shop/web", "1", manifest()).headers["Docker-Content-Digest"]
    assert registry("DELETE", f"shop/web/blobs/{digest}").status == 405
    assert registry("GET", "shop/web/manifests/1").status == 200
