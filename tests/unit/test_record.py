"""The record: an entry is added in the same way, whether the others are read or stay sealed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipeline_kit import record
from pipeline_kit.config import Settings
from pipeline_kit.context import Context
from pipeline_kit.errors import Failure
from pipeline_kit.flow import Flow, Outcome
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.model.version import NextVersion
from pipeline_kit.process import Runner
from pipeline_kit.record import Entry, Record, Run, Setting, Values

if TYPE_CHECKING:
    from pathlib import Path

COMMIT = "9c1f2e7" + "0" * 33


def entry(step: str, image: str = "web", environment: str = "", version: str = "1.5.0") -> Entry:
    value = Values(version=NextVersion(version, "from the tag", released=True))
    return Entry(image, step, environment, version, "", 1.5, 0.25, value=value)


def made(*entries: Entry, commit: str = COMMIT, started: float = 1.0) -> Record:
    run = Run(RunIdentity("local"), "0.1.0", started, settings=(Setting("tag.extra", "a", "--set"),))
    return Record(record.SCHEMA, commit, run, entries)


@pytest.mark.parametrize(
    "new",
    [
        entry("version", version="1.5.1"),
        entry("version", image="api"),
        entry("deploy", environment="prod"),
        entry("tag"),
    ],
    ids=["replaced", "another image", "another environment", "another step"],
)
@pytest.mark.parametrize("before", [(), (entry("version"),), (entry("version"), entry("deploy"), entry("tag"))])
def test_an_entry_is_added_as_if_the_others_were_read(tmp_path: Path, before: tuple[Entry, ...], new: Entry) -> None:
    path = tmp_path / "run.json"
    record.write(made(*before), path)
    record.append(path, made(started=2.0), new)
    assert record.read(path) == made(*before, started=2.0).with_entry(new)
    added = path.read_bytes()
    record.write(made(*before, started=2.0).with_entry(new), path)
    assert path.read_bytes() == added


def test_entries_of_another_commit_are_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    record.append(path, made(), entry("version"))
    assert record.read(path) == made(entry("version"))
    record.append(path, made(commit="b" * 40), entry("tag"))
    assert record.read(path) == made(entry("tag"), commit="b" * 40)


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"schema": 1}', json.dumps({"schema": 2, "commit": COMMIT, "run": {}})]
)
def test_nothing_is_added_to_what_is_no_record(tmp_path: Path, content: str) -> None:
    path = tmp_path / "run.json"
    path.write_text(content)
    with pytest.raises(Failure) as refused:
        record.append(path, made(), entry("version"))
    assert refused.value.kind == "record.invalid"
    assert path.read_text() == content


def test_its_words_have_no_secret_and_its_values_are_whole(tmp_path: Path) -> None:
    """A password that is a branch's name must not make a tag out of three stars."""
    run = Runner({})
    context = Context(
        root=tmp_path,
        state=tmp_path / "state",
        output=tmp_path / "output",
        environ={},
        run=run,
        event=Event("local"),
        identity=RunIdentity("local"),
    )
    context.mask("staging")
    flow = Flow(context, Settings(), None, unwritten=True, record=made())
    value = Values(version=NextVersion("1.5.0-staging.1", "from the branch", released=False))
    flow.keep("version", 1.0, 1.0, Outcome(value, "1.5.0-staging.1", "of the branch staging", "", {}))
    flow.keep_failure("tag", 1.0, 1.0, Failure("config.type", "staging is no name"))
    flow.keep_skipped("push", "staging is not published")
    assert flow.record
    kept = flow.record.entries
    assert [(one.word, one.detail) for one in kept] == [
        ("1.5.0-staging.1", "of the branch ***"),
        ("failed", "*** is no name"),
        ("skipped", "*** is not published"),
    ]
    assert kept[0].value == value
