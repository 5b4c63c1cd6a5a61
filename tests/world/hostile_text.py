"""Text as an attacker would write it, for property tests: any characters, with those that mean something in a CI."""

from __future__ import annotations

from hypothesis import strategies as st

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
