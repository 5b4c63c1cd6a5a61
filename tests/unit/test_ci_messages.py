from __future__ import annotations

import pytest

from pipeline_kit.ci.messages import Annotation, Mask, Output, limited


@pytest.mark.parametrize("name", ["", "1st", "a b", "a=b", "a<<EOF", "a\nb", "ümlaut", "a.b", "-a", "a\n"])
def test_an_output_with_a_name_that_a_ci_reads_otherwise_can_not_be_made(name: str) -> None:
    with pytest.raises(ValueError, match="is not the name of an output"):
        Output(name, "x")


@pytest.mark.parametrize("value", ["two\nlines", "two\rlines", "end\n"])
def test_a_secret_output_has_one_line_and_the_error_does_not_show_it(value: str) -> None:
    with pytest.raises(ValueError, match="has several lines") as error:
        Output("token", value, secret=True)
    assert value not in str(error.value)


def test_every_line_of_a_secret_is_masked_once_and_short_ones_are_not() -> None:
    assert Mask("-----BEGIN\r\n  abcd  \n}\n\nabc\nabcd\n").lines == ("-----BEGIN", "abcd")
    assert Mask("abc").lines == ()
    assert Mask("").lines == ()


def test_secrets_are_not_in_what_is_shown_of_a_message() -> None:
    assert "s3cr3t" not in f"{Mask('s3cr3t')!r} {Output('token', 's3cr3t', secret=True)!r}"


def test_a_long_annotation_is_cut_to_what_a_ci_keeps_and_says_so() -> None:
    assert Annotation("error", "x" * 4096).kept == "x" * 4096
    cut = Annotation("error", "x" * 4097).kept
    assert len(cut) == 4096
    assert cut.endswith("x [...]")


def test_of_more_than_ten_annotations_of_a_level_the_tenth_counts_the_rest() -> None:
    errors = [Annotation("error", str(number)) for number in range(12)]
    warnings = [Annotation("warning", str(number)) for number in range(10)]
    kept = limited([*errors, *warnings])
    assert [annotation.text for annotation in kept if annotation.level == "error"] == [
        *map(str, range(9)),
        "3 more of this kind are in the log",
    ]
    assert [annotation for annotation in kept if annotation.level == "warning"] == warnings
