"""Connections to servers that send half of an answer, more than one, or hardly anything."""

from __future__ import annotations

import errno
import io
import os
import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pipeline_kit import http
from pipeline_kit.context import SystemClock
from pipeline_kit.errors import Exit, Failure
from pipeline_kit.model.digest import digest_of
from pipeline_kit.model.reference import Repository
from pipeline_kit.oci import client, upload
from pipeline_kit.oci.auth import Authorizer
from pipeline_kit.oci.blob_source import BlobSource
from pipeline_kit.oci.client import Registry
from pipeline_kit.oci.credential import anonymous
from pipeline_kit.oci.patience import Deadline, Patience
from pipeline_kit.oci.server import serving
from tests.world.fast_clock import FastClock
from tests.world.scripted_server import ScriptedServer, answer, running_scripted_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pipeline_kit.context import Clock

_MANIFEST = b'{"schemaVersion":2}'
_GENEROUS = 30.0


@contextmanager
def _connected(
    address: str, clock: Clock | None = None, seconds: float = 600.0, environ: Mapping[str, str] | None = None
) -> Iterator[Registry]:
    repository, clock = Repository(address, "shop/web"), clock or FastClock(1000)
    with http.session(environ or {}) as session:
        auth = Authorizer(repository, anonymous(address), session, clock, ())
        auth.deadline = Deadline(clock, seconds)
        yield Registry(repository, session, auth, clock)


def _failure(act: Callable[[], object]) -> tuple[Failure, float]:
    began = time.monotonic()
    with pytest.raises(Failure) as caught:
        act()
    return caught.value, time.monotonic() - began


@pytest.mark.parametrize("at", range(1, len(answer(_MANIFEST)) - len(_MANIFEST)))
def test_an_answer_that_ends_within_its_headers_is_asked_for_again(at: int) -> None:
    def script(server: ScriptedServer, connection: socket.socket, _: str) -> None:
        connection.sendall(answer(_MANIFEST)[:at] if len(server.requests) == 1 else answer(_MANIFEST))

    with running_scripted_server(script) as server, _connected(server.address) as registry:
        held = registry.get_manifest("latest")
        assert held is not None
        assert held.content == _MANIFEST
        assert len(server.requests) == 2


@pytest.mark.parametrize("first", ["100 Continue", "102 Processing", "103 Early Hints"])
def test_what_comes_before_the_answer_is_passed_over(first: str) -> None:
    hint = f"HTTP/1.1 {first}\r\nLink: </style.css>; rel=preload\r\n\r\n".encode()

    def script(_: ScriptedServer, connection: socket.socket, __: str) -> None:
        connection.sendall(hint * 3 + answer(_MANIFEST))

    with running_scripted_server(script) as server, _connected(server.address) as registry:
        held = registry.get_manifest("latest")
        assert held is not None
        assert held.content == _MANIFEST
        assert len(server.requests) == 1


