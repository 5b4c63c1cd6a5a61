"""The same commit gets the same names on every CI; an incomplete clone gets none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from pipeline_kit.errors import Failure
from pipeline_kit.model.event import Event
from pipeline_kit.model.git_state import Commit, GitState, ReleaseTag
from pipeline_kit.model.plan import Plan
from pipeline_kit.model.reference import is_tag
from pipeline_kit.tagging.plan import plan as default_plan
from pipeline_kit.versioning.next import next_version

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


def version(state: GitState, event: Event = PUSH, **options: bool) -> str:
    return next_version(state, event, **options).version


def plan(state: GitState, event: Event = PUSH, **options: object) -> Plan:
    return default_plan(state, event, next_version(state, event), **options)  # type: ignore[arg-type]


def names(state: GitState, event: Event = PUSH, **options: object) -> list[str]:
    return [tag.name for tag in plan(state, event, **options).tags]


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (["fix: a"], "1.4.3-main.1"),
        (["docs: a", "chore: b"], "1.4.3-main.2"),
        (["feat: a", "fix: b"], "1.5.0-main.2"),
        (["feat!: a"], "2.0.0-main.1"),
        (["fix: a\n\nBREAKING CHANGE: b"], "2.0.0-main.1"),
        (["Merge branch 'x'"], "1.4.3-main.1"),
    ],
)
def test_the_next_version_follows_from_the_commits(messages: list[str], expected: str) -> None:
    assert version(state(*messages)) == expected


def test_before_1_0_0_a_breaking_change_makes_a_minor_version() -> None:
    latest = ReleaseTag("v0.3.1", "0.3.1", "a" * 40)
    assert version(state("feat!: a", latest=latest)) == "0.4.0-main.1"
    assert version(state("feat: a", latest=latest)) == "0.3.2-main.1"


def test_a_release_tag_on_head_is_the_version() -> None:
    named = next_version(state("feat: a", "fix: b", released="1.5.0"), PUSH)
    assert (named.version, named.released) == ("1.5.0", True)
    assert named.origin == "from the tag; 1 feat, 1 fix since 1.4.2"


def test_of_several_tags_the_one_that_was_pushed_counts() -> None:
    here = (ReleaseTag("v2.0.0", "2.0.0", HEAD), ReleaseTag("v1.5.0", "1.5.0", HEAD))
    assert version(state(here=here), Event("tag", tag="v1.5.0")) == "1.5.0"
    assert version(state(here=here), PUSH) == "2.0.0"


def test_without_any_release_it_is_0_1_0() -> None:
    assert version(state("feat: a", latest=None)) == "0.1.0-main.1"


def test_a_changed_file_on_a_laptop_is_no_release() -> None:
    assert version(state(released="1.5.0", branch="main", dirty=2), Event("local")) == "1.5.1-main.0.dirty"
    assert version(state(released="1.5.0", dirty=2), PUSH) == "1.5.0"


def test_a_detached_head_has_a_channel_too() -> None:
    assert version(state("fix: a"), Event("local")) == "1.4.3-detached.1"


def test_a_shallow_clone_is_refused_unless_head_is_the_release() -> None:
    with pytest.raises(Failure) as refused:
        version(state("fix: a", latest=None, shallow=True))
    assert refused.value.kind == "git.shallow"
    assert version(state(released="1.5.0", shallow=True)) == "1.5.0"


def test_a_clone_without_tags_is_refused_where_the_ci_leaves_them_out() -> None:
    skipping = Event("push", branch="main", skips_tags=True)
    with pytest.raises(Failure) as refused:
        version(state("feat: a", latest=None), skipping)
    assert refused.value.kind == "git.no-tags"
    assert version(state("feat: a", latest=None), skipping, first_release=True) == "0.1.0-main.1"


def test_a_release_moves_its_tags() -> None:
    assert names(state(released="1.5.0")) == ["1.5.0", "1.5", "1", "latest", "sha-9c1f2e7"]
    assert names(state(released="1.5.0"), latest=False) == ["1.5.0", "1.5", "1", "sha-9c1f2e7"]
    assert names(state(released="0.5.0")) == ["0.5.0", "0.5", "latest", "sha-9c1f2e7"]
    assert names(state(released="1.5.0-rc.1")) == ["1.5.0-rc.1", "sha-9c1f2e7"]


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


def test_a_pull_request_is_never_a_release() -> None:
    named = next_version(state(released="1.5.0"), Event("pull_request", branch="x", base="main"))
    assert not named.released


def test_a_schedule_leaves_the_release_tags_alone() -> None:
    assert names(state(released="1.5.0"), Event("schedule", branch="main")) == ["sha-9c1f2e7", "main"]


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


@given(st.text(max_size=300))
def test_any_branch_and_any_extra_tag_give_valid_names(text: str) -> None:
    event = Event("push", branch=text)
    for name in names(state("fix: a", branch="main"), event, extra=(text,)):
        assert is_tag(name)
    assert Version.is_valid(version(state("fix: a", branch="main"), event))
