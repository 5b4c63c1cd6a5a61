"""The registry client against registries that refuse, lie, send away or go down."""

from __future__ import annotations

import io
import json
import socket
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from pipeline_kit import http
from pipeline_kit.errors import Exit, Failure
from pipeline_kit.model.digest import digest_of
from pipeline_kit.model.reference import Repository
from pipeline_kit.oci.auth import Authorizer
from pipeline_kit.oci.blob_source import BlobSource
from pipeline_kit.oci.client import Registry
from pipeline_kit.oci.credential import Credential, anonymous
from pipeline_kit.oci.documents import Descriptor
from pipeline_kit.oci.download import download
from pipeline_kit.oci.media_types import INDEX, MANIFEST
from tests.world.fast_clock import FastClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_BLOB = b"some bytes"
_DIGEST = digest_of(_BLOB)
_UPLOADS = "/v2/shop/web/blobs/uploads/"
_TAG = "/v2/shop/web/manifests/1.0"


@contextmanager
def _connected(
    address: str, credential: Credential | None = None, clock: FastClock | None = None
) -> Iterator[Registry]:
    repository = Repository(address, "shop/web")
    clock = clock or FastClock(1000)
    with http.session({}) as session:
        auth = Authorizer(
            repository, credential or anonymous(address), session, clock, ("repository:shop/web:pull,push",)
        )
        yield Registry(repository, session, auth, clock)


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[HTTPServer, HTTPServer]]:
    """Two of them: one takes half a second to stop."""
    with HTTPServer(host="127.0.0.1", threaded=True) as one, HTTPServer(host="127.0.0.1", threaded=True) as other:
        yield one, other


@pytest.fixture
def server(servers: tuple[HTTPServer, HTTPServer]) -> HTTPServer:
    servers[0].clear()
    return servers[0]


@pytest.fixture
def elsewhere(servers: tuple[HTTPServer, HTTPServer]) -> HTTPServer:
    servers[1].clear()
    return servers[1]


def _address(server: HTTPServer) -> str:
    return f"127.0.0.1:{server.port}"


@pytest.fixture
def registry(server: HTTPServer) -> Iterator[Registry]:
    with _connected(_address(server)) as registry:
        yield registry


@pytest.fixture
def signed_in(server: HTTPServer) -> Iterator[Registry]:
    """A registry that asks for a password, and has got it."""
    address = _address(server)
    server.expect_request("/v2/", headers={"Authorization": "Basic YW5uOnMzY3JldA=="}).respond_with_data("{}")
    server.expect_request("/v2/").respond_with_data("", 401, {"WWW-Authenticate": 'Basic realm="here"'})
    credential = Credential(registry=address, username="ann", secret="s3cret", origin="test")
    with _connected(address, credential) as registry:
        registry.ping()
        yield registry


def _failure(act: Callable[[], object]) -> Failure:
    with pytest.raises(Failure) as caught:
        act()
    return caught.value


def _upload(registry: Registry, content: bytes = _BLOB) -> None:
    registry.upload_blob(BlobSource(digest_of(content), len(content), lambda: io.BytesIO(content)))


def _authorizations(server: HTTPServer) -> list[str | None]:
    return [request.headers.get("Authorization") for request, _ in server.log]


def _error(code: str, message: str) -> str:
    return json.dumps({"errors": [{"code": code, "message": message}]})


def test_a_blob_from_another_host_is_fetched_without_the_password(
    signed_in: Registry, server: HTTPServer, elsewhere: HTTPServer
) -> None:
    there = elsewhere.url_for("/storage")
    server.expect_request(f"/v2/shop/web/blobs/{_DIGEST}").respond_with_data("", 307, {"Location": there})
    elsewhere.expect_request("/storage").respond_with_data(_BLOB)
    assert signed_in.read_blob(_DIGEST, 100) == _BLOB
    assert _authorizations(elsewhere) == [None]
    assert _authorizations(server)[-1] == "Basic YW5uOnMzY3JldA=="


