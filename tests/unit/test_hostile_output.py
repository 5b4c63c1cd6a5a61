"""Whatever is printed, and by whichever way, a CI finds the commands of its own dialect in it, and nobody another one.

The streams are read by the strict readers of GitHub's runner and of Azure's agent, and by one that is stricter than
both: nothing that starts like a command, no control character, no colour but ours.
"""

from __future__ import annotations

import io
import json
import logging
import re
import sys
import traceback
import warnings
from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from pipeline_kit import ci, cli
from pipeline_kit.catalogue import KINDS
from pipeline_kit.ci.messages import Annotation, Group, Output, Summary, Variable
from pipeline_kit.ci.summary import inert_text
from pipeline_kit.errors import Failure, Note, Place, alternative, fix, log, quote, why
from pipeline_kit.model.deployment import Deployment
from pipeline_kit.model.event import RunIdentity
from pipeline_kit.model.verdict import Finding, Severity, Verdict
from pipeline_kit.record import Entry, Record, Run, Setting, Values
from pipeline_kit.render import lines, terminal
from pipeline_kit.render.json import json_text
from pipeline_kit.render.summary import details, summary
from pipeline_kit.render.table import table
from pipeline_kit.session import Session
from tests.world import azure_agent_commands, github_runner_files
from tests.world.hostile_text import HOSTILE, OUR_STARTS, hostile
from tests.world.progress import NARRATOR
from tests.world.streams import seen

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pipeline_kit.ci.messages import Message

_COLOUR = r"\x1b\[[0-9;:]*m"
DIALECTS = {"local": {}, **{name: {mark: "true"} for name, mark in ci.MARKS.items()}}


class Heard:
    """A session whose streams are kept, with all that its dialect itself sent."""

    def __init__(self, name: str, folder: Path, **more: str) -> None:
        # As Python has them: what standard error can't take is written as an escape.
        self.out, self.err = (
            io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors=errors, newline="\n")
            for errors in ("strict", "backslashreplace")
        )
        files = {"GITHUB_STEP_SUMMARY": "summary", "GITHUB_OUTPUT": "output", "GITHUB_ENV": "env"}
        environ = {key: str(folder / path) for key, path in files.items()} | {"AGENT_TEMPDIRECTORY": str(folder)}
        self.session = Session({**DIALECTS[name], **environ, "HOME": str(folder), **more}, folder, self.out, self.err)
        self.session.begin("scan", 0.0)
        self.sent = ""
        self._emit = self.session.dialect.emit
        self.session.terminal._dialect = self  # type: ignore[assignment]
        self.NAME = self.session.dialect.NAME

    def emit(self, message: Message, environ: Mapping[str, str]) -> str:
        said = self._emit(message, environ)
        self.sent += said.encode("utf-8", self.err.errors or "").decode()
        return said

    def text(self) -> str:
        self.session.stdout.end()
        self.session.stderr.end()
        written = b"".join(stream.buffer.getvalue() for stream in (self.out, self.err))  # type: ignore[attr-defined]
        return str(written.decode())

    def check(self) -> str:
        """Nothing is found but what the dialect sent. The text that was written."""
        text = self.text()
        assert sorted(seen(text)) == sorted(seen(self.sent))
        ours, theirs = (github_runner_files.read_stream(one).commands for one in (text, self.sent))
        assert ours == (theirs if self.NAME == "GitHub Actions" else [] if "Azure" not in self.NAME else theirs)
        first, second = (azure_agent_commands.read_stream(one) for one in (text, self.sent))
        for kind in ("outputs", "variables", "masks", "issues", "summaries"):
            assert getattr(first, kind) == getattr(second, kind)
        return text


def failure(kind: str, text: str) -> Failure:
    """A failure of ``kind`` with ``text`` in each of its parts."""
    notes = [make(text) for make in (why, fix, alternative, log)]
    return Failure(
        kind,
        text,
        *notes,
        Note("seen", text),
        evidence=(text, f"│ {text}", f"       7 │ {text}", *quote(text)),
        place=Place(text, 3, 7),
        reproduce=f"pipeline-kit {text}",
        done=text,
    )


def fail(heard: Heard, text: str) -> None:
    heard.session.failed(failure("config.usage", text))


