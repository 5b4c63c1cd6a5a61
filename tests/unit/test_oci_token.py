"""What a registry's token says."""

from __future__ import annotations

import json

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.oci.token import read_token

_KEY = "a key that nobody checks, long enough for a test"


def _answer(**fields: object) -> bytes:
    return json.dumps(fields).encode()


def _jwt(**claims: object) -> str:
    return jwt.encode(claims, _KEY, algorithm="HS256")


def test_what_the_token_grants_is_read() -> None:
    access = [
        {"type": "repository", "name": "shop/web", "actions": ["pull", "push"]},
        {"type": "repository", "name": "shop/base", "actions": ["pull"]},
        {"type": "registry", "name": "catalog", "actions": ["*"]},
    ]
    token = read_token(_answer(access_token=_jwt(access=access)), 0)
    assert token
    assert token.granted("shop/web") == {"pull", "push"}
    assert token.granted("shop/base") == {"pull"}
    assert token.granted("shop/other") == frozenset()


@pytest.mark.parametrize("text", ["opaque", "a.b.c", "...", _jwt(sub="me")])
def test_a_token_that_tells_nothing_grants_nobody_knows_what(text: str) -> None:
    token = read_token(_answer(token=text), 0)
    assert token
    assert token.granted("shop/web") is None


@pytest.mark.parametrize(
    ("fields", "lifetime"),
    [
        ({"token": "opaque"}, 60),
        ({"token": "opaque", "expires_in": 300}, 300),
        ({"token": _jwt(exp=5000, iat=500)}, 4500),
        ({"token": _jwt(exp=5000)}, 4000),
        ({"token": _jwt(exp=5000, iat=500), "expires_in": 300}, 300),
    ],
)
def test_how_long_it_lives(fields: dict[str, object], lifetime: float) -> None:
    token = read_token(_answer(**fields), 1000)
    assert token
    assert token.lifetime == lifetime


@pytest.mark.parametrize("answer", [b"", b"{}", b"<html>", b'{"token": ""}', b'{"token": "a\\r\\nb"}', b"[" * 100_000])
def test_an_answer_without_a_token_has_none(answer: bytes) -> None:
    assert read_token(answer, 0) is None


@given(st.text(alphabet="abc.-_=e30"))
def test_any_token_is_accepted(text: str) -> None:
    read_token(_answer(token=text), 0)


def test_a_token_is_never_shown() -> None:
    text = _jwt(access=[{"type": "repository", "name": "shop/web", "actions": ["pull"]}])
    assert text not in repr(read_token(_answer(token=text), 0))
