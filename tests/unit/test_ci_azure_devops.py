from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.ci import azure_devops
from pipeline_kit.ci.messages import (
    Annotation,
    Artifact,
    EndGroup,
    Group,
    Level,
    Mask,
    Output,
    Summary,
)
from pipeline_kit.errors import Failure, Place
from pipeline_kit.model.reference import Reference
from tests.world.azure_agent_commands import Command, read_stream
from tests.world.hostile_text import hostile, plain_text

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]*", fullmatch=True)


@given(_NAMES, hostile)
def test_any_value_arrives_as_it_was_for_later_steps_and_for_other_jobs(name: str, value: str) -> None:
    step = read_stream(azure_devops.emit(Output(name, value), {}))
    assert step.outputs == step.variables == {name: value}
    assert (step.masks, step.printed) == (set(), [])


def test_a_secret_output_is_masked() -> None:
    step = read_stream(azure_devops.emit(Output("token", "s3c;r]t", secret=True), {}))
    assert step.outputs == step.variables == {"token": "s3c;r]t"}
    assert step.masks == {"s3c;r]t"}


@given(st.sampled_from(["error", "warning"]), hostile)
def test_any_annotation_arrives_as_plain_text_and_is_one_command(level: Level, text: str) -> None:
    place = Place("k8s/a;b]c.yml", 3, 7)
    step = read_stream(azure_devops.emit(Annotation(level, text, "login failed", place), {}))
    where = {"sourcepath": "k8s/a;b]c.yml", "linenumber": "3", "columnnumber": "7"}
    assert step.issues == [Command("task.logissue", f"login failed: {plain_text(text)}", {"type": level} | where)]
    assert step.printed == []


@given(hostile)
def test_every_line_of_any_secret_is_masked_by_itself(secret: str) -> None:
    step = read_stream(azure_devops.emit(Mask(secret), {}))
    lines = {line.strip() for line in secret.replace("\r", "\n").split("\n")}
    assert step.masks == {line for line in lines if len(line) > 3}
    assert step.printed == []


@given(hostile)
def test_any_title_of_a_group_is_one_decorated_line(title: str) -> None:
    step = read_stream(azure_devops.emit(Group(title), {}) + azure_devops.emit(EndGroup(), {}))
    assert [line[:11] for line in step.printed] == ["##[group]" + step.printed[0][9:11], "##[endgroup"]
    assert "##[" not in step.printed[0][9:]


def test_what_azure_has_no_word_for_is_left_out() -> None:
    image = Reference.parse("a.io/b@sha256:" + "0f" * 32)
    for message in (Annotation("notice", "x"), Artifact(image), Summary("a", "b")):
        assert azure_devops.emit(message, {}) == ""


def test_each_summary_is_a_page_of_its_own(tmp_path: Path) -> None:
    environ = {"AGENT_TEMPDIRECTORY": str(tmp_path)}
    step = read_stream("".join(azure_devops.emit(Summary("### ümläut", "../shop/web 1.5"), environ) for _ in range(2)))
    assert list(step.summaries.values()) == ["### ümläut\n"] * 2
    assert all(name.startswith("shop-web-1.5-") and name.endswith(".md") for name in step.summaries)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(step.summaries)


def test_a_summary_that_can_not_be_written_is_a_failure(tmp_path: Path) -> None:
    with pytest.raises(Failure) as failure:
        azure_devops.emit(Summary("a", "b"), {"AGENT_TEMPDIRECTORY": str(tmp_path / "missing")})
    assert failure.value.kind == "run.ci-file"


_VARIABLES = {
    "TF_BUILD": "True",
    "BUILD_REASON": "IndividualCI",
    "BUILD_SOURCEBRANCH": "refs/heads/feat/a",
    "BUILD_REPOSITORY_NAME": "shop",
    "BUILD_REPOSITORY_URI": "https://contoso@dev.azure.com/contoso/my%20project/_git/shop",
    "BUILD_BUILDID": "42",
    "SYSTEM_JOBATTEMPT": "1",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/contoso/",
    "SYSTEM_TEAMPROJECT": "my project",
}


