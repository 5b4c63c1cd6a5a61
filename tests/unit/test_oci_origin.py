"""An address leads to one host only, whoever reads it."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from requests import Request
from urllib3 import PoolManager
from urllib3.util import parse_url

from pipeline_kit.oci.origin import joined, origin

_PIECES = st.sampled_from(
    [
        *("https://", "http://", "//", "/", "\\", "@", ":", "#", "?", "%", "%2f", "[", "]", "[::1]", " ", "\t", "\n"),
        *(
            "evil.example",
            "reg.example",
            ".",
            "443",
            "65536",
            "0",
            "\N{FULLWIDTH SOLIDUS}",
            "\u3002",
            "\u0661",
            "é",
            "\x00",
        ),
        *("..", "a", "user", "&", ";", "xn--", "_", "HTTPS://", "127.1"),
    ]
)
_TEXTS = st.lists(_PIECES, max_size=8).map("".join) | st.text(max_size=30)


@given(_TEXTS | _TEXTS.map("https://".__add__) | _TEXTS.map("https://reg.example/".__add__))
def test_every_parser_sees_the_host_that_is_compared(url: str) -> None:
    found = origin(url)
    if found is None:
        return
    split, parsed = urlsplit(url), parse_url(url)
    prepared = Request("GET", url).prepare().url or ""
    connection = PoolManager().connection_from_url(prepared)
    host = found.host.strip("[]")
    assert {split.hostname, (parsed.host or "").strip("[]"), connection.host.strip("[]")} == {host}
    assert {split.port or found.port, parsed.port or found.port, connection.port} == {found.port}
    assert {split.scheme, parsed.scheme, connection.scheme} == {found.scheme}
    assert parsed.auth is None


@given(_TEXTS)
def test_what_is_joined_is_an_address_or_nothing(reference: str) -> None:
    for base in ("https://reg.example/v2/", "http://127.0.0.1:5000/v2/"):
        url = joined(base, reference)
        assert url == "" or origin(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example\\.reg.example/",
        "https://evil.example\\@reg.example/",
        "https://reg.example\N{FULLWIDTH SOLIDUS}evil.example/",
        "https://user@reg.example/",
        "https://reg.example:/",
        "https://reg.example:0/",
        "https://reg.example:65536/",
        "https://reg.example/a b",
        "https://reg.example/#x",
        "https:/reg.example/",
        "ftp://reg.example/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "",
    ],
)
def test_what_can_be_read_in_two_ways_is_no_address(url: str) -> None:
    assert origin(url) is None


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("/v2/a/blobs/uploads/1?_state=x%2F-_%3D%3D", "https://reg.example/v2/a/blobs/uploads/1?_state=x%2F-_%3D%3D"),
        ("1?a=b", "https://reg.example/v2/1?a=b"),
        ("//cdn.example:8443/x", "https://cdn.example:8443/x"),
        ("https://my_bucket.s3.example/a//b?X-Sig=a+b&c=(d)*", "https://my_bucket.s3.example/a//b?X-Sig=a+b&c=(d)*"),
        ("https://[2001:db8::1]:5000/x", "https://[2001:db8::1]:5000/x"),
    ],
)
def test_what_registries_send_is_followed(reference: str, url: str) -> None:
    assert joined("https://reg.example/v2/", reference) == url
