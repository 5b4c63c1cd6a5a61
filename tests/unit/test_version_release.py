"""The next release of a branch: what it is called, what is in it, and when there is none."""

import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from semver import Version

from pipeline_kit.errors import Exit, Failure
from pipeline_kit.model.event import Event
from pipeline_kit.model.git_state import Commit, GitState, ReleaseTag
from pipeline_kit.model.release import Release
from pipeline_kit.model.rules import Rules
from pipeline_kit.model.version import channel_name
from pipeline_kit.versioning.next import next_version
from pipeline_kit.versioning.release import next_release
from tests.unit.test_versioning_next import CHANNELS, LATEST, PUSH, sha, state, tag

NEXT = Event("push", branch="next")


def release(
    state: GitState, event: Event = PUSH, *, asked: Any = None, channel: str | None = None, **rules: Any
) -> Release:
    return next_release(state, event, Rules(**rules), asked=asked, channel=channel)


def version(state: GitState, event: Event = PUSH, **options: Any) -> str:
    return release(state, event, **options).version


def refused(state: GitState, event: Event = PUSH, **options: Any) -> str:
    with pytest.raises(Failure) as found:
        release(state, event, **options)
    return found.value.kind


def test_a_release_says_what_is_in_it() -> None:
    made = release(state("feat: b", "docs: a"))
    assert (made.version, made.tag, made.bump, made.channel) == ("1.5.0", "v1.5.0", "minor", "")
    assert made.previous == LATEST
    assert [(change.kind, change.subject) for change in made.changes] == [("feat", "b"), ("docs", "a")]
    package = release(
        state(since=(Commit(sha(0), "fix: a", (), ("web/x",)), Commit(sha(1), "feat!: b", (), ("api/x",)))),
        prefix="web-v", package="web", path="web",
    )  # fmt: skip
    assert (package.tag, package.package, package.path) == ("web-v1.4.3", "web", "web")
    assert [change.subject for change in package.changes] == ["a"]


def test_the_first_release_is_the_initial_version() -> None:
    first = state("docs: a", latest=None)
    assert version(first) == "0.1.0"
    assert version(first, initial="1.0.0") == "1.0.0"
    assert version(first, channel="rc") == "0.1.0-rc.1"
    assert version(first, asked=Version.parse("2.0.0")) == "2.0.0"


@pytest.mark.parametrize(("bump", "expected"), [("patch", "1.4.3"), ("minor", "1.5.0"), ("major", "2.0.0")])
def test_a_person_asks_for_a_bump(bump: str, expected: str) -> None:
    made = release(state("docs: a"), asked=bump)
    assert (made.version, made.bump) == (expected, bump)
    assert version(state(released="1.4.2", latest=None), asked=bump) == expected


def test_a_person_asks_for_a_version() -> None:
    assert version(state("docs: a"), asked=Version.parse("3.0.0")) == "3.0.0"
    assert release(state("docs: a"), asked=Version.parse("3.0.0-rc.7")).channel == "rc"
    assert refused(state("docs: a"), asked=Version.parse("1.4.2")) == "version.not-higher"
    assert refused(state("docs: a"), asked=Version.parse("1.4.2-rc.1")) == "version.not-higher"


def test_the_version_of_a_tag_on_head_is_what_that_release_was() -> None:
    tags = (tag("1.5.0"), tag("1.5.0-rc.1"), LATEST)
    made = release(state("feat: a", here=tags[:2], tags=tags), asked=Version.parse("1.5.0"))
    assert (made.version, made.previous, len(made.changes)) == ("1.5.0", LATEST, 1)
    shallow = state("feat: a", here=tags[:1], tags=tags[:1], latest=None, shallow=True)
    assert version(shallow, asked=Version.parse("1.5.0")) == "1.5.0"


@pytest.mark.parametrize(
    "made",
    [
        state("docs: a", "chore: b"),
        state(),
        state("feat: a", released="1.5.0"),
        state('Revert "feat: a"\n\nThis reverts commit ' + sha(1) + ".", "feat: a"),
    ],
)
def test_nothing_to_release(made: GitState) -> None:
    assert refused(made) == "run.nothing-to-release"
    assert refused(made, NEXT, channels=CHANNELS) == "run.nothing-to-release"


