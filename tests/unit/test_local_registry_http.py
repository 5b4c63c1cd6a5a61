"""The local registry on the wire: who may talk to it, hostile requests, connections that stay in step."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.errors import Exit, Failure
from pipeline_kit.model.digest import digest_of
from pipeline_kit.oci.server import serving
from pipeline_kit.oci.server.handler import Handler
from pipeline_kit.oci.server.listener import MOST_CONNECTIONS
from tests.registry_requests import EMPTY, Connection, connected, manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path / "registry", durable=False) as address:
        yield address


@pytest.fixture
def registry(address: str) -> Iterator[Connection]:
    with connected(address) as connection:
        yield connection


def _exchange(address: str, request: bytes) -> bytes:
    """All that comes back until the other side closes."""
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(request)
        answer = b""
        while piece := connection.recv(4096):
            answer += piece
        return answer


def test_the_version_is_what_clients_look_for(registry: Connection) -> None:
    for path in ("/v2/", "/v2"):
        answer = registry("GET", path)
        assert (answer.status, answer.headers["Docker-Distribution-API-Version"]) == (200, "registry/2.0")


@pytest.mark.parametrize(
    "path", ["/", "/v1/", "/v2/shop/web", "/v2/shop/web/tags", "/v2/shop/web/other/1", "/v2/a%0ab/tags/list"]
)
def test_there_is_nothing_at_other_paths(registry: Connection, path: str) -> None:
    assert registry("GET", path).status == 404


def test_a_method_that_means_nothing_is_told_which_do(registry: Connection) -> None:
    answer = registry("PUT", f"shop/web/blobs/{digest_of(EMPTY)}", EMPTY)
    assert (answer.status, answer.code, answer.headers["Allow"]) == (405, "UNSUPPORTED", "GET, HEAD, DELETE")


@pytest.mark.parametrize(
    "name",
    [
        *("..", "../..", "a/../b", ".", "a/./b", "%2e%2e", "..%2f..", "%2fetc", "a//b", "a+b", "a%00b", "a%0ab"),
        *("A", "a b", "a:b", "a@b", "-a", "a-", "_", "a/", "a" * 256, "a%c3%a9", "~root", "a\\b"),
    ],
)
def test_a_hostile_repository_name_stays_outside(registry: Connection, tmp_path: Path, name: str) -> None:
    before = sorted(tmp_path.rglob("*"))
    wire = name.replace(" ", "%20")
    for method, path in (
        ("POST", f"/v2/{wire}/blobs/uploads/?digest={digest_of(EMPTY)}"),
        ("POST", f"/v2/{wire}/blobs/uploads/"),
        ("PUT", f"/v2/{wire}/manifests/1"),
        ("GET", f"/v2/{wire}/manifests/1"),
        ("GET", f"/v2/{wire}/blobs/{digest_of(EMPTY)}"),
    ):
        assert registry(method, path, EMPTY if method != "GET" else b"").status in (400, 404)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    "digest", ["sha256:..", "sha256:%2e%2e%2fregistry.lock", "md5:" + "0" * 32, "sha256:" + "A" * 64]
)
def test_a_hostile_digest_stays_outside(registry: Connection, digest: str) -> None:
    registry.push_blob("shop/web", EMPTY)
    for method in ("GET", "HEAD", "DELETE"):
        assert registry(method, f"shop/web/blobs/{digest}").status in (400, 404)
    assert registry("POST", f"shop/web/blobs/uploads/?digest={digest}", EMPTY).status == 400
    assert registry("POST", f"shop/api/blobs/uploads/?mount={digest}&from=shop/web").status == 400


def test_a_client_that_tries_tls_sees_that_this_is_http(address: str) -> None:
    hello = bytes.fromhex("16030100") + b"\x2e\x01\x00\x00\x2a\x03\x03" + b"\x00" * 32 + b"\x00\x0a" + b"\x00" * 6
    assert _exchange(address, hello).startswith(b"HTTP/")


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("PUT {} HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("PUT {} HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        ("PUT {} HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400),
        ("PUT {} HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400),
        ("PUT {} HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", 400),
        ("PUT {} HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n", 400),
        ("PUT {} HTTP/1.1\r\nContent-Length : 5\r\n\r\nhello", 400),
        ("PUT {} HTTP/1.1\r\nA: b\r\nno header\r\nContent-Length: 0\r\n\r\n", 400),
        ("BREW {} HTTP/1.1\r\n\r\n", 501),
        ("GET {} HTTP/3.0\r\n\r\n", 505),
        ("GET {} HTTP/1.1\r\n" + "a: b\r\n" * 200 + "\r\n", 431),
        ("GET {}" + "a" * 70_000 + " HTTP/1.1\r\n\r\n", 414),
    ],
    ids=[
        "both",
        "two lengths",
        "negative",
        "no number",
        "gzip",
        "blank",
        "blank length",
        "no header",
        "method",
        "version",
        "many headers",
        "long",
    ],
)
def test_a_head_that_is_none_ends_the_connection(address: str, head: str, status: int) -> None:
    answer = _exchange(address, head.replace("{}", "/v2/shop/web/manifests/1").encode())
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())
    assert b'"code": "UNSUPPORTED"' in answer or b'"code": "SIZE_INVALID"' in answer


@pytest.mark.parametrize(
    "body",
    [
        b"x\r\n",
        b"-1\r\n",
        b"5\r\nab",
        b"1\r\nabc\r\n",
        b"1\r\nabc\n0\r\n\r\n",
        b"0\r\n" + b"a: b\r\n" * 50,
        b"f" * 5000,
    ],
)
def test_a_body_that_is_none_is_not_answered(address: str, registry: Connection, body: bytes) -> None:
    upload = registry("POST", "shop/web/blobs/uploads/").headers["Location"]
    head = f"PATCH {upload} HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        assert _until_closed(connection) == b""
    assert registry("GET", "/v2/").status == 200


def _until_closed(connection: socket.socket) -> bytes:
    try:
        return connection.recv(4096)
    except ConnectionResetError:
        return b""


def test_a_refused_body_leaves_the_connection_in_step(registry: Connection) -> None:
    large = os.urandom(8 << 20)
    upload = registry("POST", "shop/web/blobs/uploads/").headers["Location"]
    assert registry("PATCH", upload, large, {"Content-Range": f"9-{len(large) + 8}"}).status == 416
    connection = registry.http.sock
    assert registry("PUT", "shop/none/blobs/uploads/" + "0" * 32 + f"?digest={digest_of(large)}", large).status == 404
    assert registry("PUT", upload + f"?digest={digest_of(large)}", large).status == 201
    assert registry.http.sock is connection


def test_a_mistake_of_ours_is_an_answer(registry: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline_kit.oci.server.store.Store.names", None)
    answer = registry("GET", "/v2/_catalog")
    assert (answer.status, answer.code) == (500, "UNKNOWN")
    assert registry("GET", "/v2/").status == 200


def test_a_refusal_is_answered_although_the_body_is_cut(address: str) -> None:
    host, _, port = address.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        connection.sendall(b"PUT /v2/Shop/manifests/1 HTTP/1.1\r\nContent-Length: 9\r\n\r\n{")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_a_client_that_stalls_is_let_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "timeout", 0.2)
    with serving(tmp_path, durable=False) as address:
        started = time.monotonic()
        assert _exchange(address, b"PUT /v2/shop/web/manifests/1 HTTP/1.1\r\nContent-Length: 9\r\n\r\n{") == b""
        assert _exchange(address, b"GET /v2/ HT") == b""
        assert time.monotonic() - started < 5


def test_web_pages_are_not_served(registry: Connection) -> None:
    for headers in ({"Origin": "https://example.com"}, {"Host": "example.com:5000"}, {"Host": "127.0.0.1.example.com"}):
        answer = registry("GET", "/v2/_catalog", headers=headers)
        assert (answer.status, answer.code) == (403, "DENIED")


def test_this_machine_may_call_itself_by_its_names(registry: Connection) -> None:
    for host in ("localhost:5000", "LOCALHOST", "registry.localhost:1", "127.0.0.2", "[::1]:5000"):
        assert registry("GET", "/v2/", headers={"Host": host}).status == 200


def test_ipv6_is_served(tmp_path: Path) -> None:
    with serving(tmp_path, "[::1]:0", durable=False) as address, connected(address) as registry:
        assert address.startswith("[::1]:")
        assert registry("GET", "/v2/").status == 200


@pytest.mark.parametrize(
    "text", ["", "5000", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:70000", "example.com:5000", "1.2.3:80"]
)
def test_what_is_no_address_is_refused(tmp_path: Path, text: str) -> None:
    assert _refused(tmp_path, text).kind == "registry.address"


def test_other_machines_are_served_only_if_both_ask_for_it(tmp_path: Path) -> None:
    refused = _refused(tmp_path, "0.0.0.0:0")
    assert (refused.kind, refused.exit) == ("registry.address", Exit.USAGE)
    assert any("--allow-remote" in note.text for note in refused.notes)
    assert _refused(tmp_path, "127.0.0.1:0", allow_remote=True).kind == "registry.address"
    with serving(tmp_path, "0.0.0.0:0", allow_remote=True, durable=False) as address:
        here = address.replace("0.0.0.0", "127.0.0.1")
        with connected(here) as registry:
            assert registry("GET", "/v2/", headers={"Host": "builder.example.com"}).status == 200


def test_a_port_that_is_taken_is_told(tmp_path: Path, address: str) -> None:
    refused = _refused(tmp_path / "other", address)
    assert (refused.kind, refused.exit, address in refused.headline) == ("registry.busy-port", Exit.TRY_LATER, True)


def _refused(folder: Path, address: str, *, allow_remote: bool = False) -> Failure:
    with pytest.raises(Failure) as refused, serving(folder, address, allow_remote=allow_remote):
        pass
    return refused.value


def test_the_end_of_the_block_ends_connections_at_once(tmp_path: Path) -> None:
    with serving(tmp_path, durable=False) as address, connected(address) as idle, connected(address) as busy:
        idle("GET", "/v2/")
        upload = busy("POST", "shop/web/blobs/uploads/").headers["Location"]
        busy.http.putrequest("PATCH", upload)
        busy.http.putheader("Content-Length", "100")
        busy.http.endheaders(b"half")
        ends = time.monotonic()
    assert time.monotonic() - ends < 2
    assert not [thread for thread in threading.enumerate() if thread.name == "registry"]


def test_each_request_has_a_line_that_can_not_drive_a_terminal(tmp_path: Path) -> None:
    lines: list[str] = []
    with serving(tmp_path, durable=False, log=lines.append) as address:
        with connected(address) as registry:
            registry.push_blob("shop/web", EMPTY)
            registry.push("shop/web", "1", manifest())
        _exchange(address, b"GET /v2/\x1b[2J HTTP/1.1\r\nConnection: close\r\n\r\n")
        _exchange(address, b"\x1b[2J\r\n\r\n")
    assert any(line.startswith("PUT /v2/shop/web/manifests/1 201 ") for line in lines)
    assert all(line.isprintable() for line in lines)


def test_one_client_too_many_is_told_to_come_back(address: str) -> None:
    host, _, port = address.rpartition(":")
    held = [socket.create_connection((host, int(port)), timeout=20) for _ in range(MOST_CONNECTIONS)]
    try:
        deadline = time.monotonic() + 60
        answer = b""
        while b" 503 " not in answer and time.monotonic() < deadline:
            answer = _exchange(address, b"GET /v2/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 503 "), answer
        assert b"Retry-After: 1" in answer
    finally:
        for connection in held:
            connection.close()
    answer = b""
    while b" 200 " not in answer and time.monotonic() < deadline:
        answer = _exchange(address, b"GET /v2/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    assert b" 200 " in answer
