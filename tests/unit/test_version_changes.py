"""Which commits count since a release, and what they ask for under a project's own rules."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.model.git_state import Commit
from pipeline_kit.model.release import Change
from pipeline_kit.model.rules import Rules
from pipeline_kit.versioning import commits
from pipeline_kit.versioning.changes import read


def commit(number: int, message: str, *parents: int) -> Commit:
    return Commit(sha(number), message, tuple(sha(one) for one in parents))


def sha(number: int) -> str:
    return f"{number:07x}".ljust(40, "0")


def undo(number: int, subject: str = "x") -> str:
    return f'Revert "{subject}"\n\nThis reverts commit {sha(number)}.'


def kept(*newest_first: Commit, rules: Rules | None = None) -> list[int]:
    """The numbers of the commits that count."""
    return [int(change.commit[:7], 16) for change in read(newest_first, rules or Rules())]


def bumps(message: str, **rules: object) -> str | None:
    (change,) = read([commit(1, message)], Rules(**rules))  # type: ignore[arg-type]
    return change.bump


def test_a_change_says_what_its_message_says() -> None:
    message = "feat(api)!: drop the old endpoint (#12)\n\nGH-7, AB#99\n\nBREAKING CHANGE: use v2\n  instead\nRefs: #13"
    assert read([commit(1, message)], Rules()) == (
        Change(
            commit=sha(1),
            subject="drop the old endpoint (#12)",
            kind="feat",
            scope="api",
            breaking="use v2 instead",
            bump="major",
            references=("#12", "GH-7", "AB#99", "#13"),
        ),
    )
    (plain,) = read([commit(1, "\n\nAdd a page\n\nbody")], Rules())
    assert (plain.kind, plain.scope, plain.subject, plain.breaking) == ("", "", "Add a page", "")
    (marked,) = read([commit(1, "feat!: drop it")], Rules())
    assert marked.breaking == "drop it"


def test_a_revert_takes_its_commit_back_and_counts_for_nothing_itself() -> None:
    assert kept(commit(3, "fix: c"), commit(2, undo(1)), commit(1, "feat: a")) == [3]


@pytest.mark.parametrize(
    "message",
    [
        f'Revert "feat: a"\n\nThis reverts commit {sha(1)}.',
        f"revert: feat: a\n\nThis reverts commit {sha(1)}.",
        f"revert: a\n\nRefs: {sha(1)[:7]}",
        f'Revert "a"\n\nThis reverts commit {sha(1)[:12]}, for it broke\nthe build',
    ],
)
def test_a_revert_is_written_in_several_ways(message: str) -> None:
    assert kept(commit(2, message), commit(1, "feat: a")) == []


def test_the_revert_of_a_revert_brings_the_commit_back() -> None:
    history = [commit(2, undo(1)), commit(1, "feat: a")]
    assert kept(commit(3, undo(2)), *history) == [1]
    assert kept(commit(3, f'Reapply "feat: a"\n\nThis reverts commit {sha(2)}.'), *history) == [1]
    assert kept(commit(4, undo(3)), commit(3, undo(2)), *history) == []


GITHUB = 'Revert "feat: a (#7)" (#8)\n\nReverts contoso/shop#7'
GITLAB = 'Revert "feat: a"\n\nThis reverts merge request !7'


@pytest.mark.parametrize(
    ("message", "taken", "left"),
    [
        (GITHUB, [commit(1, "feat: a (#7)")], []),
        (GITHUB, [commit(1, "feat: a (#7)\n\n* feat: b (#70)")], []),
        (GITHUB, [commit(1, "feat: a (#70)")], [9, 1]),
        (GITHUB, [commit(1, "feat: a\n\nCloses (#7)")], [9, 1]),
        (GITHUB, [commit(4, "Merge pull request #7 from x/y", 1, 3), commit(3, "feat: b", 2), commit(2, "fix: c", 1),
                  commit(1, "fix: before", 0)], [1]),
        (GITLAB, [commit(4, "Merge branch 'x' into 'main'\n\na\n\nSee merge request contoso/shop!7", 1, 3),
                  commit(3, "feat: b", 1), commit(1, "fix: before", 0)], [1]),
        (GITLAB, [commit(1, "feat: a\n\nSee merge request contoso/shop!77")], [9, 1]),
        ('fix: another way\n\nReverts contoso/shop#7', [commit(1, "feat: a (#7)")], [9]),
    ],
)  # fmt: skip
def test_a_pull_request_is_taken_back_by_its_number(message: str, taken: list[Commit], left: list[int]) -> None:
    assert kept(commit(9, message), *taken) == left
    plain = kept(commit(9, message), *taken, rules=Rules(preset="conventional"))
    assert plain == [9, *(int(one.id[:7], 16) for one in taken)], "the tool doesn't know it"


def test_the_revert_of_a_pull_request_is_itself_taken_back() -> None:
    again = 'Revert "Revert "feat: a (#7)" (#8)" (#9)\n\nReverts contoso/shop#8'
    assert kept(commit(3, again), commit(2, GITHUB), commit(1, "feat: a (#7)")) == [1]


def test_the_revert_of_a_pull_request_that_was_released_is_a_patch() -> None:
    assert [one.bump for one in read([commit(2, GITHUB), commit(1, GITLAB)], Rules())] == ["patch", "patch"]
    assert [one.bump for one in read([commit(2, GITHUB)], Rules(preset="conventional"))] == [None]


@pytest.mark.parametrize(
    ("message", "kind", "subject", "bump", "references"),
    [
        ("Merged PR 12: feat(web): a", "feat", "a", "minor", ("!12",)),
        ("Merged PR 12: feat!: a\n\nText.\n\nRelated work items: #34", "feat", "a", "major", ("!12", "#34")),
        ("Merged PR 12: a", "", "a", None, ("!12",)),
        ("Merged PR 12:", "", "Merged PR 12:", None, ()),
        ("Merged PR 12: fix: a\n\nBREAKING CHANGE: b", "fix", "a", "major", ("!12",)),
        ("docs: Merged PR 12: feat: a", "docs", "Merged PR 12: feat: a", None, ()),
    ],
)
def test_a_squashed_pull_request_of_azure_devops_is_read_by_its_title(
    message: str, kind: str, subject: str, bump: str | None, references: tuple[str, ...]
) -> None:
    (change,) = read([commit(1, message)], Rules())
    assert (change.kind, change.subject, change.bump, change.references) == (kind, subject, bump, references)
    (merge,) = read([commit(3, message, 1, 2)], Rules())
    assert merge.kind in ("", "docs"), "what it merged is there by itself"
    if message.startswith("Merged"):
        (plain,) = read([commit(1, message)], Rules(preset="conventional"))
        assert plain.kind == "", "the tool doesn't know it"


def test_a_commit_that_reverts_and_does_more_counts() -> None:
    assert kept(commit(2, f"fix: another way\n\nThis reverts commit {sha(1)}."), commit(1, "feat: a")) == [2]


def test_the_revert_of_what_was_released_is_a_change() -> None:
    (change,) = read([commit(2, undo(1))], Rules())
    assert change.bump == "patch"
    both = commit(3, f"revert: two\n\nRefs: {sha(1)[:7]}, {sha(2)[:7]}")
    assert kept(both, commit(2, "feat: b")) == [3]


def test_the_revert_of_a_merge_takes_back_what_it_brought() -> None:
    history = [
        commit(5, "Merge branch 'topic'", 2, 4),
        commit(4, "feat: on the branch", 3),
        commit(3, "feat: on the branch too", 1),
        commit(2, "fix: meanwhile", 1),
        commit(1, "fix: before", 0),
    ]
    text = f"This reverts commit {sha(5)}, reversing\nchanges made to {sha(2)}."
    assert kept(commit(6, f"Revert \"Merge branch 'topic'\"\n\n{text}", 5), *history) == [2, 1]


def test_an_id_that_names_two_commits_or_none_takes_nothing_back() -> None:
    twins = [Commit("abcdef1" + "0" * 33, "feat: a"), Commit("abcdef1" + "1" * 33, "feat: b")]
    assert len(read([commit(3, "revert: x\n\nRefs: abcdef1"), *twins], Rules())) == 3
    assert kept(commit(2, undo(9)), commit(1, "feat: a")) == [2, 1]


@pytest.mark.parametrize("preset", ["python-semantic-release", "commitizen", "git-cliff"])
def test_a_preset_without_reverts_keeps_all(preset: str) -> None:
    assert kept(commit(2, undo(1)), commit(1, "feat: a"), rules=Rules(preset=preset)) == [2, 1]


@pytest.mark.parametrize(
    ("message", "own", "bump"),
    [
        ("docs: a", (("docs", "patch"),), "patch"),
        ("Docs(x): a", (("docs", "minor"),), "minor"),
        ("feat: a", (("feat", None),), None),
        ("feat!: a", (("feat", None),), "major"),
        ("deps: a", (("deps", "major"),), "major"),
        ("fix: a", (("docs", "patch"),), "patch"),
    ],
)
def test_a_project_says_what_a_type_is_worth(message: str, own: tuple[tuple[str, str]], bump: str | None) -> None:
    assert bumps(message, bumps=own) == bump
    assert bumps(message, bumps=own, preset="git-cliff") == bump


SQUASHED = (
    "Squashed commit of the following:\n\ncommit 1\nAuthor: a <a@example.com>\n\n    feat: x\n\n    BREAKING CHANGE: y"
)


@pytest.mark.parametrize(
    ("message", "alone", "listed"),
    [
        ("Add a page (#1)\n\n* feat: add it\n\n* fix: mend it", None, "minor"),
        ("fix: title (#1)\n\n* feat: add it", "patch", "minor"),
        ("Add a page\n\n- chore!: drop it", None, "major"),
        ("Add a page\n\n* docs: say it", None, None),
        (SQUASHED.replace("BREAKING CHANGE: y", ""), None, "minor"),
        ("feat: x\n\n* one thing\n* another: thing", "minor", "minor"),
    ],
)
def test_what_a_squash_message_lists_counts_where_that_is_asked_for(
    message: str, alone: str | None, listed: str | None
) -> None:
    assert bumps(message) == alone
    assert bumps(message, squash=True) == listed


def test_a_tally_is_in_words() -> None:
    assert commits.tally(["feat", "fix", "fix", "docs", ""]) == "1 feat, 2 fix, 2 other"
    assert commits.tally([]) == ""


@pytest.mark.parametrize(
    ("message", "version"),
    [
        ("chore: a\n\nRelease-As: 2.0.0", "2.0.0"),
        ("chore: a\n\nrelease-as: v2.0.0-rc.1\nRefs: #1", "2.0.0-rc.1"),
        ("chore: a\n\nRelease-As:3.0.0", "3.0.0"),
        ("chore: a\n\nsee Release-As: 2.0.0", ""),
        ("chore: a\n\nRelease-As: 2.0.0 or so", ""),
        ("chore: a", ""),
    ],
)
def test_a_footer_asks_for_a_version(message: str, version: str) -> None:
    assert commits.release_as(message) == version


IDENTIFIER = st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True)
WORDS = st.from_regex(r"[A-Za-z][A-Za-z ]{0,30}[a-z]", fullmatch=True)


@given(kind=IDENTIFIER, scope=st.one_of(st.just(""), IDENTIFIER), mark=st.booleans(), text=WORDS, broken=WORDS)
def test_a_message_that_is_written_is_read_as_it_was(kind: str, scope: str, mark: bool, text: str, broken: str) -> None:
    header = f"{kind}{f'({scope})' if scope else ''}{'!' if mark else ''}: {text}"
    (change,) = read(
        [commit(1, f"{header}\n\nsome body\n\nBREAKING CHANGE: {broken}\n")], Rules(preset="specification")
    )
    assert (change.kind, change.scope, change.subject) == (kind, scope, text)
    assert change.breaking == " ".join(broken.split())
    assert change.bump == "major"
