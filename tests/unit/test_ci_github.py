from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_kit.ci import github, messages
from pipeline_kit.ci.messages import Annotation, Artifact, EndGroup, Group, Mask, Output, Summary
from pipeline_kit.ci.tool_output import plain
from pipeline_kit.errors import Exit, Failure, Place
from pipeline_kit.model.reference import Reference
from tests.world.github_runner_files import Command, read_artifacts, read_key_values, read_stream
from tests.world.hostile_text import hostile, plain_text

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]*", fullmatch=True)
_each_example_has_its_own_file = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@_each_example_has_its_own_file
@given(st.dictionaries(_NAMES, hostile, min_size=1, max_size=3))
def test_any_value_arrives_as_it_was_and_sets_no_other_output(tmp_path: Path, values: dict[str, str]) -> None:
    path = tmp_path / "output"
    path.write_bytes(b"")
    for name, value in values.items():
        assert github.emit(Output(name, value), {"GITHUB_OUTPUT": str(path)}) == ""
    assert read_key_values(path.read_bytes()) == values


@given(st.sampled_from(["error", "warning", "notice"]), hostile, hostile)
def test_any_annotation_arrives_as_plain_text_and_is_one_command(level: messages.Level, text: str, title: str) -> None:
    place = Place("k8s/a,b:c.yml", 3, 7)
    step = read_stream(github.emit(Annotation(level, text, title, place), {}))
    shown = plain(title).lstrip("=")  # the runner loses those at the start of a value
    where = {"file": "k8s/a,b:c.yml", "line": "3", "col": "7"}
    assert step.commands == [Command(level, plain_text(text), {"title": shown} | where if shown else where)]
    assert step.printed == []


@given(hostile)
def test_every_line_of_any_secret_is_masked(secret: str) -> None:
    step = read_stream(github.emit(Mask(secret), {}))
    assert {command.name for command in step.commands} <= {"add-mask"}
    assert step.printed == []
    assert {line.strip() for line in secret.replace("\r", "\n").split("\n") if len(line.strip()) > 3} <= step.masks


def test_a_group_has_its_title() -> None:
    step = read_stream(github.emit(Group("build: 100%\n::error::x"), {}) + github.emit(EndGroup(), {}))
    assert step.commands == [Command("group", r"build: 100%\n::error::x"), Command("endgroup", "")]


def test_a_value_that_holds_the_delimiter_gets_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "output"
    tokens = iter(["taken", "taken too", "free"])
    monkeypatch.setattr(github.files, "random_token", lambda: next(tokens))
    value = "delimiter_taken\nname<<delimiter_taken too"
    github.emit(Output("name", value), {"GITHUB_OUTPUT": str(path)})
    assert read_key_values(path.read_bytes()) == {"name": value}
    assert path.read_text().startswith("name<<delimiter_free\n")


def test_a_secret_output_is_masked(tmp_path: Path) -> None:
    path = tmp_path / "output"
    said = github.emit(Output("token", "s3cr3t", secret=True), {"GITHUB_OUTPUT": str(path)})
    assert read_stream(said).masks == {"s3cr3t"}
    assert read_key_values(path.read_bytes()) == {"token": "s3cr3t"}


def test_summaries_of_one_step_stay_below_what_the_runner_shows(tmp_path: Path) -> None:
    path = tmp_path / "summary"
    environ = {"GITHUB_STEP_SUMMARY": str(path)}
    for _ in range(3):
        assert github.emit(Summary("| a | b |\n" * 50_000, "x"), environ) == ""
    assert 900_000 - 100 < path.stat().st_size < 1024 * 1024
    assert path.read_text().count("cut at 900 kB") == 2


def test_a_published_image_is_declared_by_digest(tmp_path: Path) -> None:
    path = tmp_path / "artifacts"
    digest = "sha256:" + "0f" * 32
    for name in ("contosoreg.azurecr.io/shop/web", "contosoreg.azurecr.io:443/shop/web:1.5.0"):
        assert github.emit(Artifact(Reference.parse(f"{name}@{digest}")), {"GITHUB_ARTIFACTS": str(path)}) == ""
    assert read_artifacts(path.read_bytes()) == {
        "contosoreg.azurecr.io/shop/web": digest,
        "contosoreg.azurecr.io:443/shop/web:1.5.0": digest,
    }