def tell(heard: Heard, text: str) -> None:
    told = heard.session.terminal
    told.step(text, text, text, 1.0)
    told.line(lines.header(told.style, text, text, text, text))
    told.line(f"{text} serves at {told.style.paint(text, 'bold')}")
    told.warn(text)
    told.line(text)


def wrap(heard: Heard, text: str) -> None:
    """A tool's lines, which alone may be in colours of their own."""
    with heard.session.terminal.tool_output(text) as line:
        line(text)
    heard.err.flush()
    buffer = heard.err.buffer
    written = buffer.getvalue()  # type: ignore[attr-defined]
    buffer.seek(0)
    buffer.truncate()
    buffer.write(re.sub(_COLOUR.encode(), b"", written))


def still(heard: Heard, text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terminal, "_STILL", 0.001)
        with heard.session.terminal.activity(text) as activity:
            activity.update(text, 1, 2)
            while b"still running" not in heard.err.buffer.getvalue():  # type: ignore[attr-defined]
                activity._ended.wait(0.001)  # type: ignore[attr-defined]


def result(heard: Heard, text: str) -> None:
    heard.session.result(text.replace("\n", " "), None, "text")
    heard.session.result(table(("step", "would"), [(text, text), ("tag", text)]), None, "text")


def as_json(heard: Heard, text: str) -> None:
    clean = text.encode("utf-8", "replace").decode()
    value = {"a": clean, clean: [clean]}
    heard.session.result("", value, "json")
    heard.session.stdout.end()
    assert json.loads(heard.out.buffer.getvalue()) == value  # type: ignore[attr-defined]


def messages(heard: Heard, text: str) -> None:
    heard.session.terminal.send(Group(text))
    heard.session.terminal.send(Output("image", text))
    heard.session.terminal.send(Variable("IMAGE", text))
    heard.session.terminal.send(Annotation("warning", text, text, Place(text)))
    heard.session.terminal.send(Summary(inert_text(text), "x"))


