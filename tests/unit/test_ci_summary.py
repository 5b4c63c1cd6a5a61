from __future__ import annotations

from hypothesis import example, given
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml

from pipeline_kit.ci.summary import fitting, markdown_text
from pipeline_kit.errors import printable
from tests.world.hostile_text import hostile

_RENDER = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render


@given(hostile)
@example("# a")
@example("- a")
@example("+ a")
@example("1. a")
@example("12) a")
@example("---")
@example("===")
@example("<img src=x> [a](http://b) ![c](d) **e** `f` ~~g~~ &copy; h|i \\")
def test_user_text_stays_text_in_a_sentence_and_in_a_table(text: str) -> None:
    shown = escapeHtml(printable(" ".join(text.split())))
    assert _RENDER(markdown_text(text)) == (f"<p>{shown}</p>\n" if shown else "")
    assert f"<td>{shown}</td>" in _RENDER(f"| a | b |\n| - | - |\n| x | {markdown_text(text)} |\n")


def test_a_summary_that_fits_is_unchanged_and_ends_with_one_newline() -> None:
    assert fitting("### a\n\n\n") == "### a\n"
    assert fitting("### a") == "### a\n"


def test_a_summary_that_is_too_long_is_cut_after_a_line_and_says_so_first() -> None:
    lines = [f"{number} ümläut" for number in range(100_000)]
    cut = fitting("\n".join(lines))
    notice, _, rest = cut.partition("\n\n")
    assert len(cut.encode()) <= 900_000
    assert "cut at 900 kB" in notice
    assert rest.splitlines() == lines[: len(rest.splitlines())]
    assert len(fitting("\n".join(lines), taken=800_000).encode()) <= 100_000
