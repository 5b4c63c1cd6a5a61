"""The default names of an image: the same commit gets the same ones on every CI and on a laptop."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from pipeline_kit.errors import Failure
from pipeline_kit.model.event import Event
from pipeline_kit.model.event_facts import EventFacts
from pipeline_kit.model.git_state import Commit, GitState, ReleaseTag
from pipeline_kit.model.plan import Plan
from pipeline_kit.model.reference import is_tag
from pipeline_kit.tagging import facts as facts_of
from pipeline_kit.tagging import metadata
from pipeline_kit.tagging.flavor import Flavor
from pipeline_kit.tagging.plan import default_tags, extra_tags
from pipeline_kit.tagging.plan import plan as made
from pipeline_kit.versioning.next import next_version
from tests.unit.tagging_samples import evaluated, tag

HEAD = "9c1f2e7" + "0" * 33
PUSH = Event("push", branch="main")
LATEST = ReleaseTag("v1.4.2", "1.4.2", "a" * 40)


def state(*messages: str, released: str = "", latest: ReleaseTag | None = LATEST, **changes: object) -> GitState:
    facts: dict[str, object] = {
        "commit": HEAD,
        "time": 1_700_000_000,
        "here": (ReleaseTag(f"v{released}", released, HEAD),) if released else (),
        "latest": latest,
        "since": tuple(Commit(str(number), message) for number, message in enumerate(messages)),
        "has_tags": latest is not None or bool(released),
    }
    return GitState(**(facts | changes))  # type: ignore[arg-type]


def plan(
    state: GitState,
    event: Event = PUSH,
    *,
    extra: tuple[str, ...] = (),
    flavor: Flavor = Flavor(),  # noqa: B008 - a frozen value
    kubernetes: bool = False,
) -> Plan:
    named = next_version(state, event)
    tags = default_tags(state, event, named, flavor=flavor, kubernetes=kubernetes)
    labels = metadata.labels(facts_of.facts(EventFacts(), state, {}, 0.0), named.version)
    added = extra_tags(extra, kubernetes=kubernetes)
    return made(state, event, named, [*tags, *added], version=named.version, labels=labels)


def names(state: GitState, event: Event = PUSH, **options: Any) -> list[str]:
    return [tag.name for tag in plan(state, event, **options).tags]


def test_a_release_moves_its_tags() -> None:
    assert names(state(released="1.5.0")) == ["1.5.0", "1.5", "1", "latest", "sha-9c1f2e7"]
    without = Flavor(latest="false")
    assert names(state(released="1.5.0"), flavor=without) == ["1.5.0", "1.5", "1", "sha-9c1f2e7"]
    assert names(state(released="0.5.0")) == ["0.5.0", "0.5", "latest", "sha-9c1f2e7"]
    assert names(state(released="1.5.0-rc.1")) == ["1.5.0-rc.1", "sha-9c1f2e7"]


def test_each_tag_has_its_kind() -> None:
    kinds = {tag.name: tag.kind for tag in plan(state(released="1.5.0"), extra=("staging", "latest-alpine")).tags}
    assert kinds == {
        "1.5.0": "version",
        "1.5": "moving",
        "1": "moving",
        "latest": "moving",
        "sha-9c1f2e7": "commit",
        "staging": "moving",
        "latest-alpine": "moving",
    }


@pytest.mark.parametrize("branch", ["latest", "latest-alpine", "1", "1.5", "v1.5", "1.5.0", "1.5.0-rc.1", "2024"])
def test_a_branch_called_as_a_release_moves_no_tag_of_one(branch: str) -> None:
    assert names(state("fix: a"), Event("push", branch=branch))[1] == f"branch-{branch}"


@pytest.mark.parametrize("branch", ["+latest", "@1.5", "#v1.5.0", "1.5.0/x"])
def test_a_branch_whose_tag_would_be_called_as_a_release_moves_none_either(branch: str) -> None:
    name = names(state("fix: a"), Event("push", branch=branch))[1]
    assert name == f"branch-{re.sub('[^a-z0-9.]', '-', branch)}"


@pytest.mark.parametrize("branch", ["main", "release-1.5", "latest2", "v1.5.0.1x"])
def test_any_other_branch_has_its_name(branch: str) -> None:
    assert names(state("fix: a"), Event("push", branch=branch))[1] == branch


def test_build_metadata_is_no_part_of_a_tag() -> None:
    assert "1.5.0-build.7" in names(state(released="1.5.0+build.7"))


@pytest.mark.parametrize(
    ("event", "tags", "publishes"),
    [
        (PUSH, ["sha-9c1f2e7", "main"], True),
        (Event("pull_request", branch="feat/x", base="main"), ["sha-9c1f2e7", "main"], False),
        (Event("schedule", branch="main"), ["sha-9c1f2e7", "main"], True),
        (Event("push", branch="feat/a&b"), ["sha-9c1f2e7", "feat-a-b"], True),
        (Event("manual", branch="main"), ["sha-9c1f2e7", "main"], True),
    ],
)
def test_what_each_event_would_publish(event: Event, tags: list[str], publishes: bool) -> None:
    assert names(state("fix: a"), event) == tags
    assert plan(state("fix: a"), event).publishes is publishes


def test_a_schedule_leaves_the_release_tags_alone() -> None:
    assert names(state(released="1.5.0"), Event("schedule", branch="main")) == ["sha-9c1f2e7", "main"]


def test_a_flavor_goes_around_the_default_names_too() -> None:
    alpine = Flavor(suffix="-alpine", suffix_latest=True)
    assert names(state(released="1.5.0"), flavor=alpine)[:4] == [
        "1.5.0-alpine",
        "1.5-alpine",
        "1-alpine",
        "latest-alpine",
    ]
    assert "latest" in names(state(released="1.5.0"), flavor=Flavor(suffix="-alpine"))
    assert "latest" not in names(state(released="1.5.0"), flavor=Flavor(latest="false"))
    assert names(state("fix: a"), flavor=Flavor(latest="true")) == ["sha-9c1f2e7", "main", "latest"]


def test_the_labels_depend_on_git_alone() -> None:
    one = plan(state("fix: a", remote="git@github.com:o/r.git"), Event("push", branch="main", source_url="x"))
    other = plan(state("fix: a", remote="https://github.com/o/r"), PUSH)
    assert one.labels == other.labels
    assert one.labels["org.opencontainers.image.source"] == "https://github.com/o/r"
    assert one.labels["org.opencontainers.image.created"] == "2023-11-14T22:13:20Z"


def test_long_branches_stay_apart() -> None:
    first, second = ("a" * 200 + end for end in "bc")
    tags = {names(state("fix: a"), Event("push", branch=branch))[1] for branch in (first, second)}
    assert len(tags) == 2


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("staging", "moving"),
        ("main-x", "moving"),
        ("latest-alpine", "moving"),
        ("1", "moving"),
        ("1.4", "moving"),
        ("v1.4", "moving"),
        ("2.0.0", "version"),
        ("v2.0.0", "version"),
        ("2.0.0-rc.1", "version"),
        ("2.0.0rc1", "version"),
        ("1970.1.1", "branch"),
        ("2026.11.24", "branch"),
        ("v2026.11.24-1", "branch"),
        ("1969.1.0", "version"),
        ("3000.1.0", "version"),
        ("release-1.5.0", "moving"),
    ],
)
def test_a_name_that_is_written_down_is_of_the_kind_that_it_looks_like(name: str, kind: str) -> None:
    assert [(one.name, one.kind) for one in extra_tags((name,))] == [(name, kind)]
    assert [(one.name, one.kind) for one in evaluated(f"type=raw,value={name}").tags] == [(name, kind)]


def test_rules_give_the_version_that_they_read() -> None:
    found = evaluated("type=semver,pattern={{version}}", tag("v2.0.0"))
    assert found.version == "2.0.0"
    tags = [*found.tags, *extra_tags(("staging", "2.0.0"))]
    whole = made(state("fix: a"), PUSH, next_version(state("fix: a"), PUSH), tags, version="2.0.0", labels={})
    assert whole.version == "2.0.0"
    assert [(one.name, one.kind) for one in whole.tags][::2] == [("2.0.0", "version"), ("staging", "moving")]
    assert evaluated("type=sha").version == ""


@pytest.mark.parametrize(
    ("rule", "name", "version"),
    [
        ("type=ref,event=tag", "v1.5.0", "1.5.0"),
        ("type=ref,event=tag", "web/v1.5.0-rc.1", "1.5.0-rc.1"),
        ("type=ref,event=tag", "2024.1.0.post1", "2024.1.0.post1"),
        ("type=ref,event=tag", "nightly", ""),
        ("type=match,pattern=release-(.*),group=1", "release-1.5.0", "1.5.0"),
        (r"type=match,pattern=web/v(\d+\.\d+),group=1", "web/v1.5.7", "1.5.7"),
        (r"type=match,pattern=v(\d+),group=1", "v7-x", ""),
        ("type=ref,event=branch", "v1.5.0", ""),
    ],
)
def test_a_tag_that_is_a_version_is_what_moving_ones_are_compared_by(rule: str, name: str, version: str) -> None:
    assert evaluated(rule, tag(name)).version == version


@given(st.text(min_size=1, max_size=300), st.booleans())
def test_any_branch_and_any_extra_tag_give_valid_names(text: str, kubernetes: bool) -> None:
    event = Event("push", branch=text)
    for name in names(state("fix: a", branch="main"), event, extra=(text,), kubernetes=kubernetes):
        assert is_tag(name)
        assert not kubernetes or len(name) <= 63
    assert Version.is_valid(next_version(state("fix: a", branch="main"), event).version)


@pytest.mark.parametrize("kubernetes", [False, True])
def test_names_of_which_nothing_is_left_stay_apart(kubernetes: bool) -> None:
    branches = ("\u529f\u80fd", "\u4fee\u590d", "---", "...")
    made = [names(state("fix: a"), Event("push", branch=one), kubernetes=kubernetes)[-1] for one in branches]
    assert len(set(made)) == len(branches)
    versions = {next_version(state("fix: a"), Event("push", branch=one)).version for one in branches}
    assert len(versions) == len(branches)


def test_an_extra_tag_has_a_name() -> None:
    with pytest.raises(Failure, match="an extra tag is empty"):
        names(state("fix: a"), extra=("staging", ""))
