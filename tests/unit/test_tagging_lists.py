"""Lists are CSV as docker/metadata-action reads it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.errors import Failure
from pipeline_kit.tagging.lists import fields, items, shown
from tests.unit.tagging_samples import refusal


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("", []),
        ("a\nb", ["a", "b"]),
        ("a\r\nb\r\n", ["a", "b"]),
        ("  a  \n\n   \n b", ["a", "", "b"]),
        ("# c\na # no comment\n#d", ["a # no comment"]),
        ("a,b , c", ["a,b , c"]),
        ('"a,b",c', ["a,b,c"]),
        ('"a\nb"\nc', ["a\nb", "c"]),
        ('say "x", "y"', ['say "x", "y"']),
        ('"a"b,c', ['"a"b,c']),
        ('""', []),
        ('""\n"a""b"', ['a"b']),
        ('a\n"b" ', ["a", "b"]),
        ('""#x\na', ["a"]),
        ("a\rb\nc", ["a", "b\nc"]),
    ],
)
def test_the_items_of_a_text(text: str, read: list[str]) -> None:
    assert items(text) == read


@pytest.mark.parametrize(
    ("item", "read"),
    [
        ("a,b", ["a", "b"]),
        ('"a,b",c', ["a,b", "c"]),
        ('"""a"""', ['"a"']),
        ("a,,b,", ["a", "", "b", ""]),
        (" a , b ", [" a ", " b "]),
        ('"a\nb",c\nd', ["a\nb", "c"]),
    ],
)
def test_the_fields_of_an_item(item: str, read: list[str]) -> None:
    assert fields(item) == read


@pytest.mark.parametrize("item", ['a"b', '"a"b', '"a', "", '"'])
def test_a_broken_item_is_refused(item: str) -> None:
    with pytest.raises(Failure) as found:
        fields(item)
    assert found.value.kind == "tag.list"


def test_an_item_that_is_read_once_keeps_its_quotes() -> None:
    text = '# c\n type=match,"pattern=a,b" \r\n\n"x\ny"'
    assert items(text, whole=True) == ['type=match,"pattern=a,b"', '"x', 'y"']


@pytest.mark.parametrize("read", [items, fields])
def test_a_text_that_is_too_long_is_refused(read: object) -> None:
    with pytest.raises(Failure, match="too long"):
        read("a" * 300_000)  # type: ignore[operator]


@given(st.text())
def test_any_text_is_a_list_or_refused(text: str) -> None:
    for whole in (True, False):
        refused = refusal(lambda: [fields(item) for item in items(text, whole=whole)])  # noqa: B023 - called at once
        assert refused is None or refused.kind == "tag.list"


@given(st.lists(st.text(st.characters(exclude_characters='"'), min_size=1), min_size=1))
def test_quoted_fields_come_back_as_they_were(texts: list[str]) -> None:
    assert fields(",".join(f'"{text}"' for text in texts)) == texts


def test_what_is_shown_of_a_text_fits_a_line() -> None:
    assert shown("a\nb\u202e") == "a\\nb\\u202e"
    assert len(shown("x" * 10_000_000)) == 83