def test_an_incomplete_clone_releases_nothing() -> None:
    assert refused(state("feat: a", latest=None, shallow=True)) == "git.shallow"
    skipping = Event("push", branch="main", skips_tags=True)
    assert refused(state("feat: a", latest=None), skipping) == "git.no-tags"
    assert version(state("feat: a", latest=None), skipping, first_release=True) == "0.1.0"


def test_a_channel_counts_its_releases() -> None:
    commits = ("fix: c", "fix: b", "feat: a")
    assert version(state(*commits), NEXT, channels=CHANNELS) == "1.5.0-rc.1"
    second = release(state(*commits, tags=(tag("1.5.0-rc.1", 2),)), NEXT, channels=CHANNELS)
    assert (second.version, second.channel, second.bump) == ("1.5.0-rc.2", "rc", "minor")
    assert second.previous == tag("1.5.0-rc.1", 2)
    assert [change.subject for change in second.changes] == ["c", "b"]


def test_a_channel_goes_on_with_a_higher_version_where_that_is_asked_for() -> None:
    made = state("feat!: c", "fix: b", tags=(tag("1.4.3-rc.1", 1),))
    assert version(made, NEXT, channels=CHANNELS) == "2.0.0-rc.1"
    assert version(state("fix: b", "docs: a", tags=(tag("2.0.0-rc.1", 1),)), NEXT, channels=CHANNELS) == "2.0.0-rc.2"


def test_a_stable_release_follows_its_candidates() -> None:
    made = release(state("fix: b", "feat: a", tags=(tag("2.0.0-rc.1", 1),)))
    assert (made.version, made.previous) == ("2.0.0", LATEST)
    assert [change.subject for change in made.changes] == ["b", "a"]
    here = state("docs: a", here=(tag("1.5.0-rc.1"),), tags=(tag("1.5.0-rc.1"),))
    assert version(here) == "1.5.0"
    assert refused(here, NEXT, channels=CHANNELS) == "run.nothing-to-release"


def test_numbers_of_another_branch_are_stepped_over() -> None:
    made = state("feat: a", tags=(tag("1.5.0-rc.7", 50), tag("1.5.0-rc.3", 51)))
    assert version(made, NEXT, channels=CHANNELS) == "1.5.0-rc.8"


def test_a_version_that_another_branch_has_is_refused() -> None:
    made = state("feat: a", tags=(tag("1.5.0", 50), LATEST))
    assert refused(made) == "bump.taken"
    assert refused(state("feat: a", tags=(tag("1.5.0+build", 50), LATEST))) == "bump.taken"
    assert version(made, asked=Version.parse("1.6.0")) == "1.6.0"


def test_what_was_a_candidate_is_no_beta_again() -> None:
    made = state("fix: b", "feat: a", tags=(tag("1.5.0-rc.1", 1),))
    assert refused(made, Event("push", branch="beta"), channels=CHANNELS) == "version.not-higher"


def test_a_maintenance_branch_keeps_to_its_range() -> None:
    on = Event("push", branch="1.4.x")
    assert version(state("fix: a"), on) == "1.4.3"
    assert refused(state("feat: a"), on) == "version.range"
    assert refused(state("fix: a"), on, asked=Version.parse("1.5.0")) == "version.range"
    assert refused(state("feat: a"), on, channel="rc") == "version.range"
    assert Failure("version.range", "").exit is Exit.REFUSED
    merged = state("fix: a", latest=ReleaseTag("v2.0.0", "2.0.0", "b" * 40))
    assert refused(merged, Event("push", branch="1.x")) == "version.range"