@pytest.mark.parametrize("part", ["status", "headers", "hints", "body"])
def test_the_first_contact_ends_in_time_whatever_trickles(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(server: ScriptedServer, connection: socket.socket, _: str) -> None:
        whole = {
            "status": b"HTTP/1.1 200 " + b"O" * 9999,
            "headers": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 9999,
            "hints": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 999,
            "body": answer(b"x" * 9999),
        }[part]
        start = whole.find(b"\r\n\r\n") + 4 if part == "body" else 12
        connection.sendall(whole[:start])
        server.trickle(connection, whole[start:], 0.05)

    monkeypatch.setattr(client, "SHORT", 1.5)
    with running_scripted_server(script) as server, _connected(server.address, SystemClock()) as registry:
        failure, seconds = _failure(registry.ping)
    assert (failure.kind, failure.exit) == ("registry.down", Exit.TRY_LATER)
    assert "GET /v2/" in failure.notes[0].text
    assert seconds < _GENEROUS
    print(f"{part}: given up after {seconds:.1f} s of 1.5 s, {len(server.requests)} requests")


def test_a_registry_that_takes_its_time_for_every_answer_is_given_up() -> None:
    def script(server: ScriptedServer, connection: socket.socket, _: str) -> None:
        server.over.wait(0.2)
        connection.sendall(answer(_MANIFEST))

    told: list[str] = []
    with running_scripted_server(script) as server, _connected(server.address, SystemClock(), 1.5) as registry:
        registry.transport.tell = told.append

        def ask_for_ever() -> None:
            while True:
                registry.get_manifest("latest")

        failure, seconds = _failure(ask_for_ever)
    assert failure.kind in ("registry.slow", "registry.down")
    assert failure.exit == Exit.TRY_LATER
    assert "GET manifests/latest" in failure.notes[0].text
    assert f"waits for {server.address}: GET manifests/latest" in told
    assert seconds < _GENEROUS


def test_a_full_disk_of_the_registry_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = FastClock(1000)
    with serving(tmp_path, durable=False) as address, _connected(address, clock) as registry:
        registry.put_blob(b"{}")
        monkeypatch.setattr("pipeline_kit.oci.server.disk.Disk.scratch_file", _no_space)
        failure, _ = _failure(lambda: registry.put_manifest(_MANIFEST, "application/vnd.oci.image.index.v1+json", "1"))
    assert failure.kind == "registry.quota"
    assert clock.waited == 0


def _no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("headers", [{}, {"Content_Type": "text/html"}])
@pytest.mark.parametrize("body", [b"", b"<html>sign in</html>"])
def test_an_empty_page_is_no_registry_and_no_manifest(body: bytes, headers: dict[str, str]) -> None:
    def script(_: ScriptedServer, connection: socket.socket, __: str) -> None:
        connection.sendall(answer(body, **headers))

    with running_scripted_server(script) as server, _connected(server.address) as registry:
        for act in (registry.granted, lambda: registry.get_manifest("latest"), lambda: registry.head_manifest("1")):
            failure, _ = _failure(act)
            assert (failure.kind, failure.exit) == ("registry.unexpected", Exit.BROKE)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"{}", {}),
        (b"", {"Docker_Distribution_Api_Version": "registry/2.0"}),
        (b"true", {"docker_distribution_api_version": "registry/2.0"}),
        (b"{}\n", {"Content_Type": "application/json"}),
    ],
)
def test_what_registries_say_of_themselves_is_enough(body: bytes, headers: dict[str, str]) -> None:
    def script(_: ScriptedServer, connection: socket.socket, __: str) -> None:
        connection.sendall(answer(body, **headers))

    with running_scripted_server(script) as server, _connected(server.address) as registry:
        assert registry.granted() is None


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1\N{FULLWIDTH SOLIDUS}evil.example/x",
        "http://evil.example\\@127.0.0.1/x",
        "http://evil.example\\.127.0.0.1/x",
        "//a\\b/x",
        "http://user@127.0.0.1/x",
        "http://127.0.0.1/\x01",
    ],
)
def test_an_address_that_can_be_read_in_two_ways_is_not_followed(location: str) -> None:
    def script(_: ScriptedServer, connection: socket.socket, head: str) -> None:
        status = b"202 Accepted" if head.startswith("POST") else b"307 Temporary Redirect"
        lines = (b"HTTP/1.1 " + status, b"Content-Length: 0", b"Location: " + location.encode(), b"\r\n")
        connection.sendall(b"\r\n".join(lines))

    with running_scripted_server(script) as server, _connected(server.address) as registry:
        for act in (lambda: registry.read_blob(digest_of(b"x"), 9), lambda: registry.put_blob(b"x")):
            failure, _ = _failure(act)
            assert failure.kind == "registry.unexpected"
            assert "not safe" in failure.headline
        failure, _ = _failure(lambda: registry.upload_blob(BlobSource(digest_of(b"x"), 1, lambda: io.BytesIO(b"x"))))
        assert "not safe" in failure.headline


def _drain(server: ScriptedServer, connection: socket.socket, piece: int, seconds: float) -> None:
    while not server.over.wait(seconds) and not connection.recv(piece).endswith(b"0\r\n\r\n"):
        pass


