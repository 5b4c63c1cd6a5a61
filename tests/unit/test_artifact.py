"""The record as an artifact: its name, what is kept, and what a later job takes over."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit import artifact, record
from pipeline_kit.ci.inputs import carrier, take_inputs
from pipeline_kit.model.event import RunIdentity
from pipeline_kit.record import Entry, Record, Run, Values

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.errors import Failure

GITHUB = RunIdentity("github", "1", "1")
IMAGES = st.from_regex(r"[a-z0-9]{1,3}((\.|_|__|-+)[a-z0-9]{1,2})?(/[a-z0-9]{1,3}){0,2}", fullmatch=True)
JOBS = st.tuples(IMAGES, st.text(max_size=8) | IMAGES, st.sampled_from(["", "push", "deploy"]))


@given(JOBS, JOBS)
def test_each_image_and_environment_has_a_name_of_its_own_that_both_services_take(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    first, second = artifact.name(*one, GITHUB), artifact.name(*other, GITHUB)
    assert (first == second) == (one == other)
    assert not re.search(r"""[\\/":<>|*?\s]|[^!-~]""", first)


def test_a_name_is_read_easily_is_never_too_long_and_a_second_attempt_has_another_on_azure() -> None:
    assert artifact.name("shop/web", "prod", "deploy", GITHUB) == "pipeline-kit-record-shop+web@prod~deploy"
    long = [artifact.name("web", "e" * 300 + end, "", GITHUB) for end in ("a", "b")]
    assert long[0] != long[1]
    assert max(map(len, long)) < 200
    again = RunIdentity("azure_devops", "1", "2")
    assert artifact.name("web", "", "", again) == "pipeline-kit-record-web~2"
    assert artifact.name("web", "", "", RunIdentity("github", "1", "2")) == "pipeline-kit-record-web"


def test_what_is_kept_is_files_and_never_what_a_link_leads_to(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("hunter2")
    output = tmp_path / ".pipeline-kit"
    (output / "logs").mkdir(parents=True)
    (output / "run.json").write_text("{}")
    (output / "logs" / "build.log").write_text("built")
    (output / ".gitignore").write_text("*")
    (output / "key").symlink_to(secret / "key")
    (output / "more").symlink_to(secret)
    os.mkfifo(output / "pipe")
    copy = tmp_path / "copy"
    assert artifact.keep(output, copy)
    assert {str(one.relative_to(copy)) for one in copy.rglob("*")} == {"run.json", "logs", "logs/build.log"}
    linked = tmp_path / "linked"
    linked.symlink_to(secret)
    assert not artifact.keep(linked, copy)
    assert not artifact.keep(tmp_path / "none", copy)
    assert not copy.exists()


def entry(step: str, started: float, word: str, environment: str = "") -> Entry:
    return Entry("shop/web", step, environment, word, "", started, 0.0, value=Values())


def made(commit: str, *entries: Entry) -> Record:
    return Record(record.SCHEMA, commit, Run(GITHUB, "0", 0.0), entries)


def test_several_records_are_put_together_and_the_later_of_two_entries_counts(tmp_path: Path) -> None:
    for name, one in {
        "pipeline-kit-record-web": made("c", entry("build", 1, "old"), entry("push", 3, "new")),
        "pipeline-kit-record-web@prod": made("c", entry("build", 2, "new"), entry("deploy", 4, "healthy", "prod")),
        "pipeline-kit-record-older": made("b", entry("scan", 9, "of another commit")),
        "s": made("c", entry("scan", 9, "a file of the repository")),
    }.items():
        record.write(one, tmp_path / name / "run.json")
    (tmp_path / "pipeline-kit-record-link").symlink_to(tmp_path / "s")
    own = made("c", entry("version", 5, "1.0.0"), entry("push", 2, "old"))
    for name, text in (("torn", "{"), ("another-release", '{"schema": 0, "commit": "c", "run": {}}')):
        (tmp_path / f"pipeline-kit-record-{name}").mkdir()
        (tmp_path / f"pipeline-kit-record-{name}" / "run.json").write_text(text)
    left: list[Failure] = []
    found = artifact.taken_over(own, str(tmp_path), left.append)
    # An agent of one's own keeps what earlier runs have downloaded: no reason for this run to stop.
    assert [one.headline.partition(" is ")[0] for one in left] == [
        str(tmp_path / f"pipeline-kit-record-{name}" / "run.json") for name in ("another-release", "torn")
    ]
    assert found.run == own.run
    assert [(one.step, one.word) for one in found.entries] == [
        ("build", "new"), ("push", "new"), ("deploy", "healthy"), ("version", "1.0.0"),
    ]  # fmt: skip
    assert artifact.taken_over(own, str(tmp_path / "pipeline-kit-record-web"), left.append).find("shop/web", "build")
    assert artifact.taken_over(own, str(tmp_path / "none"), left.append) is own
    assert artifact.taken_over(own, "", left.append) is own


def test_an_input_wins_and_an_empty_one_hides_nothing() -> None:
    assert carrier("PIPELINE_KIT_SCAN_FAIL_ON") == "PIPELINE_KIT_INPUT_SCAN_FAIL_ON"
    environ = {
        "PIPELINE_KIT_IMAGE": "r.test/of/the-job",
        "PIPELINE_KIT_INPUT_IMAGE": "",
        "PIPELINE_KIT_BUILD_FILE": "Dockerfile.job",
        "PIPELINE_KIT_INPUT_BUILD_FILE": "Dockerfile.step",
        "PIPELINE_KIT_INPUT_ENV": "",
    }
    take_inputs(environ)
    assert environ == {"PIPELINE_KIT_IMAGE": "r.test/of/the-job", "PIPELINE_KIT_BUILD_FILE": "Dockerfile.step"}
