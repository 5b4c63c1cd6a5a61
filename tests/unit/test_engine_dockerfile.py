"""The Dockerfile's grammar, as far as it is needed to name a line, a stage and a base image."""

from __future__ import annotations

from pipeline_kit.engines.dockerfile import Dockerfile, parse, parse_text


def keywords(dockerfile: Dockerfile) -> list[str]:
    return [f"{one.keyword}:{one.line}-{one.end}" for stage in dockerfile.stages for one in stage.instructions]


def test_stages_have_names_numbers_and_their_own_instructions():
    parsed = parse_text("FROM a AS build\nRUN one\nfrom --platform=linux/amd64 b\nCOPY --from=build /x /x\n")
    assert [(str(stage), stage.base) for stage in parsed.stages] == [("stage build", "a"), ("stage 1", "b")]
    assert keywords(parsed) == ["FROM:1-1", "RUN:2-2", "FROM:3-3", "COPY:4-4"]


def test_a_stage_is_found_by_name_in_any_case_and_by_number():
    parsed = parse_text("FROM a AS Build\nFROM b\n")
    assert parsed.stage("build") is parsed.stage("0") is parsed.stages[0]
    assert parsed.stage("1") is parsed.stages[1]
    assert parsed.stage("") is parsed.stage("2") is parsed.stage("test") is None


def test_a_continued_instruction_is_one_with_comments_and_blank_lines_in_it():
    parsed = parse_text("FROM a\nRUN one && \\\n  # a comment\n\n  two   && \\ \n  three\nCMD x\n")
    assert keywords(parsed) == ["FROM:1-1", "RUN:2-6", "CMD:7-7"]
    assert str(parsed.stages[0].instructions[1]) == "RUN one && two && three"


def test_a_comment_after_the_last_line_does_not_belong_to_the_instruction():
    assert keywords(parse_text("FROM a\nRUN one \\\n# the end\n")) == ["FROM:1-1", "RUN:2-2"]


def test_the_escape_directive_changes_what_continues_a_line():
    parsed = parse_text("# syntax=docker/dockerfile:1\n# escape=`\nFROM a\nRUN dir `\n  C:\\\nCMD x\n")
    assert keywords(parsed) == ["FROM:3-3", "RUN:4-5", "CMD:6-6"]


def test_an_escape_directive_below_an_instruction_is_a_comment():
    assert keywords(parse_text("FROM a\n# escape=`\nRUN x \\\n y\n")) == ["FROM:1-1", "RUN:3-4"]


def test_heredocs_belong_to_their_instruction():
    text = "FROM a\nRUN <<EOF\nFROM inside\nEOF\nCOPY <<-'A' <<B /to/\n\tone\n\tA\ntwo\nB\nRUN x\n"
    assert keywords(parse_text(text)) == ["FROM:1-1", "RUN:2-4", "COPY:5-9", "RUN:10-10"]


def test_a_shift_or_a_here_string_is_no_heredoc():
    assert keywords(parse_text("FROM a\nRUN echo $((1<<2))\nRUN cat <<<word\nRUN x\n")) == [
        *("FROM:1-1", "RUN:2-2", "RUN:3-3", "RUN:4-4"),
    ]


def test_the_line_of_a_heredoc_names_its_instruction():
    parsed = parse_text("FROM a\nRUN <<EOF\ntrue\nEOF\n")
    found = parsed.at(3)
    assert found
    assert (found[0].index, found[1].line) == (0, 2)
    assert parsed.at(5) is parsed.at(0) is None


def test_base_images_leave_out_stages_and_scratch_and_fill_in_arguments():
    parsed = parse_text(
        'ARG VERSION=12\nARG MIRROR="docker.io"\nARG EMPTY\n'
        "FROM ${MIRROR}/debian:$VERSION AS build\nFROM build AS test\nFROM scratch\nFROM ${EMPTY:-alpine}\nFROM Build\n"
    )
    assert parsed.bases({}) == ("docker.io/debian:12", "alpine")
    assert parsed.bases({"VERSION": "13"}) == ("docker.io/debian:13", "alpine")


def test_windows_line_ends_and_a_byte_order_mark_make_no_difference(tmp_path):
    path = tmp_path / "Dockerfile"
    path.write_bytes(b"\xef\xbb\xbfFROM a\r\nRUN one \\\r\n  two\r\n")
    parsed = parse(path)
    assert keywords(parsed) == ["FROM:1-1", "RUN:2-3"]
    assert parsed.lines[1] == "RUN one \\"


def test_options_of_an_instruction():
    copy = parse_text("FROM a\nCOPY --chown=1:1 --from=build /x /y\n").stages[0].instructions[1]
    assert (copy.option("from"), copy.option("link")) == ("build", "")


def test_a_health_check_is_seen_in_any_stage_but_not_in_a_comment():
    assert parse_text("FROM a\nhealthcheck CMD true\n").has("HEALTHCHECK")
    assert not parse_text("FROM a\n# HEALTHCHECK CMD true\nRUN HEALTHCHECK\n").has("HEALTHCHECK")


def test_nothing_but_comments_is_empty():
    assert parse_text("\n# nothing\n").is_empty
    assert not parse_text("RUN x\n").is_empty


def test_odd_text_is_parsed_without_an_error():
    for text in ("", "\\", "FROM", "FROM a\n\\\n", "FROM a\nRUN <<EOF\nno end", "\0", "FROM  a  as  b"):
        parse_text(text)
