"""What git says, as values: tags in their order, commits cut out of a stream, configuration by its origin."""

import sys
import tracemalloc
from functools import cmp_to_key

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from semver import Version

from pipeline_kit.git.environment import SAFE_CONFIG, safe_environment
from pipeline_kit.git.history import BEGINNING, END, Excerpt, Reader
from pipeline_kit.git.remote import plain_ssh
from pipeline_kit.git.settings import Settings, without_credentials
from pipeline_kit.git.tags import parse_shown, release_tags
from pipeline_kit.model.git_state import Commit
from pipeline_kit.versioning import commits as messages
from tests.world.hostile_text import hostile

COMMIT = "1" * 40
NUMBER = st.integers(0, 30).map(str)
IDENTIFIER = NUMBER | st.text("01aZ-", min_size=1, max_size=3)
DOTTED = st.lists(IDENTIFIER, min_size=1, max_size=3).map(".".join)
NAME = st.builds(
    "{}{}.{}.{}{}{}".format,
    st.sampled_from(("v", "", "vv", "V", "web-v")),
    NUMBER | st.sampled_from(("01", "", "\u0661", "1" * 190)),
    NUMBER,
    NUMBER,
    st.just("") | DOTTED.map("-{}".format),
    st.just("") | DOTTED.map("+{}".format),
)


@given(st.lists(NAME | hostile, max_size=12))
def test_release_tags_are_those_of_the_semver_library_in_its_order(names: list[str]) -> None:
    found = [tag.name for tag in release_tags(dict.fromkeys(names, COMMIT), "v")]
    assert set(found) == {name for name in names if version_of(name)}
    order = [version_of(name) for name in found]
    expected = sorted(order, key=cmp_to_key(lambda one, other: one.compare(other)), reverse=True)
    assert [str(version).partition("+")[0] for version in order] == [
        str(version).partition("+")[0] for version in expected
    ]


def version_of(name: str) -> Version | None:
    text = name.removeprefix("v")
    if not text.isascii() or len(text) > 200 or "\n" in text:
        return None
    try:
        return Version.parse(text)
    except ValueError:
        return None


@pytest.mark.parametrize(
    ("prefix", "names", "found"),
    [
        ("v", ["1.0.0", "v1.0.0"], ["v1.0.0", "1.0.0"]),
        ("v", ["v1.0.0-rc.1", "v1.0.0", "v1.0.0-rc.10", "v1.0.0-rc.2"],
         ["v1.0.0", "v1.0.0-rc.10", "v1.0.0-rc.2", "v1.0.0-rc.1"]),
        ("", ["1.0.0", "v2.0.0"], ["1.0.0"]),
        ("web-v", ["web-v1.0.0", "v2.0.0", "3.0.0", "web-vv4.0.0"], ["web-v1.0.0"]),
        ("api/", ["api/1.0.0", "web/2.0.0"], ["api/1.0.0"]),
        ("v", ["v1", "v1.2", "latest", "v1.2.3.4", "v01.2.3", "v1.2.3-01"], []),
    ],
)  # fmt: skip
def test_a_prefix_tells_the_tags_of_one_package(prefix: str, names: list[str], found: list[str]) -> None:
    assert [tag.name for tag in release_tags(dict.fromkeys(names, COMMIT), prefix)] == found


def test_an_annotated_tag_is_on_the_commit_that_it_names_in_the_end() -> None:
    shown = b"aaa refs/tags/v1.0.0\nbbb refs/tags/v1.0.0^{}\nccc refs/tags/v1.1.0\n"
    assert parse_shown(shown) == {"v1.0.0": "bbb", "v1.1.0": "ccc"}


MESSAGE = (hostile | st.text(max_size=30)).map(lambda text: text.replace("\0", ""))
PATHS = st.lists(st.text(min_size=1, max_size=8).filter(lambda text: "\0" not in text), max_size=3)


@given(st.lists(st.tuples(MESSAGE, st.integers(0, 2), PATHS), max_size=6), st.integers(1, 50))
def test_commits_come_out_of_the_stream_whatever_they_hold_and_however_it_is_cut(
    commits: list[tuple[str, int, list[str]]], size: int
) -> None:
    reader = Reader()
    mark = reader.format.partition("%")[0]
    stream = b""
    for number, (message, parents, paths) in enumerate(commits):
        ids = " ".join(f"{number:039x}{parent}" for parent in range(parents))
        stream += f"{mark}{number:040x} {number + 7} {ids}\0{message}\0".encode("utf-8", "replace")
        stream += "".join(f"{path}\0" for path in paths).join(["\n" if paths else "", ""]).encode("utf-8", "replace")
    for start in range(0, len(stream), size):
        reader.feed(stream[start : start + size])
    history = reader.history()
    assert history.time == (7 if commits else 0)
    for number, (commit, (message, parents, paths)) in enumerate(zip(history.commits, commits, strict=True)):
        assert commit.id == f"{number:040x}"
        assert commit.message == message
        assert len(commit.parents) == parents
        assert list(commit.paths) == paths


