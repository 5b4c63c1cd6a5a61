"""Branch and tag names are an attacker's: everything ends as valid tags or a clear refusal, and soon."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.model.reference import is_tag
from pipeline_kit.tagging.facts import Facts
from pipeline_kit.tagging.names import sanitized
from tests.unit.tagging_samples import evaluated, facts, metadata, names, refusal, tag

RULES = r"""type=semver,pattern={{version}}
type=pep440,pattern={{raw}}
type=match,pattern=(\w+)(.*),group=2
type=edge
type=ref,event=branch
type=ref,event=tag
type=ref,event=pr
type=raw,value={{branch}}{{tag}}-{{base_ref}}
type=sortable
type=sha,prefix={{branch}}"""
HOSTILE = [
    "--upload-pack=touch x",
    "$(touch x)",
    "`touch x`",
    "##vso[task.setvariable variable=x]y",
    "::set-output name=x::y",
    "${{ secrets.X }}",
    "a\nb\r\nc",
    "\u202egnp.exe",
    "{{#if x}}",
    "..%2f..",
    "😀" * 100,
    "\0",
    "a" * 5_000_000,
    "-" * 5_000_000,
    "v1.0.0-" + "a." * 100_000,
    "1." * 100_000 + "x",
    "\udcff",
]


@pytest.mark.parametrize("compat", [False, True])
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:20]))
@pytest.mark.parametrize("kind", ["heads", "tags", "pull"])
def test_a_hostile_ref_ends_as_valid_tags_or_a_refusal(text: str, kind: str, compat: bool) -> None:
    began = time.monotonic()
    rules = RULES.replace("type=sortable\n", "") if compat else RULES
    refused = refusal(lambda: _check(rules, facts(f"refs/{kind}/{text}", base=text), compat=compat))
    if refused:
        assert refused.kind in ("tag.pattern-slow", "tag.template")
        assert len(refused.headline) < 300
        assert refused.headline.isprintable()
    assert time.monotonic() - began < 10


def _check(rules: str, of: Facts, *, compat: bool) -> None:
    found = evaluated(rules, of, compat=compat)
    assert all(name == sanitized(name) for name in found.names)
    assert compat or all(map(is_tag, found.names))
    assert all(warning.isprintable() and len(warning) < 400 for warning in found.warnings)


@given(st.text(), st.text(max_size=20), st.booleans())
def test_any_ref_gives_valid_tags(text: str, base: str, kubernetes: bool) -> None:
    for ref in ("refs/heads/", "refs/tags/", "refs/pull/"):
        for name in names(RULES, facts(f"{ref}{text}", base=base), kubernetes=kubernetes):
            assert is_tag(name)
            assert not kubernetes or len(name) <= 63


@given(st.text(max_size=60), st.booleans())
def test_any_rules_are_followed_or_refused(text: str, compat: bool) -> None:
    for call in (
        lambda: names(text, compat=compat),
        lambda: names(f"type=raw,{text}", compat=compat),
        lambda: names(f"type=semver,pattern={text},value=1.2.3", compat=compat),
        lambda: names(f"type=match,pattern={text}", tag("v1.0.0"), compat=compat),
        lambda: metadata(text, compat=compat),
    ):
        if refused := refusal(call):
            assert refused.kind.startswith("tag.")
            assert refused.headline.isprintable()
