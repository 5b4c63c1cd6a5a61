"""What the local registry lists: repositories, tags, and what refers to a manifest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.model.digest import digest_of
from pipeline_kit.oci.server import serving
from tests.registry_requests import EMPTY, INDEX, MANIFEST, Connection, connected, descriptor, index, manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_IMAGE = manifest()
_REPORT = "application/vnd.example.report"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Connection]:
    """A registry whose repository shop/web has the empty config."""
    with serving(tmp_path, durable=False) as address, connected(address) as connection:
        connection.push_blob("shop/web", EMPTY)
        yield connection


def _next(link: str) -> str:
    found = re.fullmatch(r'<(/[^>]+)>; rel="next"', link)
    assert found
    return found[1]


def test_tags_are_in_the_specifications_order(registry: Connection) -> None:
    for tag in ("b", "Bc", "a", "1.10", "C", "1.9"):
        registry.push("shop/web", tag, _IMAGE)
    answer = registry("GET", "shop/web/tags/list").json
    assert answer == {"name": "shop/web", "tags": ["1.10", "1.9", "a", "b", "Bc", "C"]}


def test_tags_come_in_pages_that_link_to_the_next(registry: Connection) -> None:
    for tag in ("a", "b", "C", "d", "e"):
        registry.push("shop/web", tag, _IMAGE)
    pages, path = [], "shop/web/tags/list?n=2"
    while path:
        answer = registry("GET", path)
        pages.append(answer.json["tags"])
        path = _next(answer.headers["Link"]) if "Link" in answer.headers else ""
    assert pages == [["a", "b"], ["C", "d"], ["e"]]
    assert registry("GET", "shop/web/tags/list?last=bb").json["tags"] == ["C", "d", "e"]
    assert registry("GET", "shop/web/tags/list?n=0").json["tags"] == []
    for number in ("-1", "x", "9" * 5000):
        assert registry("GET", f"shop/web/tags/list?n={number}").code == "PAGINATION_NUMBER_INVALID"


def test_a_repository_that_was_never_written_has_no_tags(registry: Connection) -> None:
    assert registry("GET", "shop/none/tags/list").code == "NAME_UNKNOWN"


def test_the_catalog_lists_repositories_with_manifests(registry: Connection) -> None:
    registry("POST", "shop/begun/blobs/uploads/")
    for repository in ("shop/web", "shop", "a/b/c"):
        registry.push_blob(repository, EMPTY)
        registry.push(repository, "1", _IMAGE)
    assert registry("GET", "_catalog").json == {"repositories": ["a/b/c", "shop", "shop/web"]}
    answer = registry("GET", "_catalog?n=1")
    assert answer.json["repositories"] == ["a/b/c"]
    assert registry("GET", _next(answer.headers["Link"])).json["repositories"] == ["shop"]


def test_a_referrer_is_listed_with_its_type_and_annotations(registry: Connection) -> None:
    registry.push("shop/web", "1", _IMAGE)
    subject = descriptor(_IMAGE, MANIFEST)
    report = manifest(subject=subject, artifactType=_REPORT, annotations={"made": "today"})
    plain = manifest(subject=subject)
    listing = index(subject=subject)
    for content in (report, plain, listing):
        answer = registry.push("shop/web", digest_of(content), content)
        assert answer.headers["OCI-Subject"] == digest_of(_IMAGE)
    answer = registry("GET", f"shop/web/referrers/{digest_of(_IMAGE)}")
    assert (answer.status, answer.headers["Content-Type"]) == (200, INDEX)
    assert answer.json == {
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [
            {**descriptor(report, MANIFEST), "artifactType": _REPORT, "annotations": {"made": "today"}},
            {**descriptor(plain, MANIFEST), "artifactType": "application/vnd.oci.empty.v1+json"},
            descriptor(listing, INDEX),
        ],
    }


def test_referrers_are_filtered_by_type(registry: Connection) -> None:
    subject = descriptor(_IMAGE, MANIFEST)
    for kind in (_REPORT, "application/vnd.example.other"):
        content = manifest(subject=subject, artifactType=kind)
        registry.push("shop/web", digest_of(content), content)
    answer = registry("GET", f"shop/web/referrers/{digest_of(_IMAGE)}?artifactType={_REPORT}")
    assert [entry["artifactType"] for entry in answer.json["manifests"]] == [_REPORT]
    assert answer.headers["OCI-Filters-Applied"] == "artifactType"


def test_referrers_may_come_before_their_subject_and_go_alone(registry: Connection) -> None:
    report = manifest(subject=descriptor(_IMAGE, MANIFEST), artifactType=_REPORT)
    registry.push("shop/web", digest_of(report), report)
    registry.push("shop/web", "1", _IMAGE)
    path = f"shop/web/referrers/{digest_of(_IMAGE)}"
    assert len(registry("GET", path).json["manifests"]) == 1
    registry("DELETE", f"shop/web/manifests/{digest_of(report)}")
    assert registry("GET", path).json["manifests"] == []


def test_nothing_refers_to_what_is_not_there(registry: Connection) -> None:
    for repository in ("shop/web", "shop/none"):
        assert registry("GET", f"{repository}/referrers/{digest_of(b'')}").json["manifests"] == []
        assert registry("GET", f"{repository}/referrers/latest").code == "DIGEST_INVALID"