def read(*parts: bytes, times: int = 1) -> tuple[Commit, ...]:
    """Commits whose message is ``parts``, one after the other."""
    reader = Reader()
    mark = reader.format.partition("%")[0].encode()
    for _ in range(times):
        reader.feed(mark + COMMIT.encode() + b" 1 \0")
        for part in parts:
            reader.feed(part)
        reader.feed(b"\0")
    return reader.history().commits


FILLER = b"and a line of it\n" * 4096


def test_footers_at_the_end_of_a_long_message_are_read() -> None:
    footers = f"\nBREAKING CHANGE: all of it\nRelease-As: 3.0.0\nThis reverts commit {COMMIT}.\nCloses #12\n".encode()
    for commit in read(b"feat: a\n\n", *[FILLER] * 150, footers, times=300):
        message = commit.message
        assert message.startswith("feat: a\n\nand a line of it\n")
        assert messages.breaking_footer(message) == "all of it"
        assert messages.release_as(message) == "3.0.0"
        assert messages.reverted(message) == (COMMIT,)
        assert messages.references(message) == ("#12",)


def test_a_message_is_whole_up_to_128_kib() -> None:
    text = b"feat: a\n" + b"x" * (BEGINNING + END - 8)
    assert read(text)[0].message == read(text[:7], text[7:], b"")[0].message == text.decode()
    assert read(text + b"y")[0].message == "feat: a\n...\n"


LINE = st.text(st.sampled_from("ab \r\n"), max_size=12)


@given(LINE, st.lists(st.integers(1, 9)), st.integers(1, 9), st.integers(1, 9))
@example("feat: a\nRelease-As: 1.2.3", [1], 24, 1)
@example("feat: a\nno\nno BREAKING CHANGE: x", [7], 8, 19)
def test_what_is_left_of_a_text_are_whole_lines_of_it(text: str, cuts: list[int], beginning: int, end: int) -> None:
    """A part of one could say what nobody wrote: ``BREAKING CHANGE``, a lower version, another commit."""
    excerpt = Excerpt(beginning, end)
    rest = text.encode()
    for size in cuts:
        excerpt.add(rest[:size])
        rest = rest[size:]
    excerpt.add(rest)
    found = excerpt.text()
    if len(text) <= beginning + end:
        assert found == text
        return
    first, last = found.split("...\n") if "...\n" in found else (found, "")
    assert text.startswith(first)
    assert text.endswith(last)
    assert not first.strip() or first.endswith("\n") or "\n" not in first.strip()
    assert not last or text[: -len(last)].endswith("\n")
    assert len(first) <= beginning
    assert len(last) <= end


def test_a_first_line_without_an_end_asks_for_nothing() -> None:
    (commit,) = read(b"Release-As: 2.0.0" + b" " * BEGINNING, b" please not" + b" " * END)
    assert messages.release_as(commit.message) == ""


def test_the_parents_of_a_commit_are_whole_however_many_there_are() -> None:
    reader = Reader()
    mark = reader.format.partition("%")[0]
    parents = tuple(f"{number:040x}" for number in range(5000))
    message = "x" * 200_000
    for _ in range(200):
        reader.feed(f"{mark}{COMMIT} 1 ".encode())
        for parent in parents[:-1]:
            reader.feed(f"{parent} ".encode())
        reader.feed(f"{parents[-1]}\0{message}\0".encode())
    assert all(commit.parents == parents for commit in reader.history().commits)


def test_a_long_path_is_not_kept_whole() -> None:
    reader = Reader()
    mark = reader.format.partition("%")[0]
    reader.feed(f"{mark}{COMMIT} 1 \0feat: a\0\nweb/".encode())
    for _ in range(100):
        reader.feed(FILLER)
    reader.feed(b"\0")
    (path,) = reader.history().commits[0].paths
    assert path.startswith("web/and")
    assert len(path) < 3 * BEGINNING


@pytest.mark.parametrize("character", ["x", "\N{PILE OF POO}"])
def test_many_long_messages_have_a_budget_together(character: str) -> None:
    """By what they take in memory: one wide character makes a text four times as large."""
    commits = read(f"feat: a\n\n{character}\n".encode(), *[FILLER] * 5, b"\nBREAKING CHANGE: b\n", times=1000)
    assert len(commits) == 1000
    assert sum(sys.getsizeof(commit.message) for commit in commits) < (24 if character == "x" else 40) * 1024 * 1024
    for commit in commits:
        assert commit.message.startswith("feat: a\n")
        assert messages.breaking_footer(commit.message) == "b"