def test_an_upload_to_another_host_is_sent_without_the_password(
    signed_in: Registry, server: HTTPServer, elsewhere: HTTPServer
) -> None:
    there = elsewhere.url_for("/upload")
    server.expect_request(_UPLOADS, method="POST").respond_with_data("", 202, {"Location": there})
    elsewhere.expect_request("/upload", method="PUT").respond_with_data("", 201)
    _upload(signed_in)
    assert _authorizations(elsewhere) == [None]
    assert elsewhere.log[0][0].query_string.decode() == f"digest={_DIGEST}"


@pytest.mark.parametrize("location", ["ftp://127.0.0.1/x", "http://user@127.0.0.1/x", "file:///etc/passwd"])
def test_an_upload_to_a_strange_address_is_not_sent(registry: Registry, server: HTTPServer, location: str) -> None:
    server.expect_request(_UPLOADS).respond_with_data("", 202, {"Location": location})
    assert _failure(lambda: _upload(registry)).kind == "registry.unexpected"


def test_tls_is_not_left() -> None:
    with _connected("contoso.azurecr.io") as registry:
        base = registry.transport.url("blobs/uploads/")
        assert base.startswith("https://contoso.azurecr.io/v2/")
        for location in ("http://contoso.azurecr.io/x", "https://[::1", "https://a:99999/x", "https://a:b/x"):
            failure = _failure(partial(registry.transport.resolve, base, location))
            assert failure.kind == "registry.unexpected"
        assert registry.transport.resolve(base, "/x") == "https://contoso.azurecr.io/x"
        assert registry.transport.is_own("https://contoso.azurecr.io:443/x")
        assert not registry.transport.is_own("https://contoso.azurecr.io.evil.example/x")


def test_docker_hub_is_asked_at_its_own_address() -> None:
    with _connected("docker.io") as registry:
        assert registry.transport.base == "https://registry-1.docker.io/v2/"


def test_redirects_end(registry: Registry, server: HTTPServer) -> None:
    path = f"/v2/shop/web/blobs/{_DIGEST}"
    server.expect_request(path).respond_with_data("", 307, {"Location": path})
    assert "without end" in _failure(lambda: registry.read_blob(_DIGEST, 100)).headline


def test_a_manifest_is_not_redirected(registry: Registry, server: HTTPServer, elsewhere: HTTPServer) -> None:
    server.expect_request(_TAG).respond_with_data("", 307, {"Location": elsewhere.url_for("/x")})
    assert _failure(lambda: registry.put_manifest(b"{}", MANIFEST, "1.0")).kind == "registry.unexpected"
    assert elsewhere.log == []


def test_the_password_is_not_shown_to_a_strange_token_service(server: HTTPServer) -> None:
    address = _address(server)
    challenge = f'Bearer realm="http://localhost:{server.port}/token",service="s"'
    server.expect_request("/v2/").respond_with_data("", 401, {"WWW-Authenticate": challenge})
    credential = Credential(registry=address, username="ann", secret="s3cret", origin="test")
    with _connected(address, credential) as registry:
        failure = _failure(registry.ping)
    assert failure.kind == "login.realm"
    assert f"localhost:{server.port}" in failure.headline
    assert len(server.log) == 1


def test_an_identity_token_is_exchanged_by_a_form(server: HTTPServer) -> None:
    address = _address(server)

    def exchange(request: Request) -> Response:
        assert request.form["grant_type"] == "refresh_token"
        assert request.form["refresh_token"] == "refresh"
        assert request.form["scope"] == "repository:shop/web:pull,push"
        return Response(json.dumps({"access_token": "access"}))

    challenge = f'Bearer realm="{server.url_for("/token")}",service="s"'
    server.expect_request("/token", method="POST").respond_with_handler(exchange)
    server.expect_request("/v2/", headers={"Authorization": "Bearer access"}).respond_with_data("{}")
    server.expect_request("/v2/").respond_with_data("", 401, {"WWW-Authenticate": challenge})
    credential = Credential(registry=address, username="", secret="refresh", origin="test", is_identity_token=True)
    with _connected(address, credential) as registry:
        registry.ping()
        assert registry.granted() is None
    server.check()


