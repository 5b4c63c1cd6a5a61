"""Uploads to the local registry: in pieces, cut, gone on with, given up, and with the wrong digest."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.model.digest import digest_of
from pipeline_kit.oci.server import serving
from tests.registry_requests import Connection, connected

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_BLOB = bytes(range(250)) * 12
_DIGEST = digest_of(_BLOB)


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path, durable=False) as address:
        yield address


@pytest.fixture
def registry(address: str) -> Iterator[Connection]:
    with connected(address) as connection:
        yield connection


@pytest.fixture
def upload(registry: Connection) -> str:
    """The path of an upload that has begun."""
    answer = registry("POST", "shop/web/blobs/uploads/")
    assert (answer.status, answer.headers["Range"]) == (202, "0-0")
    return answer.headers["Location"]


def _chunk(start: int, stop: int) -> dict[str, str]:
    return {"Content-Range": f"{start}-{stop - 1}"}


def test_a_blob_arrives_in_chunks(registry: Connection, upload: str) -> None:
    for start in (0, 1000):
        answer = registry("PATCH", upload, _BLOB[start : start + 1000], _chunk(start, start + 1000))
        assert (answer.status, answer.headers["Range"]) == (202, f"0-{start + 999}")
    answer = registry("PUT", f"{upload}?digest={_DIGEST}", _BLOB[2000:], _chunk(2000, 3000))
    assert answer.status == 201
    assert registry("GET", answer.headers["Location"]).body == _BLOB


def test_a_blob_arrives_as_a_stream_of_unknown_length(registry: Connection, upload: str) -> None:
    answer = registry("PATCH", upload, iter([_BLOB[:7], _BLOB[7:2000], _BLOB[2000:]]))
    assert (answer.status, answer.headers["Range"]) == (202, "0-2999")
    assert registry("PUT", f"{upload}?digest={_DIGEST}").status == 201


@pytest.mark.parametrize("start", [0, 999, 1001, 5000])
def test_a_chunk_out_of_order_changes_nothing(registry: Connection, upload: str, start: int) -> None:
    registry("PATCH", upload, _BLOB[:1000], _chunk(0, 1000))
    answer = registry("PATCH", upload, b"x" * 100, _chunk(start, start + 100))
    assert (answer.status, answer.headers["Range"], answer.headers["Location"]) == (416, "0-999", upload)
    answer = registry("GET", upload)
    assert (answer.status, answer.headers["Range"], answer.body) == (204, "0-999", b"")
    assert registry("PUT", f"{upload}?digest={_DIGEST}", _BLOB[1000:]).status == 201


@pytest.mark.parametrize("announced", ["0-98", "1-0", "x", "0-", "-5"])
def test_a_chunk_that_is_not_what_it_announces_is_refused(registry: Connection, upload: str, announced: str) -> None:
    assert registry("PATCH", upload, b"x" * 100, {"Content-Range": announced}).status == 400


def test_the_wrong_digest_ends_the_upload_and_shows_nothing(registry: Connection, upload: str) -> None:
    answer = registry("PUT", f"{upload}?digest={digest_of(b'other')}", _BLOB)
    assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
    assert registry("GET", upload).code == "BLOB_UPLOAD_UNKNOWN"
    for digest in (_DIGEST, digest_of(b"other")):
        assert registry("HEAD", f"shop/web/blobs/{digest}").status == 404


def test_one_request_with_the_wrong_digest_leaves_nothing_on_disk(registry: Connection, tmp_path: Path) -> None:
    assert registry("POST", f"shop/web/blobs/uploads/?digest={digest_of(b'other')}", _BLOB).code == "DIGEST_INVALID"
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size]


def test_an_upload_without_a_digest_goes_on(registry: Connection, upload: str) -> None:
    assert registry("PUT", upload, _BLOB).code == "DIGEST_INVALID"
    assert registry("GET", upload).headers["Range"] == "0-0"


def test_an_upload_that_is_given_up_is_gone(registry: Connection, upload: str, tmp_path: Path) -> None:
    registry("PATCH", upload, _BLOB)
    assert registry("DELETE", upload).status == 204
    for method in ("GET", "PATCH", "DELETE"):
        assert registry(method, upload).status == 404
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size]


def test_an_upload_belongs_to_its_repository(registry: Connection, upload: str) -> None:
    assert registry("GET", upload.replace("shop/web", "shop/api")).status == 404


@pytest.mark.parametrize("name", ["..", "%2e%2e%2fregistry.lock", "x" * 32, "0" * 32, "other"])
def test_no_other_file_is_an_upload(registry: Connection, upload: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "uploads" / "shop+web" / "other").write_text("not begun here")
    assert registry("GET", upload.rpartition("/")[0] + "/" + name).status == 404


def test_a_cut_of_an_upload_in_one_request_leaves_nothing(address: str, tmp_path: Path) -> None:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as cut:
        path = f"/v2/shop/web/blobs/uploads/?digest={_DIGEST}"
        cut.sendall(f"POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Length: 3000\r\n\r\n".encode() + _BLOB[:1200])
        cut.shutdown(socket.SHUT_WR)
        assert cut.recv(1) == b""
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size]


@pytest.mark.parametrize("chunked", [False, True])
def test_a_cut_upload_goes_on_where_it_was_cut(registry: Connection, address: str, upload: str, chunked: bool) -> None:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as cut:
        length = "Transfer-Encoding: chunked" if chunked else "Content-Length: 3000"
        head = f"PATCH {upload} HTTP/1.1\r\nHost: {address}\r\n{length}\r\n\r\n"
        body = b"bb8\r\n" + _BLOB[:1200] if chunked else _BLOB[:1200]
        cut.sendall(head.encode() + body)
        cut.shutdown(socket.SHUT_WR)
        assert cut.recv(1) == b""  # nobody is answered; the bytes are kept
    assert registry("GET", upload).headers["Range"] == "0-1199"
    assert registry("PATCH", upload, _BLOB[1200:], _chunk(1200, 3000)).status == 202
    assert registry("PUT", f"{upload}?digest={_DIGEST}").status == 201


def test_an_upload_goes_on_after_a_restart(tmp_path: Path) -> None:
    with serving(tmp_path, durable=False) as address, connected(address) as registry:
        upload = registry("POST", "shop/web/blobs/uploads/").headers["Location"]
        registry("PATCH", upload, _BLOB[:1000])
    with serving(tmp_path, durable=False) as address, connected(address) as registry:
        assert registry("GET", upload).headers["Range"] == "0-999"
        registry("PATCH", upload, _BLOB[1000:], _chunk(1000, 3000))
        assert registry("PUT", f"{upload}?digest={_DIGEST}").status == 201
