"""`pipeline-kit registry serve` as a process: what it says, how it ends, what outlives a kill, how little memory."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.errors import Exit
from pipeline_kit.model.digest import digest_of
from tests.registry_requests import EMPTY, Answer, connected, descriptor, manifest

if TYPE_CHECKING:
    from collections.abc import Iterator

_SERVE = (sys.executable, "-m", "pipeline_kit", "registry", "serve")
_LAYER = "application/vnd.oci.image.layer.v1.tar"
_MIB = 1 << 20


@contextmanager
def _served(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process and its address; it is killed at the end of the block if it still runs."""
    argv = (*_SERVE, str(folder), "--address", "127.0.0.1:0", *options)
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def _refused(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run((*_SERVE, *arguments), capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_its_address_alone_and_ends_with_0(tmp_path: Path, number: signal.Signals) -> None:
    with _served(tmp_path / "registry") as (process, address), connected(address) as registry:
        assert registry("GET", "/v2/").status == 200
        started = time.monotonic()
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=10)
        assert time.monotonic() - started < 3
        assert (process.returncode, stdout, stderr) == (Exit.DONE, "", "")


def test_it_says_each_request_if_asked_to(tmp_path: Path) -> None:
    with _served(tmp_path / "registry", "--verbose") as (process, address), connected(address) as registry:
        registry("GET", "/v2/")
        process.terminate()
        stdout, stderr = process.communicate(timeout=10)
        assert stdout == ""
        assert stderr.startswith("GET /v2/ 200 ")


def test_a_second_one_refuses_folder_and_port(tmp_path: Path) -> None:
    with _served(tmp_path / "registry") as (_, address):
        same_folder = _refused(str(tmp_path / "registry"), "--address", "127.0.0.1:0")
        assert (same_folder.returncode, same_folder.stdout) == (Exit.TRY_LATER, "")
        assert f"another registry serves {tmp_path / 'registry'}" in same_folder.stderr
        same_port = _refused(str(tmp_path / "other"), "--address", address)
        assert same_port.returncode == Exit.TRY_LATER
        assert f"another program listens at {address}" in same_port.stderr


def test_other_machines_are_not_served_by_accident(tmp_path: Path) -> None:
    refused = _refused(str(tmp_path / "registry"), "--address", "0.0.0.0:0")
    assert (refused.returncode, refused.stdout) == (Exit.USAGE, "")
    assert "--allow-remote" in refused.stderr
    assert not (tmp_path / "registry").exists()


def test_a_kill_in_the_middle_of_an_upload_shows_nothing_and_the_upload_goes_on(tmp_path: Path) -> None:
    blob = os.urandom(20 * _MIB)
    digest = digest_of(blob)
    with _served(tmp_path / "registry") as (process, address), connected(address) as registry:
        upload = registry("POST", "shop/web/blobs/uploads/").headers["Location"]
        registry.http.putrequest("PUT", f"{upload}?digest={digest}")
        registry.http.putheader("Content-Length", str(len(blob)))
        registry.http.endheaders(blob[: 8 * _MIB])
        _wait_for(tmp_path, 6 * _MIB)
        process.kill()
    with _served(tmp_path / "registry") as (_, address), connected(address) as registry:
        assert registry("HEAD", f"shop/web/blobs/{digest}").status == 404
        assert registry("GET", "_catalog").json == {"repositories": []}
        arrived = int(registry("GET", upload).headers["Range"].removeprefix("0-")) + 1
        assert 6 * _MIB <= arrived <= 8 * _MIB
        rest = {"Content-Range": f"{arrived}-{len(blob) - 1}"}
        assert registry("PUT", f"{upload}?digest={digest}", blob[arrived:], rest).status == 201
        assert registry("GET", f"shop/web/blobs/{digest}").body == blob


def _wait_for(folder: Path, size: int) -> None:
    deadline = time.monotonic() + 10
    while not any(path.stat().st_size >= size for path in folder.rglob("*") if path.is_file()):
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("durability", ["--durable", "--not-durable"])
def test_what_was_confirmed_before_a_kill_is_whole_after_it(tmp_path: Path, durability: str) -> None:
    folder = tmp_path / "registry"
    confirmed: list[tuple[str, bytes]] = []
    for each in range(4):
        with _served(folder, durability) as (process, address):
            writers = [threading.Thread(target=_push_on, args=(address, f"{each}.{n}", confirmed)) for n in range(3)]
            for writer in writers:
                writer.start()
            time.sleep(0.3 + each * 0.07)
            process.kill()
            for writer in writers:
                writer.join()
    assert len(confirmed) > 20
    with _served(folder, durability) as (_, address), connected(address) as registry:
        assert not list((folder / "scratch").iterdir())
        tags = registry("GET", "shop/web/tags/list").json["tags"]
        for tag, layer in confirmed:
            assert tag in tags
            assert registry("GET", f"shop/web/blobs/{digest_of(layer)}").body == layer
        for tag in tags:  # the last ones were perhaps not confirmed, and are whole nevertheless
            stored: Answer = registry("GET", f"shop/web/manifests/{tag}")
            assert digest_of(stored.body) == stored.headers["Docker-Content-Digest"]
            for needed in (stored.json["config"], *stored.json["layers"]):
                blob = registry("GET", f"shop/web/blobs/{needed['digest']}").body
                assert digest_of(blob) == needed["digest"]


def _push_on(address: str, name: str, confirmed: list[tuple[str, bytes]]) -> None:
    """Push one image after the other until the registry is gone."""
    try:
        with connected(address) as registry:
            registry.push_blob("shop/web", EMPTY)
            while True:
                tag, layer = f"{name}.{time.monotonic_ns()}", os.urandom(20_000)
                registry.push_blob("shop/web", layer)
                assert registry.push("shop/web", tag, manifest(layers=[descriptor(layer, _LAYER)])).status == 201
                confirmed.append((tag, layer))
    except (OSError, HTTPException):
        return


def test_300_mb_pass_through_little_memory(tmp_path: Path) -> None:
    piece = os.urandom(_MIB)
    digest = f"sha256:{hashlib.sha256(piece * 300).hexdigest()}"
    with _served(tmp_path / "registry", "--not-durable") as (process, address), connected(address) as registry:
        registry("GET", "/v2/")
        before = _memory(process.pid, "VmRSS")
        upload = registry("POST", "shop/web/blobs/uploads/").headers["Location"]
        assert registry("PATCH", upload, (piece for _ in range(150))).status == 202
        length = {"Content-Length": str(150 * _MIB)}
        assert registry("PUT", f"{upload}?digest={digest}", (piece for _ in range(150)), length).status == 201
        registry.http.request("GET", f"/v2/shop/web/blobs/{digest}")
        response, pulled = registry.http.getresponse(), hashlib.sha256()
        while part := response.read(_MIB):
            pulled.update(part)
        assert f"sha256:{pulled.hexdigest()}" == digest
        assert _memory(process.pid, "VmHWM") - before < 20 * _MIB


def _memory(process: int, kind: str) -> int:
    """Bytes in memory now (VmRSS), or the most that there ever were (VmHWM)."""
    status = Path(f"/proc/{process}/status").read_text()
    return int(status.split(f"{kind}:")[1].split()[0]) * 1024