def test_where_the_runner_gives_no_file_nothing_is_written() -> None:
    digest = "sha256:" + "0f" * 32
    for message in (Output("a", "b"), Summary("a", "b"), Artifact(Reference.parse(f"a.io/b@{digest}"))):
        assert github.emit(message, {}) == ""


@pytest.mark.parametrize("path", ["missing/output", ".", "nul\0"])
def test_a_file_that_can_not_be_written_is_a_failure_with_a_way_out(tmp_path: Path, path: str) -> None:
    with pytest.raises(Failure) as failure:
        github.emit(Output("a", "b"), {"GITHUB_OUTPUT": f"{tmp_path}/{path}"})
    assert failure.value.kind == "run.ci-file"
    assert failure.value.exit is Exit.BROKE


_REPOSITORY = {"default_branch": "main", "full_name": "contoso/shop"}
_VARIABLES = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_REPOSITORY": "contoso/shop",
    "GITHUB_SERVER_URL": "https://github.example.com",
    "GITHUB_RUN_ID": "123",
    "GITHUB_RUN_ATTEMPT": "2",
}


def _event(tmp_path: Path, payload: object, **variables: str) -> github.Event:
    path = tmp_path / "event.json"
    path.write_text(payload if isinstance(payload, str) else json.dumps(payload))
    return github.event(_VARIABLES | {"GITHUB_EVENT_PATH": str(path)} | variables)[0]


def _pull_request(full_name: str | None, number: object = 15) -> dict[str, object]:
    repo = {"full_name": full_name, "fork": True} if full_name else None
    return {"repository": _REPOSITORY, "pull_request": {"number": number, "head": {"repo": repo}}}


def test_a_push_to_a_branch(tmp_path: Path) -> None:
    event = _event(tmp_path, {"repository": _REPOSITORY}, GITHUB_EVENT_NAME="push", GITHUB_REF="refs/heads/feat/a")
    assert event == github.Event(
        kind="push",
        ref="refs/heads/feat/a",
        branch="feat/a",
        default_branch="main",
        repository="contoso/shop",
        source_url="https://github.example.com/contoso/shop",
        skips_tags=True,
    )


@pytest.mark.parametrize("name", ["push", "release"])
def test_a_pushed_tag_and_a_release_are_both_a_tag(tmp_path: Path, name: str) -> None:
    event = _event(tmp_path, {}, GITHUB_EVENT_NAME=name, GITHUB_REF="refs/tags/v1.5.0")
    assert (event.kind, event.tag, event.branch) == ("tag", "v1.5.0", "")


@pytest.mark.parametrize(
    ("full_name", "fork"),
    [("contoso/shop", False), ("Contoso/Shop", False), ("fabrikam/shop", True), (None, True)],
)
def test_a_pull_request_is_of_a_fork_unless_its_code_is_of_this_repository(
    tmp_path: Path, full_name: str | None, fork: bool
) -> None:
    refs = {"GITHUB_REF": "refs/pull/15/merge", "GITHUB_HEAD_REF": "fix", "GITHUB_BASE_REF": "main"}
    event = _event(tmp_path, _pull_request(full_name), GITHUB_EVENT_NAME="pull_request", **refs)
    assert (event.kind, event.branch, event.base, event.number) == ("pull_request", "fix", "main", "15")
    assert event.fork is fork
    assert not event.unsafe


def test_pull_request_target_is_unsafe(tmp_path: Path) -> None:
    refs = {"GITHUB_REF": "refs/heads/main", "GITHUB_HEAD_REF": "fix", "GITHUB_BASE_REF": "main"}
    event = _event(tmp_path, _pull_request("fabrikam/shop"), GITHUB_EVENT_NAME="pull_request_target", **refs)
    assert event.unsafe
    assert event.fork
    assert (event.kind, event.branch, event.number) == ("pull_request", "fix", "15")


