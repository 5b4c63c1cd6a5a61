"""JavaScript's regular expressions: what is taken answers as in JavaScript, what is not is refused by name."""

import re
import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.errors import Failure
from pipeline_kit.tagging.expressions import match, parse
from tests.unit.tagging_samples import refusal


@pytest.mark.parametrize(
    ("source", "text", "groups"),
    [
        (r"v(.*)", "v1.0", ["v1.0", "1.0"]),
        (r"^v?(\d+)$", "12", ["12", "12"]),
        (r"^v?(\d+)$", "12\n", None),
        (r"/^b$/m", "a\nb", ["b"]),
        (r"/V(.)/i", "v1", ["v1", "1"]),
        (r"/\d/g", "1a2", ["1", "2"]),
        (r"/x*/g", "ax", ["", "x", ""]),
        (r"/\d/y", "a1", None),
        (r"/a.b/s", "a\nb", ["a\nb"]),
        (r"a.b", "a\nb", None),
        (r"(a)?(b)", "b", ["b", None, "b"]),
        (r"(a)?\1b", "b", ["b", None]),
        (r"(?<x>.)\k<x>", "abb", ["bb", "b"]),
        (r"\d", "\u0663", None),
        (r"\w", "é", None),
        (r"\s", "\u00a0", ["\u00a0"]),
        (r"[\s\S]", "\u00a0", ["\u00a0"]),
        (r"[^\S]", "x", None),
        (r"[^]", "\n", ["\n"]),
        (r"[]", "x", None),
        (r"[\w-.]+", "a-.", ["a-."]),
        (r"[[a]+", "[a", ["[a"]),
        (r"a{", "a{", ["a{"]),
        (r"a{,2}", "a{,2}", ["a{,2}"]),
        (r"]}", "]}", ["]}"]),
        (r"\-\_\/\a", "-_/a", ["-_/a"]),
        (r"\x41\u0042\cJ\0", "AB\n\0", ["AB\n\0"]),
        (r"[\b]", "\b", ["\b"]),
        (r"^(?!v)(.*)$", "v1", None),
        (r"(?<=v)\d", "v1", ["1"]),
        (r"^.$", "😀", None),
        (r"^..$", "😀", ["😀"]),
        (r"\B", "", [""]),
        (r"a|", "b", [""]),
        (r"(?:a*)(?=b)", "aab", ["aa"]),
    ],
)
def test_what_an_expression_finds(source: str, text: str, groups: list[str | None] | None) -> None:
    found = match(parse(source, literal=True), text)
    assert (list(found.groups) if found else None) == groups


@pytest.mark.parametrize(
    "source",
    [
        "(", ")", "a)", "[a", "*", "a**", "a++", "a?+", "^*", "(?=a)*", "[z-a]", "{1}", "a{2,1}", "\\", "(?i)a",
        "(?>a)", "(?P<x>a)", "(?#c)", "(?<1>a)", r"\k<x>", r"\1", r"(a\1)", r"\p{L}", r"\u{41}", r"\u12", r"\x1",
        r"\c1", r"\01", r"[\1]", "/a/u", "/a/v", "/a/gg", "/a/q", "(.*)?", "(a*)*", "(?:|a)+", "((a)|b)+",
        "(?:(a)?b)*", "(?!(a))", "(?<=(a))", "(?<=a+)b", "/é/i", "a{99999999999}", "(?-i:a)", "(?<x>a)(?<x>b)",
    ],
)  # fmt: skip
def test_what_python_would_answer_differently_is_refused(source: str) -> None:
    with pytest.raises(Failure) as found:
        parse(source, literal=True)
    assert found.value.kind == "tag.pattern"


def test_slashes_are_part_of_an_expression_that_is_no_literal() -> None:
    assert match(parse("/b/"), "a/b/") is not None
    assert match(parse("/b/c"), "a/b/c") is not None


def test_a_match_that_takes_exponentially_long_is_refused() -> None:
    began = time.monotonic()
    with pytest.raises(Failure, match="more than 1 s") as found:
        match(parse("(a+)+$"), "a" * 60 + "b")
    assert found.value.kind == "tag.pattern-slow"
    assert time.monotonic() - began < 5


def test_long_texts_and_expressions_are_refused() -> None:
    with pytest.raises(Failure, match="5000 characters"):
        match(parse("a"), "b" * 5000)
    with pytest.raises(Failure, match="5000 characters"):
        parse("b" * 5000)
    with pytest.raises(Failure, match="groups inside of groups"):
        parse("(" * 400 + "a" + ")" * 400)


def test_another_thread_matches_too() -> None:
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(match(parse("a"), "a")))
    thread.start()
    thread.join()
    assert found[0] is not None


@given(
    st.text(st.sampled_from("ab(|)[]{}*+?^$.\\1-,:=!<>dws/"), max_size=12), st.text(st.sampled_from("ab1 "), max_size=8)
)
def test_any_text_is_an_expression_or_refused(source: str, text: str) -> None:
    refused = refusal(lambda: match(parse(source, literal=True), text))
    assert refused is None or refused.kind in ("tag.pattern", "tag.pattern-slow")


@given(st.text(max_size=20))
def test_an_escaped_text_finds_itself(text: str) -> None:
    escaped = re.sub(r"[\\^$.*+?()\[\]{}|/]", r"\\\g<0>", text)
    found = match(parse(escaped), f"x{text}y")
    assert found
    assert found.groups == (text,)
