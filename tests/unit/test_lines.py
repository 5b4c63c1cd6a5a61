"""What a person sees: the lines of ux, in colour, without, and in ASCII."""

import io

import pytest
from syrupy.assertion import SnapshotAssertion

from pipeline_kit.errors import Failure, alternative, fix, log, quote, why
from pipeline_kit.render import lines
from pipeline_kit.render.style import Style

PLAIN = Style(colour=False, unicode=True, live=False)
COLOUR = Style(colour=True, unicode=True, live=False)
ASCII = Style(colour=False, unicode=False, live=False)
STYLES = {"plain": PLAIN, "colour": COLOUR, "ascii": ASCII}

SHALLOW = Failure(
    "git.shallow",
    "this clone is shallow: 1 commit, no tags",
    why("A version is counted from the last release tag, which is not here: it would be 0.1.0."),
    fix(".github/workflows/image.yml:15, under actions/checkout, add\n    with: { fetch-depth: 0 }"),
    alternative("in this clone: git fetch --unshallow --tags"),
    reproduce="git clone --depth 1 https://github.com/contoso/shop c && cd c && pipeline-kit version",
)
UNHEALTHY = Failure(
    "deploy.unhealthy",
    "web never became ready: its container exited",
    log(".pipeline-kit/logs/deploy/: logs, taken before the rollback"),
    evidence=quote("  File \"/app/settings.py\", line 9\nKeyError: 'DATABASE_URL'"),
    reproduce="pipeline-kit deploy",
    done="1.5.0 is published and serves nowhere",
)
STEPS = [
    ("version", "1.5.0", "from the tag; 3 feat, 2 fix since 1.4.2", 0.1),
    ("build", "4f1c9a0b77de", "buildx 0.38, 2 stages, 48.3 MB, 1.2 MB less", 41.8),
    ("scan", "refused", "2 of 43 findings stop this image (HIGH or worse, fixable)", 6.4),
    ("scan", "unknown", "cannot tell: the scanner data is 61 days old (limit 5)", 1.1),
    ("push", "skipped", "pull request; main would publish 2 tags", 0.0),
    ("deploy", "healthy", "docker web: /healthz 200 after 0.5 s, port 8080", 18.9),
    ("deploy", "rolled back", "web never became ready: its container exited 3 times", 37.2),
]


def page(style: Style) -> str:
    head = lines.header(style, "1.0.0", "shop/web 9c1f2e7 (v1.5.0)", "pipeline-kit.yml", "GitHub Actions")
    steps = [lines.step_line(style, *step) for step in STEPS]
    blocks = [
        *lines.failure_block(style, SHALLOW, "version", "tag"),
        *lines.failure_block(style, UNHEALTHY, "deploy", ""),
    ]
    return "\n".join(map(style.shown, [head, *steps, *blocks]))


@pytest.mark.parametrize("name", STYLES)
def test_the_lines_are_as_specified(name: str, snapshot: SnapshotAssertion) -> None:
    assert page(STYLES[name]) == snapshot


def test_colour_adds_nothing_but_colour() -> None:
    import re

    assert re.sub(r"\x1b\[[0-9;]*m", "", page(COLOUR)) == page(PLAIN)
    assert len(page(ASCII).splitlines()) == len(page(PLAIN).splitlines())
    assert page(ASCII).isascii()


def test_the_time_is_flush_right_at_80() -> None:
    assert all(len(lines.step_line(PLAIN, *step)) == 80 for step in STEPS[:2])


def test_what_a_tool_says_cannot_drive_the_terminal() -> None:
    line = PLAIN.shown(lines.step_line(PLAIN, "build", "failed", "\x1b[2J\x1b]0;owned\x07 \u202egnp.exe", 1.0))
    assert "\x1b" not in line
    assert "\x07" not in line
    assert "\u202e" not in line


def test_no_text_colours_itself() -> None:
    """Neither by a terminal's sequences nor by what ours look like on the way; ASCII makes no command of our marks."""
    ours = COLOUR.paint("x", "green")
    line = COLOUR.shown(f"{ours} \x1b[32my\x1b[0m \x1b[7;32mz\x1b[0m")
    assert line == "\x1b[32mx\x1b[0m y z"
    assert ASCII.shown("██[error]x █#vso[task.complete]") == "##_[error]x ##_vso[task.complete]"


@pytest.mark.parametrize(
    ("environ", "in_ci", "colour"),
    [
        ({}, False, False),
        ({}, True, True),
        ({"NO_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"TERM": "dumb"}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False, False),
    ],
)
def test_colour_follows_the_person_and_the_stream(environ: dict[str, str], in_ci: bool, colour: bool) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    style = Style.of(stream, environ, in_ci=in_ci)
    assert (style.colour, style.live, style.unicode) == (colour, False, True)


def test_a_stream_without_utf_8_gets_ascii() -> None:
    assert not Style.of(io.TextIOWrapper(io.BytesIO(), encoding="latin-1"), {}, in_ci=False).unicode


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0.0 kB"), (999_949, "999.9 kB"), (1_000_000, "1.0 MB"), (48_300_000, "48.3 MB")]
)
def test_sizes_are_in_the_units_of_registries(size: int, text: str) -> None:
    assert lines.megabytes(size) == text