def others(heard: Heard, text: str) -> None:
    """What is not printed by us: warnings, logging, a traceback, pieces of lines."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stderr", heard.session.stderr)
        patch.setattr(sys, "stdout", heard.session.stdout)
        sys.stderr.write(warnings.formatwarning(text, UserWarning, "file.py", 1))
        logging.lastResort.handle(logging.LogRecord("x", logging.ERROR, "x", 1, text, (), None))  # type: ignore[union-attr]
        traceback.print_exception(ValueError(text))
        for character in text[:200]:
            print(character, end="", flush=True)


def mistype(heard: Heard, text: str) -> None:
    """On the command line, and in the help."""
    if "\0" in text:
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", heard.session.stdout)
        for arguments in ([text], ["build", f"--{text}"], ["build", "--arg", text], ["explain", f"x{text}"]):
            cli_run(heard, arguments)
        cli_run(heard, ["run", "--set", f"{text}=1"])
        cli_run(heard, ["scan", "--fail-on", text])
        cli_run(heard, ["scan", "--image", f"x{text}"])
        cli_run(heard, ["plan", "--help"])


def cli_run(heard: Heard, arguments: list[str]) -> None:
    heard.session.step = ""
    assert cli._guarded(heard.session, arguments) in (0, 1, 64)


CHANNELS: tuple[Callable[[Heard, str], None], ...] = (
    fail, tell, wrap, still, result, as_json, messages, others, mistype,
)  # fmt: skip


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.__name__)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30)
@given(hostile)
@example("text\n##vso[task.setvariable variable=PATH]/tmp/evil")
@example("::add-mask::a")
@example("##[add-path]/tmp/evil")
def test_no_text_is_more_than_text(name: str, channel: Callable[[Heard, str], None], tmp_path: Path, text: str) -> None:
    heard = Heard(name, tmp_path)
    channel(heard, text)
    heard.check()


@pytest.mark.parametrize("name", DIALECTS)
def test_every_failure_and_every_way_out_takes_every_hostile_text(name: str, tmp_path: Path) -> None:
    """The whole list through all channels, and through each kind of failure of the catalogue, on one CI or another."""
    for channel, text in product(CHANNELS, HOSTILE):
        heard = Heard(name, tmp_path)
        channel(heard, text)
        heard.check()
    count, printed = 0, 0
    kinds = sorted(KINDS)[list(DIALECTS).index(name) :: len(DIALECTS)]
    for kind in kinds:
        heard = Heard(name, tmp_path)
        for text in HOSTILE:
            heard.session.failed(failure(kind, text))
            count += 1
        printed += heard.check().count("\n")
    NARRATOR.say(
        f"hostile text, {name}: {len(HOSTILE)} strings in {len(CHANNELS)} channels and {len(kinds)} kinds of failure "
        f"({count} failures, {printed} lines): no command but the dialect's own"
    )


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("text", [text for text in HOSTILE if any(start in text for start in OUR_STARTS)], ids=ascii)
def test_no_text_begins_a_line_of_ours(name: str, text: str, tmp_path: Path) -> None:
    heard = Heard(name, tmp_path)
    for channel in (fail, tell, wrap, result):
        channel(heard, f"x{text}")
    shown = re.sub(r"\x1b\[[0-9;]*m", "", heard.check())
    assert not [line for line in shown.splitlines() if line.startswith(OUR_STARTS)]


@pytest.mark.parametrize("name", ["github", "azure_devops"])
def test_text_has_no_colours_of_its_own_but_a_tool_s(name: str, tmp_path: Path) -> None:
    painted, plain = Heard(name, tmp_path), Heard(name, tmp_path)
    for heard, text in ((painted, "\x1b[32mx\x1b[0m"), (plain, "x")):
        for channel in (fail, tell, result):
            channel(heard, text)
    colours, expected = (re.findall(_COLOUR, heard.text()) for heard in (painted, plain))
    assert colours == expected
    assert colours


def test_a_bar_shows_text(tmp_path: Path) -> None:
    heard = Heard("local", tmp_path)
    for text in HOSTILE:
        bar = terminal._Bar(heard.session.terminal, text)
        bar.update(text, 1, 2)
        assert not seen(bar._progress.tasks[0].description)
        bar.end()


@given(st.recursive(hostile, lambda inner: st.lists(inner) | st.dictionaries(hostile, inner), max_leaves=8))
def test_json_reads_as_the_same_value(value: object) -> None:
    text = json_text(value)
    assert json.loads(text) == value
    assert not seen(text)
    ascii_alone = json_text(value, ascii_alone=True)
    assert ascii_alone.isascii()
    assert json.loads(ascii_alone) == value


def page(text: str) -> str:
    """A summary with ``text`` wherever it can have some."""
    finding = Finding(text, Severity.HIGH, text, text, fixed=text)
    digest = "sha256:" + "4" * 64
    verdict = Verdict(digest, "refused", {"name": "Trivy", "version": "0"}, text, stops=(finding,))  # type: ignore[arg-type]
    deployment = Deployment(digest, "docker", text, digest, text)
    entries = (
        Entry(text, "scan", "", text, text, 1.0, 1.0, "scan.refused", Values(scan=verdict)),
        Entry(text, "deploy", text, text, text, 1.0, 1.0, "", Values(deploy=deployment)),
        Entry(text, "push", "", text, text, 1.0, 1.0, "", Values()),
    )
    run = Run(RunIdentity("github", text), "1.0.0", 1.0, settings=(Setting(text, text, text),))
    return summary(Record(1, text[:40], run, entries), text, text) + details("x", f"- {inert_text(text)}")


_LINKED = re.compile(r"//|www\.|mailto:|@|[#!][0-9]|GH-[0-9]", re.IGNORECASE)


def assert_inert(text: str) -> None:
    """As a service reads Markdown: what it would link beyond Markdown's own rules stands in code alone."""
    tokens = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(page(text))
    inline = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in (*tokens, *inline)}
    assert not kinds & {"link_open", "image", "em_open", "s_open"}
    assert not [child for child in inline if child.type == "html_inline"]
    assert not [child for child in inline if child.type == "text" and _LINKED.search(child.content)]
    folds = [token.content for token in tokens if token.type == "html_block"]
    assert all(re.match(r"</?details>", fold) for fold in folds)
    assert not [token for token in tokens if token.type == "heading_open" and token.tag != "h3"]
    (scanned,) = [row for row in page(text).split("\n") if row.startswith("| scan |")]
    assert len(re.split(r"(?<!\\)\|", scanned)) == 4 + 2


@given(hostile)
def test_a_summary_makes_nothing_of_text(text: str) -> None:
    assert_inert(text)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:30]))
def test_a_summary_makes_nothing_of_hostile_text(text: str) -> None:
    assert_inert(text)