def test_a_branch_without_a_channel_makes_no_releases() -> None:
    for branch in ("topic", "feature/x"):
        on = Event("push", branch=branch)
        assert refused(state("feat: a"), on, channels=CHANNELS) == "version.channel"
        assert version(state("feat: a"), on, channels=CHANNELS, channel="dev") == "1.5.0-dev.1"
        assert version(state("feat: a"), on, channels=CHANNELS, channel="") == "1.5.0"
    assert version(state("feat: a"), Event("push", branch="topic")) == "1.5.0"


@pytest.mark.parametrize("channel", ["1", "rc.1", "stable", "+", "a b", "maintenance"])
def test_no_channel(channel: str) -> None:
    assert refused(state("feat: a"), channel=channel) == "config.usage"


def test_a_footer_asks_for_the_version() -> None:
    made = state("fix: b", "chore: go\n\nRelease-As: 2.0.0")
    assert version(made) == "2.0.0"
    assert version(made, NEXT, channels=CHANNELS) == "2.0.0-rc.1"
    assert version(made, asked="patch") == "1.4.3"
    named = state("chore: go\n\nRelease-As: 2.0.0-beta.3")
    assert version(named) == "2.0.0-beta.3"
    assert refused(state("chore: go\n\nRelease-As: 1.0.0")) == "run.nothing-to-release"
    assert version(state("fix: a\n\nRelease-As: 1.0.0")) == "1.4.3"


@pytest.mark.parametrize(
    ("preset", "expected"),
    [
        ("default", "2.0.0"),
        ("specification", "2.0.0"),
        ("conventional", "1.4.3"),
        ("angular", "1.4.3"),
        ("commitizen", "1.4.3"),
    ],
)
def test_a_preset_knows_no_footer_that_its_tool_does_not(preset: str, expected: str) -> None:
    assert version(state("fix: a\n\nRelease-As: 2.0.0"), preset=preset) == expected


@pytest.mark.parametrize("mark", ["[skip release]", "[release skip]", "[Skip  Release]"])
def test_a_commit_may_say_that_it_does_not_count(mark: str) -> None:
    made = state("fix: a", f"feat: b {mark}")
    assert version(made) == "1.4.3"
    assert version(made, preset="git-cliff") == "1.5.0"


STEP = st.tuples(
    st.sampled_from(["feat: a", "fix: a", "docs: a", "feat!: a", "chore: a\n\nRelease-As: 1.7.0", "change"]),
    st.sampled_from(["main", "next", "beta", "topic", "zeta", "1", "feature/x"]),
    st.booleans(),
)


@given(
    st.lists(STEP, min_size=1, max_size=12),
    st.sampled_from([CHANNELS, (*CHANNELS, ("zeta", "alpha"), ("topic", "rc")), ()]),
    st.sampled_from(["0.0.3", "0.3.1", "1.4.2", ""]),
)
def test_versions_sort_between_the_releases_around_them(
    steps: list[tuple[str, str, bool]], channels: tuple[tuple[str, str], ...], first: str
) -> None:
    """A history is played: at each commit the version is asked for, and where one can be made, a release."""
    rules = Rules(channels=channels)
    commits: list[Commit] = []
    tags = [ReleaseTag(f"v{first}", first, "f" * 40)] if first else []
    for number, (message, branch, releases) in enumerate(steps):
        commits.insert(0, Commit(sha(100 + number), message, (sha(99 + number),)))
        ids = [commit.id for commit in commits]
        latest = next((one for one in tags if one.stable), None)
        since = commits[: ids.index(latest.commit)] if latest and latest.commit in ids else commits
        now = GitState(
            commit=ids[0], time=0, latest=latest, since=tuple(since), tags=tuple(tags), has_tags=bool(tags)
        )  # fmt: skip
        event = Event("push", branch=branch)
        named = Version.parse(next_version(now, event, rules).version)
        assert all(named >= Version.parse(one.version) for one in tags), (named, tags)
        try:
            made = next_release(now, event, rules)
        except Failure as failure:
            assert failure.kind in ("run.nothing-to-release", "version.not-higher", "version.channel")  # noqa: PT017
            continue
        assert Version.parse(made.version) > named
        assert made.previous is None or named >= Version.parse(made.previous.version)
        if releases:
            tags.insert(0, ReleaseTag(made.tag, made.version, ids[0]))
            tags.sort(key=lambda one: Version.parse(one.version), reverse=True)