def test_a_token_that_is_about_to_end_is_replaced(server: HTTPServer) -> None:
    tokens = iter(["first", "second"])
    challenge = f'Bearer realm="{server.url_for("/token")}"'
    server.expect_request("/token").respond_with_handler(
        lambda _: Response(json.dumps({"token": next(tokens), "expires_in": 100}))
    )
    server.expect_request("/v2/", headers={"Authorization": "Bearer first"}).respond_with_data("{}")
    server.expect_request("/v2/", headers={"Authorization": "Bearer second"}).respond_with_data("{}")
    server.expect_request("/v2/").respond_with_data("", 401, {"WWW-Authenticate": challenge})
    clock = FastClock(1e6)
    with _connected(_address(server), clock=clock) as registry:
        registry.ping()
        clock.sleep(60)
        registry.ping()
        assert registry.auth.exchanges == 1
        clock.sleep(30)
        registry.ping()
        assert registry.auth.exchanges == 2


@pytest.mark.parametrize(
    ("status", "body", "kind", "exit_code"),
    [
        (401, "", "registry.unauthorized", Exit.BROKE),
        (403, _error("DENIED", "no"), "registry.denied", Exit.BROKE),
        (403, _error("DENIED", "client with IP '20.1.2.3' is not allowed access"), "registry.firewall", Exit.BROKE),
        (403, _error("DENIED", "quota exceeded"), "registry.quota", Exit.BROKE),
        (404, _error("NAME_UNKNOWN", "no"), "registry.missing", Exit.BROKE),
        (405, _error("UNSUPPORTED", "the operation is disallowed"), "registry.locked", Exit.BROKE),
        (409, _error("CONFLICT", "locked"), "registry.locked", Exit.BROKE),
        (400, _error("TAG_INVALID", "tag is immutable"), "registry.locked", Exit.BROKE),
        (413, "<html>too large</html>", "registry.too-large", Exit.BROKE),
        (507, "", "registry.quota", Exit.BROKE),
        (418, "", "registry.unexpected", Exit.BROKE),
        (429, _error("TOOMANYREQUESTS", "slow down"), "registry.throttled", Exit.TRY_LATER),
        (500, "oops", "registry.broke", Exit.TRY_LATER),
        (503, "", "registry.broke", Exit.TRY_LATER),
    ],
)
def test_each_refusal_has_its_own_name(
    registry: Registry, server: HTTPServer, status: int, body: str, kind: str, exit_code: Exit
) -> None:
    server.expect_request(_UPLOADS).respond_with_data(body, status)
    failure = _failure(lambda: _upload(registry))
    assert (failure.kind, failure.exit) == (kind, exit_code)


def test_who_was_refused_is_told(signed_in: Registry, server: HTTPServer) -> None:
    server.expect_request(_UPLOADS).respond_with_data("", 403)
    notes = {note.label: note.text for note in _failure(lambda: _upload(signed_in)).notes}
    assert notes["as"] == "ann, from test"
    assert notes["why"] == f"It was asked to take blob {_DIGEST[7:19]}."


def test_a_registry_that_asks_to_wait_is_waited_for(server: HTTPServer) -> None:
    clock = FastClock(1e6)
    answers = iter([(429, "7"), (503, "Thu, 01 Jan 1970 00:00:00 GMT"), (429, "35.852us"), (200, "")])

    def answer(_: Request) -> Response:
        status, wait = next(answers)
        return Response(_BLOB, status, {"Retry-After": wait})

    server.expect_request(f"/v2/shop/web/blobs/{_DIGEST}").respond_with_handler(answer)
    with _connected(_address(server), clock=clock) as registry:
        assert registry.read_blob(_DIGEST, 100) == _BLOB
    assert 7 + 0.2 + 2 <= clock.waited < 10


