"""What a commit is called: the version of a tag on it, or what the commits since the last release ask for."""

from typing import Any

import pytest

from pipeline_kit.errors import Failure
from pipeline_kit.model.event import Event
from pipeline_kit.model.git_state import Commit, GitState, ReleaseTag
from pipeline_kit.model.rules import Rules
from pipeline_kit.versioning.next import next_version

HEAD = "9c1f2e7" + "0" * 33
PUSH = Event("push", branch="main")
LATEST = ReleaseTag("v1.4.2", "1.4.2", "a" * 40)
CHANNELS = (("main", "stable"), ("next", "rc"), ("beta", "beta"), ("feature/*", "+"))


def sha(number: int) -> str:
    """Of the commit at this place, HEAD being 0."""
    return HEAD if number == 0 else f"{number:07x}".ljust(40, "0")


def state(*messages: str, released: str = "", latest: ReleaseTag | None = LATEST, **changes: Any) -> GitState:
    """HEAD and what led to it in a straight line; ``messages`` are newest first."""
    facts: dict[str, Any] = {
        "commit": HEAD,
        "time": 1_700_000_000,
        "here": (ReleaseTag(f"v{released}", released, HEAD),) if released else (),
        "latest": latest,
        "since": tuple(Commit(sha(number), message, (sha(number + 1),)) for number, message in enumerate(messages)),
        "has_tags": latest is not None or bool(released),
    }
    return GitState(**(facts | changes))


def tag(version: str, number: int = 0) -> ReleaseTag:
    return ReleaseTag(f"v{version}", version, sha(number))


def version(state: GitState, event: Event = PUSH, **rules: Any) -> str:
    return next_version(state, event, Rules(**rules)).version


def origin(state: GitState, event: Event = PUSH, **rules: Any) -> str:
    return next_version(state, event, Rules(**rules)).origin


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (["fix: a"], "1.4.3-main.1"),
        (["docs: a", "chore: b"], "1.4.3-main.2"),
        (["feat: a", "fix: b"], "1.5.0-main.2"),
        (["feat!: a"], "2.0.0-main.1"),
        (["fix: a\n\nBREAKING CHANGE: b"], "2.0.0-main.1"),
        (["Merge branch 'x'"], "1.4.3-main.1"),
        ([], "1.4.3-main.0"),
    ],
)
def test_the_next_version_follows_from_the_commits(messages: list[str], expected: str) -> None:
    assert version(state(*messages)) == expected


def test_before_1_0_0_a_breaking_change_makes_a_minor_version() -> None:
    latest = ReleaseTag("v0.3.1", "0.3.1", "a" * 40)
    assert version(state("feat!: a", latest=latest)) == "0.4.0-main.1"
    assert version(state("feat: a", latest=latest)) == "0.3.2-main.1"
    assert version(state("feat: a", latest=latest), zero="cap") == "0.4.0-main.1"
    assert version(state("feat!: a", latest=latest), zero="none") == "1.0.0-main.1"


def test_the_rules_of_the_project_hold() -> None:
    assert version(state("docs: a"), bumps=(("docs", "minor"),)) == "1.5.0-main.1"
    assert version(state("Feat: a")) == "1.4.3-main.1"
    assert version(state("Feat: a"), preset="specification") == "1.5.0-main.1"


def test_a_release_tag_on_head_is_the_version() -> None:
    named = next_version(state("feat: a", "fix: b", released="1.5.0"), PUSH)
    assert (named.version, named.released, named.previous, named.bump) == ("1.5.0", True, "1.4.2", "minor")
    assert named.origin == "from the tag; 1 feat, 1 fix since 1.4.2"
    assert named.changes == ("feat: a", "fix: b")


def test_a_pre_release_on_head_says_what_came_since_the_one_before() -> None:
    made = state("fix: c", "fix: b", "feat: a", released="1.5.0-rc.2", tags=(tag("1.5.0-rc.2"), tag("1.5.0-rc.1", 2)))
    named = next_version(made, PUSH)
    assert (named.version, named.channel, named.previous) == ("1.5.0-rc.2", "rc", "1.5.0-rc.1")
    assert named.origin == "from the tag; 2 fix since 1.5.0-rc.1"


def test_of_several_tags_the_one_that_was_pushed_counts() -> None:
    here = (tag("2.0.0"), tag("1.5.0"))
    assert version(state(here=here), Event("tag", tag="v1.5.0")) == "1.5.0"
    assert version(state(here=here), PUSH) == "2.0.0"
    assert version(state(here=here), Event("tag", tag="web-v9.0.0")) == "2.0.0"


def test_without_any_release_it_is_the_initial_version() -> None:
    assert version(state("feat: a", latest=None)) == "0.1.0-main.1"
    assert version(state("feat!: a", latest=None), initial="1.0.0") == "1.0.0-main.1"
    assert version(state("feat: a", latest=None, tags=(tag("2.0.0-rc.1", 0),))) == "2.0.0-rc.1.main.0"