def test_a_footer_names_no_pre_release_of_another_channel() -> None:
    """What is made sorts after what the commit was called before: 2.0.0-rc.0 is higher than 2.0.0-beta.3."""
    named = state("fix: a\n\nRelease-As: 2.0.0-beta.3")
    assert version(named, NEXT, channels=CHANNELS) == "2.0.0-rc.1"
    assert version(named, Event("push", branch="beta"), channels=CHANNELS) == "2.0.0-beta.3"
    assert version(named, channel="rc") == "2.0.0-rc.1"
    assert version(named, channel="") == "2.0.0"


def test_a_footer_alone_asks_for_a_release_of_a_channel_once() -> None:
    asked = state("chore: go\n\nRelease-As: 2.0.0")
    assert version(asked, NEXT, channels=CHANNELS) == "2.0.0-rc.1"
    after = state("docs: a", "chore: go\n\nRelease-As: 2.0.0", tags=(tag("2.0.0-rc.1", 1),))
    assert refused(after, NEXT, channels=CHANNELS) == "run.nothing-to-release"


def ways(state: GitState, event: Event = PUSH, **options: Any) -> list[str]:
    """What a refusal offers to paste."""
    with pytest.raises(Failure) as found:
        release(state, event, **options)
    return [note.text for note in found.value.notes if note.label != "why"]


RC = (tag("1.5.0-rc.1", 1), LATEST)
GO_ON = "go on with rc: pipeline-kit bump --pre rc"
HIGHER = "ask for a higher one: pipeline-kit bump --to"


@pytest.mark.parametrize(
    ("made", "options", "offered"),
    [
        (state("fix: b", "feat: a", tags=RC), {"channel": "beta"}, [GO_ON, f"{HIGHER} 1.5.1-beta.1"]),
        (
            state("docs: b", "feat: a", tags=RC),
            {"channel": "beta", "asked": "minor"},
            [f"{GO_ON} --as minor", f"{HIGHER} 1.5.1-beta.1"],
        ),
        # What is named by hand has no next one.
        (
            state("fix: b", "feat: a", tags=(tag("1.5.0-rc.x", 1), LATEST)),
            {"channel": "beta"},
            [f"{HIGHER} 1.5.1-beta.1"],
        ),
        # Nothing came since the candidate, so there is no next one.
        (state("docs: b", "feat: a", tags=RC), {"channel": "beta"}, [f"{HIGHER} 1.5.1-beta.1"]),
        (
            state("fix: b", "feat: a", tags=(tag("1.5.1", 60), tag("1.5.2-beta.4", 61), *RC)),
            {"channel": "beta"},
            [GO_ON, f"{HIGHER} 1.5.2-beta.5"],
        ),
        (
            state("fix: b", "feat: a", tags=RC),
            {"asked": Version.parse("1.5.0-beta.9")},
            [f"{HIGHER} 1.5.1-beta.1"],
        ),
        (state("fix: b", "feat: a", tags=RC), {"asked": Version.parse("1.4.9")}, [f"{HIGHER} 1.5.0"]),
        (state("fix: a", tags=(LATEST,)), {"asked": Version.parse("1.4.2")}, [f"{HIGHER} 1.4.3"]),
    ],
)
def test_what_is_offered_for_a_lower_version_is_made(
    made: GitState, options: dict[str, Any], offered: list[str]
) -> None:
    assert ways(made, **options) == offered
    assert channel_name(Version.parse(offered[-1].rpartition(" ")[2])) == options.get(
        "channel", channel_name(options["asked"]) if isinstance(options.get("asked"), Version) else ""
    )
    for one in offered:
        assert follow(made, one) > Version.parse("1.4.2")


