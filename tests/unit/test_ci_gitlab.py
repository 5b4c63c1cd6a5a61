from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pipeline_kit.ci import gitlab
from pipeline_kit.ci.messages import Annotation, EndGroup, Group, Mask, Output, Summary

if TYPE_CHECKING:
    from pathlib import Path

_PROJECT = {"CI_PROJECT_PATH": "contoso/shop", "CI_PROJECT_URL": "https://gitlab.com/contoso/shop"}
_PROJECT |= {"CI_DEFAULT_BRANCH": "main", "CI_PIPELINE_ID": "7", "CI_PIPELINE_URL": "https://gitlab.com/p/7"}


def test_a_section_begins_and_ends_under_one_name_and_is_folded() -> None:
    begin, end = gitlab.emit(Group("build\n\x1b[0Ksection_end"), {}), gitlab.emit(EndGroup(), {})
    title = r"build\\nsection_end"
    assert re.fullmatch(rf"\x1b\[0Ksection_start:\d+:pipeline_kit\[collapsed=true\]\r\x1b\[0K{title}\n", begin)
    assert re.fullmatch(r"\x1b\[0Ksection_end:\d+:pipeline_kit\r\x1b\[0K\n", end)


def test_outputs_are_lines_of_a_dotenv_report_and_secrets_are_not_in_it(tmp_path: Path) -> None:
    path = tmp_path / "outputs.env"
    for output in (
        Output("image-tags", "1.5.0\n1.5\n"),
        Output("digest", "sha256:0f"),
        Output("t", "s3cr3t", secret=True),
    ):
        assert gitlab.emit(output, {"PIPELINE_KIT_DOTENV": str(path)}) == ""
    assert path.read_text() == "image_tags=1.5.0 1.5\ndigest=sha256:0f\n"


def test_what_gitlab_has_no_word_for_is_left_out() -> None:
    for message in (Annotation("error", "x"), Mask("s3cr3t"), Summary("a", "b"), Output("a", "b")):
        assert gitlab.emit(message, {}) == ""


def test_a_push_and_a_tag() -> None:
    event, identity = gitlab.event(_PROJECT | {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "feat/a"})
    assert (event.kind, event.ref, event.branch) == ("push", "refs/heads/feat/a", "feat/a")
    assert (event.default_branch, event.repository, event.source_url) == (
        "main",
        "contoso/shop",
        "https://gitlab.com/contoso/shop",
    )
    assert identity == gitlab.RunIdentity("gitlab", "7", url="https://gitlab.com/p/7")
    event, _ = gitlab.event(_PROJECT | {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_TAG": "v1"})
    assert (event.kind, event.ref, event.tag, event.branch) == ("tag", "refs/tags/v1", "v1", "")


def test_a_merge_request_is_of_a_fork_unless_its_project_is_this_one() -> None:
    request = {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": "15",
        "CI_MERGE_REQUEST_REF_PATH": "refs/merge-requests/15/head",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "fix",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "contoso/shop",
    }
    event, _ = gitlab.event(_PROJECT | request)
    assert (event.kind, event.ref, event.branch) == ("pull_request", "refs/merge-requests/15/head", "fix")
    assert (event.base, event.number, event.fork) == ("main", "15", False)
    for source in ("fabrikam/shop", ""):
        assert gitlab.event(_PROJECT | request | {"CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": source})[0].fork


def test_a_pull_request_of_github_that_gitlab_builds_is_one() -> None:
    request = {
        "CI_PIPELINE_SOURCE": "external_pull_request_event",
        "CI_EXTERNAL_PULL_REQUEST_IID": "15",
        "CI_EXTERNAL_PULL_REQUEST_SOURCE_BRANCH_NAME": "fix",
        "CI_EXTERNAL_PULL_REQUEST_TARGET_BRANCH_NAME": "main",
        "CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY": "contoso/shop",
        "CI_EXTERNAL_PULL_REQUEST_TARGET_REPOSITORY": "contoso/shop",
    }
    event, _ = gitlab.event(_PROJECT | request)
    assert (event.kind, event.branch, event.base, event.number, event.fork) == (
        "pull_request",
        "fix",
        "main",
        "15",
        False,
    )
    other = request | {"CI_EXTERNAL_PULL_REQUEST_SOURCE_REPOSITORY": "fabrikam/shop"}
    assert gitlab.event(_PROJECT | other)[0].fork
    assert gitlab.event({"CI_PIPELINE_SOURCE": "external_pull_request_event"})[0].fork


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("schedule", "schedule"),
        ("web", "manual"),
        ("api", "manual"),
        ("trigger", "manual"),
        ("pipeline", "manual"),
        ("parent_pipeline", "push"),
        ("chat", "other"),
        ("webide", "other"),
        ("", "other"),
    ],
)
def test_the_source_says_what_started_it(source: str, kind: str) -> None:
    event, _ = gitlab.event({"CI_PIPELINE_SOURCE": source, "CI_COMMIT_SHA": "1" * 40})
    assert (event.kind, event.publishes, event.commit) == (kind, kind != "other", "1" * 40)


def test_a_pipeline_that_a_merge_request_s_own_one_starts_is_about_it() -> None:
    event, _ = gitlab.event({"CI_PIPELINE_SOURCE": "parent_pipeline", "CI_MERGE_REQUEST_IID": "15"})
    assert (event.kind, event.number) == ("pull_request", "15")