def test_a_changed_file_on_a_laptop_is_no_release() -> None:
    made = state("feat: a", "fix: b", released="1.5.0", branch="main", dirty=2)
    assert version(made, Event("local")) == "1.5.1-main.0.dirty"
    assert origin(made, Event("local")) == "no commit since 1.5.0; 2 changed files"
    assert version(made, PUSH) == "1.5.0"


def test_a_detached_head_has_a_name_too() -> None:
    assert version(state("fix: a"), Event("local")) == "1.4.3-detached.1"


def test_a_shallow_clone_is_refused_unless_head_is_the_release() -> None:
    with pytest.raises(Failure) as refused:
        version(state("fix: a", latest=None, shallow=True))
    assert refused.value.kind == "git.shallow"
    assert version(state(released="1.5.0", shallow=True)) == "1.5.0"
    assert origin(state("fix: a", released="1.5.0", shallow=True)) == "from the tag"


def test_a_clone_without_tags_is_refused_where_the_ci_leaves_them_out() -> None:
    skipping = Event("push", branch="main", skips_tags=True)
    with pytest.raises(Failure) as refused:
        version(state("feat: a", latest=None), skipping)
    assert refused.value.kind == "git.no-tags"
    assert version(state("feat: a", latest=None), skipping, first_release=True) == "0.1.0-main.1"


UNKNOWN_CI = Event("local", skips_tags=True)
LEFT_OUT = "it was fetched without them"
SAID = {"this CI leaves them out", LEFT_OUT, "most CIs leave them out"}
REMOTE = {"remote": "https://git.example/a"}
CI = Event("push", branch="main", skips_tags=True)


@pytest.mark.parametrize(
    ("event", "facts", "said"),
    [
        (Event("local"), REMOTE, ""),
        (Event("local"), {**REMOTE, "fetched": "all"}, ""),
        (Event("local"), {**REMOTE, "fetched": "followed"}, ""),
        (Event("local"), {**REMOTE, "fetched": "unasked"}, ""),
        (Event("local"), {**REMOTE, "fetched": "left out"}, LEFT_OUT),
        (PUSH, {**REMOTE, "fetched": "left out"}, LEFT_OUT),
        (CI, {}, "this CI leaves them out"),
        (CI, {"fetched": "left out"}, "this CI leaves them out"),
        (CI, {"fetched": "followed"}, "this CI leaves them out"),
        (CI, {"fetched": "left out", "completed": True}, ""),
        (CI, {"fetched": "all"}, ""),
        (UNKNOWN_CI, REMOTE, "most CIs leave them out"),
        (UNKNOWN_CI, {**REMOTE, "fetched": "all"}, ""),
        (UNKNOWN_CI, {**REMOTE, "fetched": "unasked"}, "most CIs leave them out"),
        (UNKNOWN_CI, {**REMOTE, "fetched": "left out"}, LEFT_OUT),
        (UNKNOWN_CI, {**REMOTE, "has_tags": True}, ""),
        (UNKNOWN_CI, {}, ""),
    ],
)
def test_a_clone_that_may_lack_tags_is_refused_and_says_why(event: Event, facts: dict[str, Any], said: str) -> None:
    clone = state("feat: a", latest=None, branch="main", **facts)
    assert version(clone, event, first_release=True) == "0.1.0-main.1"
    if not said:
        assert version(clone, event) == "0.1.0-main.1"
        return
    with pytest.raises(Failure) as refused:
        version(clone, event)
    assert refused.value.kind == "git.no-tags"
    assert said in refused.value.headline
    assert not any(other in refused.value.headline for other in SAID - {said})


def test_a_pull_request_is_never_a_release() -> None:
    made = state("feat: a", released="1.5.0")
    named = next_version(made, Event("pull_request", branch="x", base="main"))
    assert (named.version, named.released) == ("1.5.1-x.0", False)


@pytest.mark.parametrize(
    ("branch", "tags", "expected"),
    [
        ("next", [], "1.5.0-rc.0.next.3"),
        ("next", [("1.5.0-rc.2", 2)], "1.5.0-rc.2.next.2"),
        ("next", [("1.5.0-rc.2", 2), ("1.5.0-rc.1", 3)], "1.5.0-rc.2.next.2"),
        ("next", [("1.5.0-beta.2", 2)], "1.5.0-rc.0.next.3"),
        ("beta", [("1.5.0-rc.2", 2)], "1.5.0-rc.2.beta.2"),
        ("main", [("1.5.0-rc.2", 2)], "1.5.0-rc.2.main.2"),
        ("main", [("1.5.0-rc.2", 99)], "1.5.0-main.3"),
        ("main", [("2.0.0-rc.1", 2)], "2.0.0-rc.1.main.2"),
        ("main", [("1.4.3-rc.1", 2)], "1.5.0-main.3"),
        ("feature/a", [], "1.4.2+feature-a.3"),
        ("feature/a", [("1.5.0-rc.2+b", 2)], "1.5.0-rc.2+feature-a.2"),
        ("topic", [], "1.5.0-topic.3"),
    ],
)
def test_a_channel_has_versions_of_its_own(branch: str, tags: list[tuple[str, int]], expected: str) -> None:
    made = state("fix: c", "fix: b", "feat: a", tags=tuple(tag(*one) for one in tags))
    assert version(made, Event("push", branch=branch), channels=CHANNELS) == expected