@pytest.mark.parametrize(("piece", "seconds", "arrives"), [(1, 0.05, False), (256 << 10, 0.05, True)])
def test_an_upload_is_waited_for_while_it_gets_on(
    piece: int, seconds: float, arrives: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A large one that moves takes longer than the deadline, and one of which a byte moves now and then ends by it."""
    content = b"x" * (40 << 20)
    monkeypatch.setattr(upload, "UPLOAD_TIMEOUT", (3.0, 3.0))

    def script(server: ScriptedServer, connection: socket.socket, head: str) -> None:
        method = head.split()[0]
        if method == "PATCH":
            _drain(server, connection, piece, seconds)
        status = {"POST": "202 Accepted", "PATCH": "202 Accepted", "PUT": "201 Created", "DELETE": "204 No"}
        location = "/v2/shop/web/blobs/uploads/1"
        connection.sendall(answer(b"", status.get(method, "404 Not Found"), Location=location))

    deadline = 4.0
    with running_scripted_server(script) as server, _connected(server.address, SystemClock(), deadline) as registry:
        source = BlobSource(digest_of(content), len(content), lambda: io.BytesIO(content))
        began = time.monotonic()
        if arrives:
            registry.upload_blob(source)
            assert time.monotonic() - began > deadline
        else:
            failure, _ = _failure(lambda: registry.upload_blob(source))
            assert failure.kind in ("registry.slow", "registry.down")
    print(f"{piece} bytes every {seconds} s: {time.monotonic() - began:.1f} s, the deadline is {deadline} s")
    assert time.monotonic() - began < 2 * _GENEROUS


def test_a_host_whose_addresses_do_not_answer_takes_the_time_of_one(monkeypatch: pytest.MonkeyPatch) -> None:
    # A listener with a full queue answers nobody, as a firewall that drops.
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(0)
        port = silent.getsockname()[1]
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(("127.0.0.1", port))
        looked_up = socket.getaddrinfo

        def two(host: str, *arguments: object) -> list[tuple[object, ...]]:
            return looked_up("127.0.0.1", *arguments) * 2 if host == "localhost" else looked_up(host, *arguments)  # type: ignore[arg-type,return-value] # passed on

        monkeypatch.setattr(socket, "getaddrinfo", two)
        monkeypatch.setattr(client, "SHORT", 1.5)
        with _connected(f"localhost:{port}", SystemClock()) as registry:
            failure, seconds = _failure(registry.ping)
        for one in waiting:
            one.close()
    assert failure.kind == "registry.down"
    assert seconds < _GENEROUS


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("what", ["missing", "empty"])
def test_certificate_authorities_that_are_not_there_are_told_by_name(
    variable: str, what: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("authorities") / "there"
    if what == "empty":
        path.write_text("")
    failure, _ = _failure(lambda: http.session({variable: str(path)}))
    assert (failure.kind, failure.exit) == ("config.authorities", Exit.USAGE)
    assert variable in failure.headline
    assert str(path) in failure.notes[0].text


def test_a_proxy_that_wants_a_password_is_told() -> None:
    def script(_: ScriptedServer, connection: socket.socket, __: str) -> None:
        connection.sendall(answer(b"", "407 Proxy Authentication Required", Proxy_Authenticate="Basic"))

    with running_scripted_server(script) as proxy:
        environ = {"HTTPS_PROXY": f"http://{proxy.address}"}
        with _connected("reg.example.test", environ=environ) as registry:
            failure, _ = _failure(registry.ping)
        assert [head.split()[0] for head in proxy.requests] == ["CONNECT"]
    assert (failure.kind, failure.exit) == ("registry.proxy", Exit.BROKE)
    assert "407" in failure.headline


@pytest.mark.parametrize(
    "proxy",
    [
        *("http://ci:sesam#word@127.0.0.1:9", "http://ci:sesam/word@127.0.0.1:9", "http://ci:sesam?word@127.0.0.1:9"),
        *(
            "http://ci:sesam[word@127.0.0.1:9",
            "http://ci:sesam@ho st:9",
            "ci:sesam@127.0.0.1:9x",
            "http://:9",
            "sesam:sesam",
        ),
        *("http://ci:1#sesam@127.0.0.1:9", "http://ci:1/sesam@127.0.0.1:9", "socks5://ci:sesam@127.0.0.1:9"),
    ],
)
def test_a_proxy_that_is_none_is_told_without_its_password(proxy: str) -> None:
    with _connected("reg.example.test", environ={"HTTPS_PROXY": proxy}) as registry:
        failure, _ = _failure(registry.ping)
    assert (failure.kind, failure.exit) == ("config.proxy", Exit.USAGE)
    assert "HTTPS_PROXY" in failure.headline
    assert "sesam" not in repr((failure.headline, failure.notes, failure.evidence))


@pytest.mark.parametrize("proxy", ["", "http://", "http://ci:p%23ss@", "http://ci:p@ss@"])
def test_a_proxy_may_have_a_password_and_no_scheme(proxy: str) -> None:
    def script(_: ScriptedServer, connection: socket.socket, __: str) -> None:
        connection.sendall(answer(b"", "407 Proxy Authentication Required", Proxy_Authenticate="Basic"))

    with running_scripted_server(script) as server:
        environ = {"HTTPS_PROXY": f"{proxy}{server.address}/"}
        with _connected("reg.example.test", environ=environ) as registry:
            assert _failure(registry.ping)[0].kind == "registry.proxy"
        assert ("Proxy-Authorization: Basic" in server.requests[0]) == ("ci:" in proxy)


def test_a_proxy_that_nobody_needs_is_not_judged(tmp_path: Path) -> None:
    environ = {"HTTP_PROXY": "socks5://x"}
    with serving(tmp_path, durable=False) as address, _connected(address, environ=environ) as registry:
        registry.ping()


def test_who_can_not_be_reached_is_told_without_our_own_names() -> None:
    with _connected("reg.example.test", environ={"HTTPS_PROXY": "http://127.0.0.1:9"}) as registry:
        failure, _ = _failure(registry.ping)
    assert failure.kind == "registry.down"
    assert "Connection refused" in str(failure.evidence)
    assert "(host=" not in str(failure.evidence)


def test_many_small_blobs_over_a_slow_line_are_progress() -> None:
    """None of them is large enough to renew the deadline alone."""
    clock = FastClock(10_000)
    deadline = Deadline(clock)
    repository = Repository("reg.example.test", "shop/web")
    for _ in range(20):
        patience = Patience(repository, clock, deadline=deadline)
        patience.within((1.0, 1.0), "PUT blobs")
        patience.moved(600 << 10)
        clock.sleep(100)  # 6 kB a second: 20 blobs take more than three times the deadline
