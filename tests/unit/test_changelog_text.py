"""What anyone may have written in a commit does nothing in Markdown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from pipeline_kit.render.changelog_links import links_of
from pipeline_kit.render.changelog_text import inline
from tests.world.hostile_text import hostile

GITHUB = links_of("https://github.com/contoso/shop")
HARMLESS = {"paragraph_open", "inline", "paragraph_close", "text", "code_inline", "text_special", "softbreak"}


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("plain words, and more.", "plain words, and more."),
        ("add `--flag` to `run`", "add `--flag` to `run`"),
        ("<img src=x onerror=y>", "&lt;img src=x onerror=y&gt;"),
        ("a [link](x) and ![image](y)", "a \\[link\\](x) and \\!\\[image\\](y)"),
        ("see https://evil.example/a?b and www.evil.example", "see `https://evil.example/a?b` and `www.evil.example`"),
        ("thanks @somebody, @org/team", "thanks `@somebody`, `@org/team`"),
        ("mail a@example.com", "mail `a@example.com`"),
        ("hello @<0f6a2b3c-0000>", "hello `@<0f6a2b3c-0000>`"),
        ("as in other/repository#12", "as in `other/repository#12`"),
        ("fix #12", "fix [\\#12](https://github.com/contoso/shop/issues/12)"),
        ("(#12)", "([\\#12](https://github.com/contoso/shop/issues/12))"),
        ("an unpaired ` mark", "an unpaired \\` mark"),
        ("a\u202eb\u200bc\x1b[0m\x07", "abc\\[0m"),
        ("# no heading", "\\# no heading"),
        ("- no item", "\\- no item"),
        ("1. no item", "1\\. no item"),
        ("two\n\nlines", "two lines"),
        ("", ""),
        ("``", "\\`\\`"),
    ],
)
def test_text_says_what_it_says(text: str, markdown: str) -> None:
    assert inline(text, GITHUB) == markdown


def test_long_text_is_cut() -> None:
    assert len(inline("x" * 10_000)) == 300
    assert inline("x" * 10_000).endswith("...")


@given(hostile)
def test_nothing_but_words_comes_of_any_text(text: str) -> None:
    shown = inline(text)
    assert "\n" not in shown
    tokens = MarkdownIt("commonmark", {"linkify": False, "html": True}).enable(["table", "strikethrough"]).parse(shown)
    kinds = {token.type for token in tokens} | {child.type for token in tokens for child in token.children or ()}
    assert kinds <= HARMLESS, (shown, kinds)
    outside = "".join(
        child.content for token in tokens for child in token.children or () if child.type in ("text", "text_special")
    )
    assert not re.search(r"@\w|://|www\.", outside), shown


@pytest.mark.parametrize(
    ("remote", "commit"),
    [
        ("https://github.com/contoso/shop.git", "https://github.com/contoso/shop/commit/c"),
        ("git@github.com:contoso/shop.git", "https://github.com/contoso/shop/commit/c"),
        ("ssh://git@github.com/contoso/shop", "https://github.com/contoso/shop/commit/c"),
        ("https://dev.azure.com/contoso/shop/_git/web", "https://dev.azure.com/contoso/shop/_git/web/commit/c"),
        ("https://contoso@dev.azure.com/contoso/a%20b/_git/web", "https://dev.azure.com/contoso/a%20b/_git/web/commit/c"),
        ("contoso@vs-ssh.visualstudio.com:v3/contoso/shop/web", "https://dev.azure.com/contoso/shop/_git/web/commit/c"),
        (
            "ssh://contoso@vs-ssh.visualstudio.com/v3/contoso/shop/web",
            "https://dev.azure.com/contoso/shop/_git/web/commit/c",
        ),
        ("git@ssh.dev.azure.com:v3/contoso/shop/web", "https://dev.azure.com/contoso/shop/_git/web/commit/c"),
        ("https://contoso.visualstudio.com/shop/_git/web", "https://contoso.visualstudio.com/shop/_git/web/commit/c"),
        ("https://gitlab.com/contoso/team/shop.git", "https://gitlab.com/contoso/team/shop/-/commit/c"),
    ],
)  # fmt: skip
def test_a_remote_has_addresses(remote: str, commit: str) -> None:
    links = links_of(remote)
    assert links is not None
    assert links.commit("c") == commit


@pytest.mark.parametrize(
    "remote", ["", "/srv/shop.git", "https://git.example.com/contoso/shop.git", "https://github.com/x) [y](z"]
)
def test_an_unknown_remote_has_none(remote: str) -> None:
    assert links_of(remote) is None


def test_a_server_of_one_s_own_is_known_by_its_ci() -> None:
    links = links_of("https://git.example.com/contoso/shop.git", "github")
    assert links is not None
    assert links.reference("#3") == "https://git.example.com/contoso/shop/issues/3"


def test_references_lead_where_the_service_has_them() -> None:
    azure = links_of("https://dev.azure.com/contoso/shop/_git/web")
    assert azure is not None
    assert azure.reference("AB#3") == "https://dev.azure.com/contoso/shop/_workitems/edit/3"
    assert azure.reference("!3") == "https://dev.azure.com/contoso/shop/_git/web/pullrequest/3"