def test_build_metadata_stands_behind_the_release_before() -> None:
    named = next_version(state("feat: a", latest=None), Event("push", branch="feature/x"), Rules(channels=CHANNELS))
    assert (named.version, named.channel) == ("0.0.0+feature-x.1", "+")


def test_a_maintenance_branch_keeps_to_its_range() -> None:
    on = Event("push", branch="1.4.x")
    assert version(state("fix: a"), on) == "1.4.3-1-4-x.1"
    with pytest.raises(Failure) as refused:
        version(state("feat: a", "fix: b"), on)
    assert refused.value.kind == "version.range"
    assert refused.value.headline == "1.5.0 is outside of 1.4.x, and 1.4.x keeps to that"
    assert "9c1f2e7 a" in refused.value.notes[0].text
    assert version(state("feat: a"), Event("push", branch="1.x")) == "1.5.0-1-x.1"


def test_a_pull_request_keeps_to_the_range_of_the_branch_that_it_goes_to() -> None:
    to = Event("pull_request", branch="topic", base="1.4.x")
    assert version(state("fix: a"), to) == "1.4.3-topic.1"
    with pytest.raises(Failure) as refused:
        version(state("feat: a"), to)
    assert refused.value.headline == "1.5.0 is outside of 1.4.x, and 1.4.x keeps to that"


def test_a_footer_asks_for_the_version() -> None:
    asking = ["fix: b", "chore: go\n\nRelease-As: 2.0.0", "feat: a"]
    assert version(state(*asking)) == "2.0.0-main.3"
    assert origin(state(*asking)) == "3 commits since 1.4.2: 1 feat, 1 fix, 1 other; Release-As 2.0.0 of 0000001"
    newer = state("chore: no\n\nRelease-As: 3.0.0", *asking)
    assert version(newer) == "3.0.0-main.4"
    assert version(state("fix: c", *asking, tags=(tag("2.0.0-rc.1", 1),))) == "2.0.0-rc.1.main.1"


def test_a_footer_that_asks_for_less_is_not_followed() -> None:
    lower = state("chore: go\n\nRelease-As: 1.0.0")
    assert version(lower) == "1.4.3-main.1"
    assert origin(lower).endswith("Release-As 1.0.0 of 9c1f2e7, not higher than 1.4.2")


def test_a_pre_release_that_a_footer_asks_for_comes_after() -> None:
    assert version(state("chore: go\n\nRelease-As: 2.0.0-beta.1")) == "2.0.0-0.main.1"


def test_a_footer_that_was_followed_asks_for_nothing_more() -> None:
    made = state("fix: b", "chore: go\n\nRelease-As: 2.0.0-beta.1", tags=(tag("2.0.0-beta.1", 1),))
    assert version(made) == "2.0.0-beta.1.main.1"


def test_the_origin_says_why() -> None:
    undo = f'Revert "feat: x"\n\nThis reverts commit {sha(4)}.'
    made = state("feat!: a", "fix: b", "docs: c", undo, "feat: x")
    assert origin(made) == "5 commits since 1.4.2: 1 feat, 1 fix, 1 other; breaking: 9c1f2e7; 2 taken back"
    many = state(*["feat!: a"] * 5)
    assert "breaking: 9c1f2e7, 0000001, 0000002 and 2 more" in origin(many)
    after = state("fix: c", "fix: b", "feat: a", tags=(tag("1.5.0-rc.2", 2),))
    assert origin(after).startswith("2 commits since 1.5.0-rc.2, 3 since 1.4.2: 1 feat, 2 fix")
    assert origin(state("feat: a", latest=None)) == "1 commit, no release tag: 1 feat"


def test_all_that_it_follows_from_is_given() -> None:
    named = next_version(state("fix: b", "feat: a"), Event("push", branch="next"), Rules(channels=CHANNELS))
    assert (named.previous, named.channel, named.bump, named.distance) == ("1.4.2", "rc", "minor", 2)
    assert named.changes == ("fix: b", "feat: a")


def test_only_the_commits_of_the_package_count() -> None:
    paths = {0: ("readme.md",), 1: ("libs/b/x",), 2: ("libs/a", "web/x"), 3: ("libs/b/y", "libs/c")}
    messages = ["feat!: top", "feat: b", "fix: a", "fix: both"]
    since = tuple(Commit(sha(n), messages[n], (sha(n + 1),), paths[n]) for n in range(4))
    made = state(since=since, tags=(tag("1.4.3-rc.1", 0),))
    assert version(made, path="libs") == "1.5.0-main.3"
    assert version(made, path="libs", nested=("libs/b",)) == "1.4.3-rc.1.main.0"
    assert version(made, path="libs/b") == "1.5.0-main.2"
    assert version(made, path="lib") == "1.4.3-rc.1.main.0"
    assert version(made, nested=("libs", "web")) == "2.0.0-main.1"
    assert version(made) == "2.0.0-main.4"