def test_a_merge_queue_is_a_pull_request_of_the_repository_s_own(tmp_path: Path) -> None:
    ref = "refs/heads/gh-readonly-queue/main/pr-15-abc"
    payload = {"repository": _REPOSITORY, "merge_group": {"base_ref": "refs/heads/main"}}
    event = _event(tmp_path, payload, GITHUB_EVENT_NAME="merge_group", GITHUB_REF=ref)
    assert (event.kind, event.branch, event.base) == ("pull_request", "gh-readonly-queue/main/pr-15-abc", "main")
    assert not event.fork
    assert not event.unsafe


def test_a_schedule_runs_on_the_default_branch(tmp_path: Path) -> None:
    event = _event(tmp_path, {}, GITHUB_EVENT_NAME="schedule", GITHUB_REF="refs/heads/trunk")
    assert (event.kind, event.default_branch) == ("schedule", "trunk")


@pytest.mark.parametrize("name", ["workflow_dispatch", "repository_dispatch"])
def test_a_dispatch_is_by_hand(tmp_path: Path, name: str) -> None:
    event = _event(tmp_path, {}, GITHUB_EVENT_NAME=name, GITHUB_REF="refs/tags/v1", GITHUB_SHA="1" * 40)
    assert (event.kind, event.tag, event.commit, event.publishes) == ("manual", "v1", "1" * 40, True)


@pytest.mark.parametrize(
    "name", ["issue_comment", "issues", "discussion", "fork", "watch", "create", "deployment", "", "something new"]
)
def test_an_event_that_is_not_listed_publishes_nothing(tmp_path: Path, name: str) -> None:
    event = _event(tmp_path, {}, GITHUB_EVENT_NAME=name, GITHUB_REF="refs/heads/main")
    assert (event.kind, event.publishes) == ("other", False)
    assert (name or "without a name") in event.withheld


@pytest.mark.parametrize(
    ("cause", "source", "publishes"),
    [
        ("push", "contoso/shop", True),
        ("schedule", "contoso/shop", True),
        ("pull_request", "contoso/shop", False),
        ("pull_request_target", "contoso/shop", False),
        ("issue_comment", "contoso/shop", False),
        ("workflow_run", "contoso/shop", False),
        ("push", "fabrikam/shop", False),
        ("push", None, False),
        (None, "contoso/shop", False),
    ],
)
def test_a_run_that_another_one_started_publishes_only_where_that_could(
    tmp_path: Path, cause: str | None, source: str | None, publishes: bool
) -> None:
    payload = {"workflow_run": {"event": cause, "head_repository": {"full_name": source}}}
    event = _event(tmp_path, payload, GITHUB_EVENT_NAME="workflow_run", GITHUB_REF="refs/heads/main")
    assert event.publishes is publishes
    assert event.kind == ("push" if publishes else "other")


@pytest.mark.parametrize(
    "payload",
    [
        "",
        "null",
        "[]",
        "{",
        '"x"',
        "[" * 100_000,
        '{"a": "\\ud800"}',
        '{"repository": [], "pull_request": {"number": true, "head": "x"}}',
        '{"repository": {"default_branch": 5}, "pull_request": {"number": "15", "head": {"repo": {"full_name": []}}}}',
    ],
)
def test_a_payload_of_any_shape_is_read_as_the_unsafe_case(tmp_path: Path, payload: str) -> None:
    event = _event(tmp_path, payload, GITHUB_EVENT_NAME="pull_request", GITHUB_REF="refs/heads/main")
    assert (event.fork, event.number, event.default_branch) == (True, "", "")
    assert github.event({"GITHUB_EVENT_NAME": "pull_request"})[0].fork


def test_a_payload_over_the_limit_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(github, "_LARGEST_PAYLOAD", 50)
    assert _event(tmp_path, {"repository": _REPOSITORY | {"x": "y" * 50}}).default_branch == ""


@pytest.mark.parametrize("path", ["", "missing", "/", "nul\0"])
def test_a_payload_that_is_not_there_is_no_error(path: str) -> None:
    assert github.event({"GITHUB_EVENT_PATH": path})[0].kind == "other"


def test_the_run_is_named_with_its_attempt() -> None:
    assert github.event(_VARIABLES)[1] == github.RunIdentity(
        "github", "123", "2", "https://github.example.com/contoso/shop/actions/runs/123/attempts/2"
    )
    assert github.event({})[1] == github.RunIdentity("github")
