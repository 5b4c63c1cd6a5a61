from __future__ import annotations

import re

import pytest
from hypothesis import given

from pipeline_kit.ci.tool_output import neutralise
from tests.world import azure_agent_commands, github_runner_files
from tests.world.hostile_text import hostile


@pytest.mark.parametrize(
    ("line", "safe"),
    [
        ("#12 [runtime 4/6] RUN pip install", "#12 [runtime 4/6] RUN pip install"),
        (":: Synchronizing package databases...", ":: Synchronizing package databases..."),
        ("std::vector<std::string>", "std::vector<std::string>"),
        ("  ::error file=a::x", "  :_:error file=a::x"),
        ("\t::error::x", "\t:_:error::x"),
        ("::::x", ":_:::x"),
        ("ok ##vso[task.complete result=Failed;]", "ok ##_vso[task.complete result=Failed;]"),
        ("##VsO[a.b]###[error]x", "##_VsO[a.b]###_[error]x"),
        ("10%\r20%\r::error::x\r\n", r"10%\r20%\r::error::x"),
        ("a\x1b[2K\x1b[1Gb\x1b]0;title\x07c\x1b]8;;http://x\x1b\\d", "abcd"),
        ("#\x1b[2K#\x1b[2K[error]x", "##_[error]x"),
        ("\x1b[31mred", "\x1b[31mred\x1b[0m"),
        ("\x1b[1;38;5;9mred\x1b[0m", "\x1b[1;38;5;9mred\x1b[0m"),
        ("\x1b[>4;2mx\x1b", r"x\x1b"),
        ("bell\x07 null\x00 c1\x9b31m rtl\u202e", r"bell\x07 null\x00 c1\x9b31m rtl\u202e"),
        ("tab\tümläut 日本 🚀", "tab\tümläut 日本 🚀"),
        ("", ""),
    ],
)
def test_a_line_stays_readable_and_says_nothing_to_a_ci_or_a_terminal(line: str, safe: str) -> None:
    assert neutralise(line) == safe


@given(hostile)
def test_no_runner_finds_a_command_in_any_line(text: str) -> None:
    line = neutralise(text)
    github = github_runner_files.read_stream(line)
    azure = azure_agent_commands.read_stream(line)
    assert not github.commands
    assert github.printed == azure.printed == [line][: len(line)]
    assert "##[" not in line


@given(hostile)
def test_no_terminal_is_driven_by_any_line(text: str) -> None:
    line = neutralise(text)
    without_colours = re.sub(r"\x1b\[[0-9;:]*m", "", line)
    assert all(character == "\t" or character.isprintable() for character in without_colours)
    assert without_colours == line or line.endswith("\x1b[0m")


@given(hostile)
def test_a_safe_line_stays_as_it_is(text: str) -> None:
    line = neutralise(text)
    assert neutralise(line) == line