def test_a_registry_that_says_retry_at_once_for_ever_is_given_up(server: HTTPServer) -> None:
    clock = FastClock(1e6)
    server.expect_request("/v2/").respond_with_data("", 503, {"Retry-After": "0"})
    with _connected(_address(server), clock=clock) as registry:
        assert _failure(registry.ping).kind == "registry.broke"
    assert clock.waited <= 15
    assert len(server.log) < 50


def test_a_registry_that_is_not_there_is_given_up_soon() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    clock = FastClock(1e6)
    with _connected(address, clock=clock) as registry:
        failure = _failure(registry.ping)
        assert (failure.kind, failure.exit) == ("registry.down", Exit.TRY_LATER)
        assert "refused" in failure.evidence[0]
        assert clock.waited <= 15
        assert _failure(lambda: registry.head_blob(_DIGEST)).kind == "registry.down"
        assert 200 < clock.waited <= 315


def test_a_registry_that_speaks_no_tls_is_not_tried_again(server: HTTPServer) -> None:
    with _connected(_address(server)) as registry:
        registry.transport.base = registry.transport.base.replace("http:", "https:")
        assert _failure(registry.ping).kind == "registry.tls"


def test_a_web_site_is_no_registry(registry: Registry, server: HTTPServer) -> None:
    server.expect_request(_TAG).respond_with_data("<html>", 200, {"Docker-Content-Digest": _DIGEST})
    assert _failure(lambda: registry.get_manifest("1.0")).kind == "registry.lied"
    server.expect_request("/v2/shop/web/tags/list").respond_with_data("<html>")
    assert _failure(registry.list_tags).kind == "registry.unexpected"


def test_other_bytes_than_asked_for_are_refused(registry: Registry, server: HTTPServer, tmp_path: Path) -> None:
    other = digest_of(b"other")
    server.expect_request(f"/v2/shop/web/blobs/{other}").respond_with_data(_BLOB)
    server.expect_request(f"/v2/shop/web/manifests/{other}").respond_with_data(b"{}")
    assert _failure(lambda: registry.read_blob(other, 100)).kind == "registry.lied"
    assert _failure(lambda: registry.get_manifest(other)).kind == "registry.lied"
    blob = Descriptor("application/octet-stream", other, len(_BLOB))
    assert _failure(lambda: download(registry, blob, tmp_path / "blob", advance=lambda _: None)).kind == "registry.lied"
    assert not (tmp_path / "blob").exists()


def test_a_confirmation_of_something_else_is_refused(registry: Registry, server: HTTPServer) -> None:
    server.expect_request(_TAG).respond_with_data("", 201, {"Docker-Content-Digest": _DIGEST})
    assert _failure(lambda: registry.put_manifest(b"{}", MANIFEST, "1.0")).kind == "registry.lied"


def test_an_answer_that_is_too_long_is_not_read_to_its_end(registry: Registry, server: HTTPServer) -> None:
    server.expect_request(f"/v2/shop/web/blobs/{_DIGEST}").respond_with_data(bytes(1_000_000))
    assert _failure(lambda: registry.read_blob(_DIGEST, 1000)).kind == "registry.unexpected"


def test_a_download_that_broke_off_goes_on_where_it_was(registry: Registry, server: HTTPServer, tmp_path: Path) -> None:
    content = bytes(range(256)) * 1000
    asked: list[str | None] = []

    def answer(request: Request) -> Response:
        asked.append(request.headers.get("Range"))
        start = int((asked[-1] or "0").removeprefix("bytes=").rstrip("-"))
        part = content[start : None if start else 100_000]
        response = Response(part, 200 if start == 0 else 206)
        response.headers["Content-Length"] = str(len(content) - start)
        return response

    server.expect_request(f"/v2/shop/web/blobs/{digest_of(content)}").respond_with_handler(answer)
    blob = Descriptor("application/octet-stream", digest_of(content), len(content))
    came: list[int] = []
    download(registry, blob, tmp_path / "blob", advance=came.append)
    assert (tmp_path / "blob").read_bytes() == content
    assert asked == [None, "bytes=65536-"]
    assert sum(came) == len(content)