def _event(**variables: str) -> azure_devops.Event:
    return azure_devops.event(_VARIABLES | variables)[0]


def test_a_push_to_a_branch() -> None:
    assert _event() == azure_devops.Event(
        kind="push",
        ref="refs/heads/feat/a",
        branch="feat/a",
        repository="shop",
        source_url="https://dev.azure.com/contoso/my%20project/_git/shop",
        skips_tags=True,
    )


def test_a_pushed_tag() -> None:
    event = _event(BUILD_SOURCEBRANCH="refs/tags/v1.5.0")
    assert (event.kind, event.tag, event.branch) == ("tag", "v1.5.0", "")


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ("BatchedCI", "push"),
        ("Schedule", "schedule"),
        ("Manual", "manual"),
        ("ResourceTrigger", "other"),
        ("BuildCompletion", "other"),
        ("ValidateShelveset", "other"),
        ("", "other"),
    ],
)
def test_the_reason_says_what_started_it(reason: str, kind: str) -> None:
    event = _event(BUILD_REASON=reason, BUILD_SOURCEVERSION="1" * 40)
    assert (event.kind, event.publishes, event.commit) == (kind, kind != "other", "1" * 40)


@pytest.mark.parametrize(
    ("branch", "kind"), [("refs/heads/main", "push"), ("refs/pull/15/merge", "other"), ("", "other"), ("main", "other")]
)
def test_a_run_that_another_pipeline_triggers_publishes_only_where_that_was_of_a_branch(branch: str, kind: str) -> None:
    told = {"RESOURCES_TRIGGERINGALIAS": "ci-build", "RESOURCES_PIPELINE_CI_BUILD_SOURCEBRANCH": branch}
    assert _event(BUILD_REASON="ResourceTrigger", **told).kind == kind


def test_a_pull_request_of_azure_repos() -> None:
    event = _event(
        BUILD_REASON="PullRequest",
        BUILD_SOURCEBRANCH="refs/pull/15/merge",
        SYSTEM_PULLREQUEST_SOURCEBRANCH="refs/heads/feat/a",
        SYSTEM_PULLREQUEST_TARGETBRANCH="refs/heads/main",
        SYSTEM_PULLREQUEST_ISFORK="False",
    )
    assert (event.kind, event.branch, event.base, event.number) == ("pull_request", "feat/a", "main", "15")
    assert not event.fork


def test_a_pull_request_of_github_has_short_names() -> None:
    event = _event(
        BUILD_REASON="PullRequest",
        BUILD_SOURCEBRANCH="refs/pull/15/merge",
        SYSTEM_PULLREQUEST_SOURCEBRANCH="feat/a",
        SYSTEM_PULLREQUEST_TARGETBRANCH="main",
        SYSTEM_PULLREQUEST_ISFORK="True",
    )
    assert (event.branch, event.base, event.number, event.fork) == ("feat/a", "main", "15", True)


def test_a_pull_request_that_is_queued_by_hand_is_one_and_of_a_fork_unless_azure_says_no() -> None:
    event = _event(BUILD_REASON="Manual", BUILD_SOURCEBRANCH="refs/pull/15/merge")
    assert (event.kind, event.number, event.fork) == ("pull_request", "15", True)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:pass@github.com/contoso/shop.git", "https://github.com/contoso/shop"),
        ("https://a@b@host:8443/x?token=y#z", "https://host:8443/x"),
        ("git@github.com:contoso/shop.git", ""),
        ("file:///etc/passwd", ""),
        ("https://[broken/x", ""),
        ("", ""),
    ],
)
def test_the_address_of_the_repository_has_no_user_and_no_secret(address: str, shown: str) -> None:
    assert _event(BUILD_REPOSITORY_URI=address).source_url == shown


def test_the_run_has_an_address() -> None:
    assert azure_devops.event(_VARIABLES)[1] == azure_devops.RunIdentity(
        "azure_devops", "42", "1", "https://dev.azure.com/contoso/my%20project/_build/results?buildId=42"
    )
    assert azure_devops.event({})[1] == azure_devops.RunIdentity("azure_devops")