@pytest.mark.parametrize("size", [1, 100, 65536])
def test_a_long_message_takes_no_more_memory_than_is_kept(size: int) -> None:
    piece = (b"x" * 79 + b"\n") * (size // 80 + 1)
    excerpt = Excerpt(BEGINNING, END)
    tracemalloc.start()
    for _ in range(10_000_000 // max(size, 10)):
        excerpt.add(piece[:size])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * END


@pytest.mark.parametrize("time", ["", "-1", "x", "99999999999999999999"])
def test_a_commit_may_claim_any_time(time: str) -> None:
    reader = Reader()
    reader.feed(f"{reader.format.partition('%')[0]}{COMMIT} {time} \0x\0".encode())
    assert 0 <= reader.history().time <= 253_402_300_799


def listed(*entries: tuple[str, str, str]) -> bytes:
    ours = [("command", key.lower(), value) for key, value in SAFE_CONFIG.items()]
    return "".join(f"{scope}\0{key}\n{value}\0" for scope, key, value in [*entries, *ours]).encode()


def test_whose_word_a_setting_is() -> None:
    settings = Settings.parse(
        listed(
            ("system", "credential.helper", "cache"),
            ("global", "filter.lfs.process", "git-lfs filter-process"),
            ("local", "credential.https://a.example.helper", "!evil"),
            ("local", "filter.a.b.clean", "evil"),
            ("worktree", "core.sshcommand", "evil\nof two lines"),
            ("command", "credential.https://b.example.helper", "mine"),
        )
    )
    assert settings
    assert settings.helpers == [("credential.helper", "cache"), ("credential.https://b.example.helper", "mine")]
    assert settings.filters == {"lfs", "a.b"}
    assert settings.repositorys("core.sshcommand") == ["evil\nof two lines"]
    assert not settings.users("core.sshcommand")


def test_a_git_that_does_not_take_our_settings_is_known() -> None:
    assert Settings.parse(b"local\0core.bare\nfalse\0") is None
    assert Settings.parse(b"") is None


def test_the_settings_of_the_callers_environment_are_kept_and_ours_come_after() -> None:
    given_count = {
        "GIT_CONFIG_COUNT": "2", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "/a",
        "GIT_CONFIG_KEY_1": "core.fsmonitor", "GIT_CONFIG_VALUE_1": "evil",
    }  # fmt: skip
    variables = safe_environment(given_count)
    pairs = [
        (variables[f"GIT_CONFIG_KEY_{number}"], variables[f"GIT_CONFIG_VALUE_{number}"])
        for number in range(int(variables["GIT_CONFIG_COUNT"]))
    ]
    assert pairs[0] == ("safe.directory", "/a")
    assert [value for key, value in pairs if key == "core.fsmonitor"] == ["evil", "false"]


@pytest.mark.parametrize("count", ["-1", "x", "99999999999", "3"])
def test_a_broken_count_of_settings_is_no_trouble(count: str) -> None:
    variables = safe_environment({"GIT_CONFIG_COUNT": count, "GIT_CONFIG_KEY_0": "a.b", "GIT_CONFIG_VALUE_0": "c"})
    assert int(variables["GIT_CONFIG_COUNT"]) in (len(SAFE_CONFIG), len(SAFE_CONFIG) + 1)


@pytest.mark.parametrize(
    ("command", "plain"),
    [
        ('"/usr/bin/ssh" -i "/tmp/key" -o StrictHostKeyChecking=yes -o CheckHostIP=no -o "UserKnownHostsFile=/tmp/k"',
         "ssh -i /tmp/key -o StrictHostKeyChecking=yes -o CheckHostIP=no -o UserKnownHostsFile=/tmp/k"),
        ("ssh", "ssh"),
        ("ssh -i '/tmp/$(id)'", "ssh -i '/tmp/$(id)'"),
        ("ssh -o ProxyCommand=id", ""),
        ("ssh -o StrictHostKeyChecking=yes -o proxycommand=id", ""),
        ("ssh -F /tmp/config", ""),
        ("ssh -i", ""),
        ("/tmp/evil; ssh", ""),
        ("ssh -i /tmp/key; id", ""),
        ("ssh 'unfinished", ""),
        ("", ""),
    ],
)  # fmt: skip
def test_ssh_with_a_key_is_taken_and_nothing_else(command: str, plain: str) -> None:
    assert plain_ssh(command) == plain


def test_credentials_are_taken_out_of_any_text() -> None:
    text = "fatal: unable to access 'https://user:secret@example.com/a.git/': see https://t@b.example/x"
    assert without_credentials(text) == "fatal: unable to access 'https://example.com/a.git/': see https://b.example/x"