def follow(made: GitState, way: str, event: Event = PUSH, **rules: Any) -> Version:
    """The release that a command which is offered makes."""
    words = shlex.split(way.partition("pipeline-kit bump ")[2])
    options = dict(zip(words[::2], words[1::2], strict=True))
    asked = Version.parse(options["--to"]) if "--to" in options else options.get("--as")
    return Version.parse(version(made, event, asked=asked, channel=options.get("--pre"), **rules))


@pytest.mark.parametrize(
    ("made", "event", "options", "offered", "expected"),
    [
        (state("docs: a"), PUSH, {}, "--as patch", "1.4.3"),
        (state("docs: a"), PUSH, {"channel": "rc"}, "--pre rc --as patch", "1.4.3-rc.1"),
        (state("docs: a"), NEXT, {"channels": CHANNELS}, "--as patch", "1.4.3-rc.1"),
        (state("docs: a"), NEXT, {"channels": CHANNELS, "channel": ""}, "--pre '' --as patch", "1.4.3"),
        (
            state("docs: a", "docs: b", tags=(tag("1.5.0-rc.1", 1),)),
            PUSH,
            {"channel": "rc"},
            "--pre rc --as patch",
            "1.5.0-rc.2",
        ),
    ],
)
def test_a_release_all_the_same_is_of_the_channel_that_was_asked_for(
    made: GitState, event: Event, options: dict[str, Any], offered: str, expected: str
) -> None:
    (way,) = ways(made, event, **options)
    assert way == f"release all the same: pipeline-kit bump {offered}"
    assert str(follow(made, way, event, channels=options.get("channels", ()))) == expected


def test_a_release_all_the_same_is_of_the_package() -> None:
    (way,) = ways(
        state(since=(Commit(sha(0), "docs: a", (), ("web/x",)),)), package="the web", path="web", channel="rc"
    )
    assert way.endswith("pipeline-kit bump --package 'the web' --pre rc --as patch")


def anew(branch: str, old: str) -> str:
    made = f"git branch -m {branch} {old} && git switch -c {branch} v1.4.2"
    return f"make it anew: {made}, then git cherry-pick what belongs there, and push it with --force-with-lease"


OUT = (ReleaseTag("v2.0.0", "2.0.0", "b" * 40), tag("1.4.3-rc.1", 90), LATEST)


@pytest.mark.parametrize(
    ("made", "event", "offered"),
    [
        (
            state("fix: a", latest=OUT[0], tags=OUT),
            Event("push", branch="1.4.x"),
            anew("1.4.x", "1.4.x-merged"),
        ),
        # The branch that a pull request goes to is as it was.
        (
            state("fix: a", latest=OUT[0], tags=OUT),
            Event("pull_request", branch="fix/$x", base="1.4.x"),
            anew("'fix/$x'", "'fix/$x-merged'"),
        ),
        (
            state("fix: a", tags=(tag("1.5.0-rc.1"), LATEST)),
            Event("push", branch="1.4.x"),
            anew("1.4.x", "1.4.x-merged"),
        ),
        (state("fix: a"), Event("push", branch="2.x"), "begin it: pipeline-kit bump --to 2.0.0"),
        (state("feat: a", latest=None), Event("push", branch="1.2.x"), "begin it: pipeline-kit bump --to 1.2.0"),
        (
            state("feat: a", tags=(tag("1.4.3", 50), LATEST)),
            Event("push", branch="1.4.x"),
            "take those commits to the branch of the next version, and off this one (git revert)",
        ),
    ],
)
def test_what_is_out_of_range_by_its_history_is_made_anew(made: GitState, event: Event, offered: str) -> None:
    with pytest.raises(Failure) as found:
        next_version(made, event)
    assert [note.text for note in found.value.notes[1:]] == [offered]
    if event.kind == "push":
        assert ways(made, event) == [offered]