def test_a_download_from_a_registry_without_ranges_skips_what_is_there(
    registry: Registry, server: HTTPServer, tmp_path: Path
) -> None:
    content = bytes(range(256)) * 1000
    asked: list[int] = []

    def answer(_: Request) -> Response:
        asked.append(1)
        response = Response(content[: 100_000 if len(asked) == 1 else None])
        response.headers["Content-Length"] = str(len(content))
        return response

    server.expect_request(f"/v2/shop/web/blobs/{digest_of(content)}").respond_with_handler(answer)
    blob = Descriptor("application/octet-stream", digest_of(content), len(content))
    download(registry, blob, tmp_path / "blob", advance=lambda _: None)
    assert (tmp_path / "blob").read_bytes() == content
    assert len(asked) == 2


def test_a_token_service_that_can_be_read_in_two_ways_gets_nothing(server: HTTPServer, elsewhere: HTTPServer) -> None:
    realm = f"http://127.0.0.1:{elsewhere.port}\\\\@127.0.0.1:{server.port}/token"
    server.expect_request("/v2/").respond_with_data("", 401, {"WWW-Authenticate": f'Bearer realm="{realm}"'})
    credential = Credential(registry=_address(server), username="ann", secret="s3cret", origin="test")
    with _connected(_address(server), credential) as registry:
        assert _failure(registry.ping).kind == "login.realm"
    assert elsewhere.log == []


def test_a_page_of_a_list_on_another_host_is_refused(
    registry: Registry, server: HTTPServer, elsewhere: HTTPServer
) -> None:
    there = {"Link": f'<{elsewhere.url_for("/v2/shop/web/tags/list")}>; rel="next"'}
    server.expect_request("/v2/shop/web/tags/list").respond_with_data('{"tags": ["a"]}', headers=there)
    assert _failure(registry.list_tags).kind == "registry.unexpected"
    assert elsewhere.log == []


def test_a_list_that_never_ends_is_given_up(registry: Registry, server: HTTPServer) -> None:
    again = {"Link": '</v2/shop/web/tags/list?n=1000>; rel="next"'}
    server.expect_request("/v2/shop/web/tags/list").respond_with_data('{"tags": ["a"]}', headers=again)
    assert _failure(registry.list_tags).kind == "registry.unexpected"


def test_referrers_of_one_type_are_picked_whether_the_registry_does_or_not(
    registry: Registry, server: HTTPServer
) -> None:
    entries = [
        {"mediaType": MANIFEST, "digest": digest_of(kind.encode()), "size": 1, "artifactType": kind}
        for kind in ("report", "signature")
    ]
    index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": entries})
    server.expect_request(f"/v2/shop/web/referrers/{_DIGEST}").respond_with_data(index)
    assert [entry.artifact_type for entry in registry.referrers(_DIGEST)] == ["report", "signature"]
    assert [entry.artifact_type for entry in registry.referrers(_DIGEST, "report")] == ["report"]
    assert server.log[-1][0].args["artifactType"] == "report"


def test_a_blob_that_another_push_is_writing_is_not_lost(registry: Registry, server: HTTPServer) -> None:
    unknown = json.dumps({"errors": [{"code": "BLOB_UNKNOWN", "message": "", "detail": _DIGEST}]})
    server.expect_ordered_request(_TAG, method="PUT").respond_with_data(unknown, 404)
    server.expect_ordered_request(_TAG, method="PUT").respond_with_data("", 201)
    assert registry.put_manifest(b"{}", MANIFEST, "1.0")
