"""Many clients of the local registry at once: nothing is lost, and what can be had once goes to one."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, TypeVar

import pytest

from pipeline_kit.model.digest import digest_of
from pipeline_kit.oci.server import serving
from tests.registry_requests import EMPTY, MANIFEST, connected, descriptor, manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.registry_requests import Connection

_Result = TypeVar("_Result")
_WRITERS = 8
_IMAGE = manifest()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    with serving(tmp_path, durable=False) as address:
        with connected(address) as registry:
            registry.push_blob("shop/web", EMPTY)
        yield address


def _at_once(address: str, work: Callable[[Connection, int], _Result]) -> list[_Result]:
    """What ``work`` returns in each of the writers, which start together."""
    barrier = Barrier(_WRITERS)

    def one(number: int) -> _Result:
        with connected(address) as registry:
            registry("GET", "/v2/")
            barrier.wait()
            return work(registry, number)

    with ThreadPoolExecutor(_WRITERS) as pool:
        return list(pool.map(one, range(_WRITERS)))


def test_no_referrer_is_lost(address: str, tmp_path: Path) -> None:
    def attach(registry: Connection, number: int) -> list[str]:
        reports = [
            manifest(subject=descriptor(_IMAGE, MANIFEST), annotations={"by": f"{number}.{each}"}) for each in range(10)
        ]
        return [
            registry.push("shop/web", digest_of(report), report).headers["Docker-Content-Digest"] for report in reports
        ]

    attached = {digest for digests in _at_once(address, attach) for digest in digests}
    with connected(address) as registry:
        listed = registry("GET", f"shop/web/referrers/{digest_of(_IMAGE)}").json["manifests"]
    assert {entry["digest"] for entry in listed} == attached
    assert len(listed) == _WRITERS * 10
    on_disk = json.loads((tmp_path / "repositories" / "shop+web" / "index.json").read_text())["manifests"]
    assert {entry["digest"] for entry in on_disk} == attached


def test_a_tag_that_must_not_exist_goes_to_one(address: str) -> None:
    for version in range(20):

        def claim(registry: Connection, number: int, version: int = version) -> int:
            mine = manifest(annotations={"by": str(number)})
            return registry.push("shop/web", f"1.{version}", mine, {"If-None-Match": "*"}).status

        assert sorted(_at_once(address, claim)) == [201] + [412] * (_WRITERS - 1)


def test_a_tag_counts_right_when_everybody_compares_and_swaps(address: str) -> None:
    def count_up(registry: Connection, _: int) -> None:
        for _ in range(5):
            while True:
                seen = registry("GET", "shop/web/manifests/count")
                number = int(seen.json["annotations"]["count"]) if seen.status == 200 else 0
                condition = {"If-Match": seen.headers["ETag"]} if seen.status == 200 else {"If-None-Match": "*"}
                mine = manifest(annotations={"count": str(number + 1)})
                if registry.push("shop/web", "count", mine, condition).status == 201:
                    break

    _at_once(address, count_up)
    with connected(address) as registry:
        counted = registry("GET", "shop/web/manifests/count").json["annotations"]["count"]
    assert counted == str(_WRITERS * 5)


def test_the_same_blob_from_everybody_is_stored_once(address: str, tmp_path: Path) -> None:
    blob = os.urandom(3 << 20)

    def push(registry: Connection, number: int) -> str:
        return registry.push_blob(f"shop/number{number % 4}", blob)

    assert set(_at_once(address, push)) == {digest_of(blob)}
    copies = [path for path in tmp_path.rglob("*") if path.is_file() and path.stat().st_size == len(blob)]
    assert len(copies) == 5
    assert len({path.stat().st_ino for path in copies}) == 1
    assert not list((tmp_path / "uploads").rglob("*/*"))


def test_a_blob_that_is_deleted_and_sent_at_once_is_whole_or_absent(address: str) -> None:
    blob = os.urandom(1 << 16)
    path = f"shop/web/blobs/{digest_of(blob)}"

    def work(registry: Connection, number: int) -> None:
        for _ in range(20):
            if number % 3 == 0:
                assert registry("DELETE", path).status in (202, 404)
            elif number % 3 == 1:
                registry.push_blob("shop/web", blob)
            else:
                answer = registry("GET", path)
                assert answer.status == 404 or answer.body == blob

    _at_once(address, work)
    with connected(address) as registry:
        registry.push_blob("shop/web", blob)
        assert registry("GET", path).body == blob
