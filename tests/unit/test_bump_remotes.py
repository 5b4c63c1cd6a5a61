"""Which remote a branch has; the repository's configuration is anyone's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.git.settings import Settings

ORIGIN = ("local", "remote.origin.url", "https://example.com/origin")
UPSTREAM = ("local", "remote.upstream.url", "https://example.com/upstream")
FORK = ("local", "remote.my/fork.url", "https://user:password@example.com/fork")


def branch(remote: str, name: str = "main") -> tuple[str, str, str]:
    return ("local", f"branch.{name}.remote", remote)


@pytest.mark.parametrize(
    ("entries", "name", "url"),
    [
        ((), "origin", ""),
        ((ORIGIN,), "origin", "https://example.com/origin"),
        ((UPSTREAM,), "upstream", "https://example.com/upstream"),
        ((UPSTREAM, ORIGIN), "origin", "https://example.com/origin"),
        ((UPSTREAM, FORK), "origin", ""),
        ((UPSTREAM, ORIGIN, branch("upstream")), "upstream", "https://example.com/upstream"),
        ((UPSTREAM, FORK, branch("my/fork")), "my/fork", "https://example.com/fork"),
        ((UPSTREAM, ORIGIN, branch("upstream", "other")), "origin", "https://example.com/origin"),
        ((UPSTREAM, ORIGIN, branch("origin"), branch("upstream")), "upstream", "https://example.com/upstream"),
        ((UPSTREAM, ORIGIN, branch("gone")), "origin", "https://example.com/origin"),
        ((UPSTREAM, branch("gone")), "upstream", "https://example.com/upstream"),
        # A section without a name, and a remote without an address.
        ((UPSTREAM, ("local", "remote.url", "x"), ("global", "remote.origin.prune", "true")), "upstream", UPSTREAM[2]),
    ],
)
def test_a_branch_has_the_remote_that_git_would_take(
    entries: tuple[tuple[str, str, str], ...], name: str, url: str
) -> None:
    settings = Settings(entries)
    assert (settings.remote_name("main"), settings.remote_of("main")) == (name, url)


def test_without_a_branch_none_is_chosen() -> None:
    settings = Settings((UPSTREAM, ORIGIN, branch("upstream", "")))
    assert settings.remote_name("") == "origin"


HOSTILE = [
    "https://example.com/evil",
    "git@example.com:evil",
    "/evil",
    "./evil",
    "../evil",
    "a/../b",
    ".",
    "",
    "-x",
    "--upload-pack=evil",
    "ext::evil",
    "a b",
    "a\n",
    "a\u202eb",
    "$(evil)",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_name_is_never_the_remote(name: str) -> None:
    """Not even where the configuration has an address under it."""
    made = ("local", f"remote.{name}.url", "https://example.com/evil")
    assert Settings((ORIGIN, UPSTREAM, branch(name))).remote_name("main") == "origin"
    assert Settings((ORIGIN, UPSTREAM, made, branch(name))).remote_name("main") == "origin"
    assert Settings((made, branch(name))).remote_name("main") == "origin"


@given(st.text(), st.text())
def test_a_remote_is_a_word_that_needs_no_quotes(named: str, held: str) -> None:
    found = Settings((branch(named), ("local", f"remote.{held}.url", "x"))).remote_name("main")
    assert found in (held, "origin")
    assert all(character.isalnum() or character in "_.+@-/" for character in found)
    assert found[0] not in "-./"
    assert ".." not in found
