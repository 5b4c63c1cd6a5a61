"""What templates are told about an event, by each CI and by git."""

import json
from pathlib import Path

import pytest

from pipeline_kit.ci import detect, gitlab
from pipeline_kit.ci.facts import facts as told_by
from pipeline_kit.ci.messages import Output
from pipeline_kit.errors import Failure
from pipeline_kit.model.event_facts import EventFacts
from pipeline_kit.model.git_state import GitState
from pipeline_kit.tagging import facts as facts_of
from tests.unit.tagging_samples import COMMIT_TIME, NOW, SHA, facts, names

STATE = GitState(SHA, COMMIT_TIME, remote="ssh://git@github.com/contoso/web.git")
GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "contoso/web", "GITHUB_SHA": "b" * 40}
RULES = """type=semver,pattern={{version}}
type=ref,event=branch
type=ref,event=pr
type=edge
type=schedule
type=raw,value=on-{{base_ref}},enable={{is_not_default_branch}}
type=sha"""


def told(environ: dict[str, str]) -> EventFacts:
    dialect = detect(environ)
    return told_by(environ, dialect.event(environ)[0])


@pytest.mark.parametrize(
    ("github", "azure", "gitlab", "tags"),
    [
        (
            {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"},
            {"BUILD_REASON": "IndividualCI", "BUILD_SOURCEBRANCH": "refs/heads/main"},
            {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_BRANCH": "main"},
            ["edge", "main", "sha-9c1f2e7"],
        ),
        (
            {"GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/tags/v1.5.0"},
            {"BUILD_REASON": "IndividualCI", "BUILD_SOURCEBRANCH": "refs/tags/v1.5.0"},
            {"CI_PIPELINE_SOURCE": "push", "CI_COMMIT_TAG": "v1.5.0"},
            ["1.5.0", "on-", "sha-9c1f2e7", "latest"],
        ),
        (
            {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_REF": "refs/pull/15/merge", "GITHUB_BASE_REF": "main"},
            {
                "BUILD_REASON": "PullRequest",
                "BUILD_SOURCEBRANCH": "refs/pull/15/merge",
                "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main",
            },
            {
                "CI_PIPELINE_SOURCE": "merge_request_event",
                "CI_MERGE_REQUEST_IID": "15",
                "CI_MERGE_REQUEST_REF_PATH": "refs/merge-requests/15/head",
                "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main",
            },
            ["pr-15", "on-main", "sha-9c1f2e7"],
        ),
        (
            {"GITHUB_EVENT_NAME": "schedule", "GITHUB_REF": "refs/heads/main"},
            {"BUILD_REASON": "Schedule", "BUILD_SOURCEBRANCH": "refs/heads/main"},
            {"CI_PIPELINE_SOURCE": "schedule", "CI_COMMIT_BRANCH": "main"},
            ["nightly", "edge", "main", "sha-9c1f2e7"],
        ),
    ],
    ids=["branch", "tag", "pull request", "schedule"],
)
def test_an_event_gives_the_same_tags_on_every_ci(
    github: dict[str, str], azure: dict[str, str], gitlab: dict[str, str], tags: list[str], tmp_path: Path
) -> None:
    payload = tmp_path / "event.json"
    payload.write_text('{"pull_request": {"base": {"ref": "main"}}}')
    ours = (
        GITHUB | github | {"GITHUB_EVENT_PATH": str(payload)},
        {"TF_BUILD": "True", "BUILD_REPOSITORY_NAME": "web"} | azure,
        {"GITLAB_CI": "true", "CI_PROJECT_PATH": "contoso/web"} | gitlab,
    )
    for environ in ours:
        found = facts_of.facts(told(environ), STATE, environ, NOW, default_branch="main")
        assert names(RULES, found) == tags, environ


def test_what_the_payload_of_github_adds(tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(
        json.dumps(
            {
                "base_ref": "refs/heads/release",
                "repository": {
                    "name": "web",
                    "description": "A shop",
                    "html_url": "https://github.com/contoso/web",
                    "default_branch": "trunk",
                    "license": {"spdx_id": "MIT"},
                },
                "commits": [{"id": "b" * 40, "timestamp": "2020-01-10T01:30:00+01:00"}],
                "head_commit": {"id": "b" * 40, "timestamp": "1999-01-01T00:00:00Z"},
            }
        )
    )
    found = told(GITHUB | {"GITHUB_REF": "refs/tags/v1", "GITHUB_EVENT_PATH": str(path)})
    assert found.base == "release"
    assert (found.repository.default_branch, found.repository.license) == ("trunk", "MIT")
    assert facts_of.compatible(found, STATE, facts_of.Settings(), NOW).commit_time == 1578616200


@pytest.mark.parametrize(
    "payload", ["", "[]", "null", '{"commits": 1, "repository": []}', '{"commits": [1, {"id": 1}], "number": []}']
)
@pytest.mark.parametrize("name", ["push", "pull_request_target"])
def test_any_payload_is_taken(payload: str, name: str, tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(payload)
    found = told(GITHUB | {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path), "GITHUB_REF": "refs/heads/x"})
    assert found.ref == (
        "refs/heads/x" if name == "push" else f"refs/pull/{'[]' if 'number' in payload else 'undefined'}/merge"
    )
    assert found.repository.url == "https://github.com/contoso/web"


@pytest.mark.parametrize(
    ("length", "short"),
    [
        *(("", SHA[:7]), ("12", SHA[:12]), ("40", SHA), ("41", SHA), ("0", ""), ("-3", ""), ("3.7", SHA[:3])),
        *(("-Infinity", ""), ("-1e1000", ""), ("Infinity", SHA), ("1e1000", SHA)),
    ],
)
def test_how_long_a_short_commit_is(length: str, short: str) -> None:
    settings = facts_of.settings({"DOCKER_METADATA_SHORT_SHA_LENGTH": length})
    assert facts(short=settings.short).short_sha == short


@pytest.mark.parametrize("length", ["-Infinity", "-1e1000"])
def test_a_commit_of_no_length_leaves_the_prefix(length: str) -> None:
    settings = facts_of.settings({"DOCKER_METADATA_SHORT_SHA_LENGTH": length})
    assert names("type=sha", facts(short=settings.short), compat=True) == ["sha-"]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ('{"number": 8}', "8"),
        ('{"number": "8"}', "8"),
        ('{"number": 7.5}', "7.5"),
        ('{"number": null}', "null"),
        ('{"number": true}', "true"),
        ("{}", "undefined"),
        ("no JSON", "undefined"),
    ],
)
def test_the_number_of_a_pull_request_is_what_the_payload_says(number: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "event.json"
    path.write_text(number)
    event = {"GITHUB_EVENT_NAME": "pull_request_target", "GITHUB_REF": "refs/heads/main"}
    found = told(GITHUB | event | {"GITHUB_EVENT_PATH": str(path)})
    assert found.ref == f"refs/pull/{expected}/merge"


ZERO = "2018-01-01T00:00:00Z"


@pytest.mark.parametrize(
    ("commits", "head", "time"),
    [
        ([ZERO], "", 1514764800),
        (["2018-01-01t01:00:00.5+01:00"], "", 1514764800.5),
        (["2018-01-01T00:00:00z"], "", 1514764800),
        *(([text], "", 1514764800) for text in ("2018-01-01", "2018-01-01T00:00", "2018-01-01 01:00:00+0100")),
        ([None, ZERO], "", COMMIT_TIME),
        ([None], ZERO, 1514764800),
        ([ZERO], "2019-01-01T00:00:00Z", 1514764800),
        ([], ZERO, 1514764800),
        *(([text], "", COMMIT_TIME) for text in ("x", "2019-02-30T00:00:00Z", "2019-W01-1", "20190101T000000Z", 5)),
    ],
)
def test_the_time_of_a_commit_is_that_of_the_first_one_of_its_id(
    commits: list[object], head: str, time: float, tmp_path: Path
) -> None:
    path = tmp_path / "event.json"
    pushed = [{"id": "b" * 40} | ({"timestamp": one} if one else {}) for one in commits]
    path.write_text(json.dumps({"commits": pushed, "head_commit": {"id": "b" * 40, "timestamp": head}}))
    found = told(GITHUB | {"GITHUB_EVENT_PATH": str(path)})
    assert facts_of.compatible(found, STATE, facts_of.Settings(), NOW).commit_time == time


def test_edge_goes_by_the_default_branch_that_is_known_where_the_payload_tells_none() -> None:
    event = EventFacts("push", "refs/heads/main", sha=SHA)
    rules = "type=edge\ntype=sha\ntype=raw,value=x,enable={{is_default_branch}}"
    for branch, expected in (("main", ["edge", "sha-9c1f2e7"]), ("other", ["sha-9c1f2e7"]), ("", ["sha-9c1f2e7"])):
        found = facts_of.compatible(event, STATE, facts_of.Settings(), NOW, default_branch=branch)
        assert names(rules, found, compat=True) == expected


def test_a_variable_without_a_meaning_is_refused() -> None:
    with pytest.raises(Failure, match="DOCKER_METADATA_SET_OUTPUT_ENV=yes has no meaning"):
        facts_of.settings({"DOCKER_METADATA_SET_OUTPUT_ENV": "yes"})
    settings = facts_of.settings({"DOCKER_METADATA_SHORT_SHA_LENGTH": "seven"})
    assert names("type=ref,event=branch", facts(short=settings.short), compat=True) == ["main"]
    with pytest.raises(Failure, match="DOCKER_METADATA_SHORT_SHA_LENGTH"):
        names("type=sha", facts(short=settings.short), compat=True)


def test_the_head_of_a_pull_request_counts_if_it_is_asked_for() -> None:
    event = EventFacts("pull_request", "refs/pull/15/merge", sha="b" * 40, head_sha="c" * 40)
    for value, sha in (("", "b" * 40), ("TRUE", "c" * 40)):
        settings = facts_of.settings({"DOCKER_METADATA_PR_HEAD_SHA": value})
        assert facts_of.compatible(event, STATE, settings, NOW).sha == sha


def test_a_dotenv_file_of_gitlab_stays_within_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "dotenv"
    environ = {"PIPELINE_KIT_DOTENV": str(path)}
    for number, length in enumerate((2000, *[900] * 9, 10)):
        gitlab.emit(Output(f"n{number}", "x" * length), environ)
    names_there = [line.partition("=")[0] for line in path.read_text().splitlines()]
    assert names_there == ["n1", "n2", "n3", "n4", "n5", "n10"]
