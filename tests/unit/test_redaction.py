"""A secret that is known is nowhere in what is written, however the text comes in pieces, and nothing else changes."""

from __future__ import annotations

import base64
import json
from itertools import pairwise
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipeline_kit.errors import Failure, Note
from pipeline_kit.redaction import Redactor

SECRET = 's3cr/t+"v ü&=<!:(@'


def redactor(*secrets: str) -> Redactor:
    made = Redactor()
    for secret in secrets:
        made.add(secret)
    return made


@pytest.mark.parametrize("before", ["", "a", "ab", "user:"])
@pytest.mark.parametrize(
    "coded",
    [
        base64.b64encode,
        base64.urlsafe_b64encode,
        lambda raw: raw,
        lambda raw: quote(raw).encode(),
        lambda raw: quote(raw, safe="").lower().encode(),
        lambda raw: quote_plus(raw).encode(),
        lambda raw: json.dumps(raw.decode()).encode(),
        lambda raw: json.dumps(raw.decode(), ensure_ascii=False).encode(),
        # As Go and PHP write JSON, and as others do URLs: encodeURIComponent and encodeURI, Go's user and path.
        lambda raw: json.dumps(raw.decode()).replace("&", r"\u0026").replace("<", r"\u003c").encode(),
        lambda raw: json.dumps(raw.decode()).replace("/", r"\/").encode(),
        lambda raw: quote(raw, safe="!'()*").encode(),
        lambda raw: quote(raw, safe=";/?:@&=+$,#!'()*").encode(),
        lambda raw: quote(raw, safe="$&+,;=").encode(),
        lambda raw: quote(raw, safe="$&+:=@").encode(),
    ],
    ids=[
        *("base64", "url-safe base64", "as it is", "path", "url", "form", "json", "unicode json"),
        *("go json", "php json", "encodeURIComponent", "encodeURI", "go user", "go path"),
    ],
)
def test_each_form_is_taken_out_wherever_it_stands(before: str, coded) -> None:
    shown = redactor(SECRET).clean(coded(f"{before}{SECRET} after".encode()))
    assert shown.count(b"***") == 1
    assert coded(SECRET.encode())[4:8] not in shown


def test_every_line_of_a_key_is_a_secret_of_its_own() -> None:
    key = "-----BEGIN KEY-----\r\nAAAABBBB\r\nabc\r\nCCCCDDDD\r\n"
    clean = redactor(key)
    assert clean.text("#9 0.1 AAAABBBB\n#9 0.1 abc\n#9 0.2 CCCCDDDD") == "#9 0.1 ***\n#9 0.1 abc\n#9 0.2 ***"
    assert "AAAA" not in clean.text(json.dumps({"Env": [f"KEY={key}"]}))


@pytest.mark.parametrize("secret", ["", "abc", "a\nb\n", "\n"])
def test_what_is_too_short_to_be_a_secret_stays(secret: str) -> None:
    assert redactor(secret).text("abc a b\n") == "abc a b\n"


_TEXTS = st.text(alphabet="ab\n=", max_size=8)


@given(
    secrets=st.lists(_TEXTS, max_size=3), text=st.text(alphabet="ab\n=", max_size=60), cuts=st.lists(st.integers(0, 60))
)
@example(["abab", "babab"], "ababab", [1, 2, 3])
def test_a_stream_in_pieces_is_the_whole_in_one(secrets: list[str], text: str, cuts: list[int]) -> None:
    """In an alphabet so small that secrets overlap themselves, each other and the borders of the pieces."""
    clean, content = redactor(*secrets), text.encode()
    stream = clean.stream()
    borders = sorted({0, len(content), *(cut for cut in cuts if cut < len(content))})
    pieces = [content[start:end] for start, end in pairwise(borders)]
    written = b"".join([*(stream.feed(piece) for piece in pieces), stream.rest()])
    for secret in secrets:
        assert all(line.strip() not in written.decode() for line in secret.split("\n") if len(line.strip()) >= 4)
    assert (written == content) == (clean.clean(content) == content)


def test_what_was_written_does_not_wait_for_the_end_of_a_line() -> None:
    stream = redactor("secret").stream()
    assert stream.feed(b"50 %") == b"50 %"
    assert stream.feed(b" sec") == b" "
    assert stream.feed(b"ond\n") == b"second\n"


def test_no_text_of_a_failure_keeps_one() -> None:
    failure = Failure(
        "tool.broke", "x hush", Note("why", "y hush"), evidence=("│ hush",), reproduce="--set a=hush", done="hush"
    )
    failure.cleaned(redactor("hush").text)
    assert "hush" not in repr(vars(failure))