def test_a_version_out_of_range_that_a_person_asked_for_is_no_commit_s_fault() -> None:
    on = Event("push", branch="1.4.x")
    first, _ = ways(state("fix: a"), on, asked=Version.parse("1.5.0"))
    assert first == "ask for one of 1.4.x: pipeline-kit bump --to 1.4.3"
    assert ways(state("fix: a"), on, asked="minor")[0] == first
    assert ways(state("fix: a"), on, asked="minor", channel="rc")[0].endswith("bump --to 1.4.3-rc.1")
    assert ways(state("fix: a"), Event("push", branch="2.x"), channel="rc") == [
        "begin it: pipeline-kit bump --to 2.0.0-rc.1"
    ]
    footer = state("chore: go\n\nRelease-As: 2.0.0")
    with pytest.raises(Failure) as found:
        release(footer, on)
    assert found.value.notes[0].text == "It is asked for by 9c1f2e7 go."


def test_a_line_that_gives_a_channel_says_where_it_has_to_stand() -> None:
    """The first pattern that fits decides."""
    feature, topic = (Event("push", branch=name) for name in ("feature/it's", "topic"))
    line, _ = ways(state("feat: a"), feature, channels=CHANNELS)
    assert line == "pipeline-kit.yml:  versioning: { channels: { 'feature/it''s': rc } }, above 'feature/*'"
    assert version(state("feat: a"), feature, channels=((feature.branch, "rc"), *CHANNELS)) == "1.5.0-rc.1"
    assert ways(state("feat: a"), topic, channels=CHANNELS)[0].endswith("{ 'topic': rc } }")


def test_a_maintenance_branch_without_a_range_is_offered_that_of_the_last_release() -> None:
    channels = (("main", "stable"), ("release/*", "maintenance"))
    (line,) = ways(state("fix: a"), Event("push", branch="release/soon"), channels=channels)
    assert line == "pipeline-kit.yml:  versioning: { channels: { 'release/soon': 1.4.x } }, above 'release/*'"
    (line,) = ways(state("fix: a", latest=None), Event("push", branch="release/soon"), channels=channels)
    assert line.endswith("'release/soon': RANGE } }, above 'release/*', where RANGE is what it keeps to")


@pytest.mark.parametrize(
    ("made", "branch", "asked", "expected"),
    [
        (state("feat: a", tags=(tag("1.5.0", 50), LATEST)), "main", None, "1.4.3"),
        (state("feat: a", tags=(tag("2.0.0", 51), tag("1.5.0", 50), LATEST)), "hotfix", "1.5.0", "1.4.3"),
        (state("feat: a", tags=(tag("1.5.0-rc.1", 50), LATEST)), "main", "1.5.0-rc.1", "1.5.0-rc.2"),
    ],
)
def test_what_is_offered_for_a_version_that_is_taken_is_made(
    made: GitState, branch: str, asked: str | None, expected: str
) -> None:
    on = Event("push", branch=branch)
    offered = ways(made, on, asked=asked and Version.parse(asked))[-1]
    named = f"say which version this is: pipeline-kit bump --to {expected}"
    assert offered in (named, f"release {expected} from here: pipeline-kit bump --as patch")
    assert str(follow(made, offered, on)) == expected


@pytest.mark.parametrize(
    ("made", "branch", "asked"),
    [
        (state("fix: a", tags=(tag("2.0.0", 51), tag("1.4.3", 50), LATEST)), "1.4.x", None),
        (state("feat: a", tags=(tag("1.5.0", 51), tag("1.4.3", 50), LATEST)), "main", None),
        (state("feat: a", tags=(tag("1.5.0", 51), tag("1.5.0-rc.1", 50), LATEST)), "main", "1.5.0-rc.1"),
    ],
)
def test_none_is_offered_that_is_higher_than_releases_that_are_not_here(
    made: GitState, branch: str, asked: str | None
) -> None:
    """It would be the newest, and lack what they have."""
    (offered,) = ways(made, Event("push", branch=branch), asked=asked and Version.parse(asked))
    assert offered.startswith("git merge v1.")


def test_what_asks_for_more_than_a_maintenance_branch_may_release_is_a_patch_if_asked_for() -> None:
    on = Event("push", branch="1.4.x")
    offered = ways(state("feat: a"), on)[0]
    assert offered == "release them as a patch: pipeline-kit bump --as patch"
    assert str(follow(state("feat: a"), offered, on)) == "1.4.3"
