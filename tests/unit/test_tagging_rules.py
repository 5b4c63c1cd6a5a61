"""Rules: how they are read, which apply, what kind of tag each gives."""

import json
from pathlib import Path

import pytest

from pipeline_kit.errors import Failure
from pipeline_kit.tagging import flavor, images, rule
from tests.unit.tagging_samples import SHA, evaluated, facts, names, tag


@pytest.mark.parametrize(
    ("item", "says"),
    [
        ("type=semverr,pattern=x", "there is no type semverr"),
        ("type=Semver,pattern=x", "there is no type Semver"),
        ("type=semver", "pattern is missing"),
        ("type=ref", "event is missing"),
        ("type=ref,event=push", "there is no event push"),
        ("type=raw", "value is missing"),
        ("type=sha,format=middle", "there is no format middle"),
        ("type=match,pattern=x,group=first", "group=first is no number"),
        ("type=match,pattern=x,group=01", "there is no group 01"),
        ("type=match,pattern=x,group=" + "9" * 5000, "there is no group 9"),
        ("type=raw,value=x,prio=1", "type=raw has no prio"),
        ("type=raw,value=x,priority=high", "priority=high is no number"),
        ('type=raw,value=a"b', "a quotation mark stands in the middle of value=a"),
    ],
)
def test_a_wrong_rule_is_refused_by_what_is_wrong(item: str, says: str) -> None:
    with pytest.raises(Failure, match=says) as found:
        rule.parse(item)
    assert found.value.kind in ("tag.rule", "tag.list")
    assert len(found.value.headline) < 300


def test_attributes_are_read_as_written() -> None:
    one = rule.parse(" TYPE = raw , Value = a=b , prefix= ")
    assert one.attributes == {"value": "a=b", "prefix": "", "enable": "true", "priority": "200"}
    assert rule.parse("plain text").attributes["value"] == "plain text"


# Priorities of as many rules, and their order: what Array.prototype.sort of node 20 makes of them with the comparison
# that docker/metadata-action has. x is no number.
ORDERS = json.loads((Path(__file__).parent / "tagging_priority_orders.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("priorities", "expected"), ORDERS)
def test_a_priority_that_is_no_number_mixes_the_order_up_as_it_does_there(priorities: str, expected: str) -> None:
    rules = [
        rule.parse(f"type=raw,value={index},priority={one}", compat=True)
        for index, one in enumerate(priorities.split())
    ]
    assert [one.attributes["value"] for one in rule.ordered(rules)] == expected.split()


def test_rules_go_by_their_priority_and_then_as_written() -> None:
    rules = "type=sha\ntype=raw,value=a\ntype=raw,value=b\ntype=ref,event=branch\ntype=raw,value=c,priority=0x7d0"
    assert names(rules) == ["c", "main", "a", "b", "sha-9c1f2e7"]


@pytest.mark.parametrize(
    ("rules", "ref", "kinds"),
    [
        ("type=semver,pattern={{version}}", "refs/tags/v1.5.0", {"1.5.0": "version", "latest": "moving"}),
        ("type=semver,pattern=v{{version}}", "refs/tags/v1.5.0", {"v1.5.0": "version", "latest": "moving"}),
        ("type=semver,pattern={{raw}}", "refs/tags/v1.5.0", {"v1.5.0": "version", "latest": "moving"}),
        ("type=semver,pattern={{major}}.{{minor}}", "refs/tags/v1.5.0", {"1.5": "moving", "latest": "moving"}),
        ("type=semver,pattern={{major}}", "refs/tags/v1.5.0-rc.1", {"1.5.0-rc.1": "version"}),
        ("type=pep440,pattern={{major}}", "refs/tags/1.5", {"1": "moving", "latest": "moving"}),
        ("type=ref,event=tag", "refs/tags/v1.5.0", {"v1.5.0": "version", "latest": "moving"}),
        ("type=ref,event=tag", "refs/tags/nightly", {"nightly": "branch", "latest": "moving"}),
        ("type=match,pattern=v(.*),group=1", "refs/tags/v1.5", {"1.5": "moving", "latest": "moving"}),
        ("type=ref,event=branch", "refs/heads/main", {"main": "branch"}),
        ("type=ref,event=branch", "refs/heads/latest", {"branch-latest": "branch"}),
        ("type=raw,value=latest", "refs/heads/main", {"latest": "moving"}),
        ("type=raw,value=1.5.0", "refs/heads/main", {"1.5.0": "version"}),
        ("type=raw,value=staging", "refs/heads/main", {"staging": "moving"}),
        ("type=raw,value={{#if is_default_branch}}staging{{/if}}", "refs/heads/main", {"staging": "moving"}),
        ("type=raw,value={{branch}}", "refs/heads/main", {"main": "branch"}),
        ("type=raw,value={{branch}},suffix=-x", "refs/heads/main", {"main-x": "branch"}),
        ("type=raw,value=x,prefix={{branch}}-", "refs/heads/main", {"main-x": "branch"}),
        ("type=raw,value={{sha}}", "refs/heads/main", {"9c1f2e7": "branch"}),
        ("type=raw,value={{date 'YYYY.M.D'}}", "refs/heads/main", {"2025.6.15": "branch"}),
        ("type=raw,value=2025.6.15", "refs/heads/main", {"2025.6.15": "branch"}),
        ("type=ref,event=tag", "refs/tags/1.5.0rc1", {"1.5.0rc1": "version"}),
        ("type=edge", "refs/heads/main", {"edge": "branch"}),
        ("type=sha", "refs/heads/main", {"sha-9c1f2e7": "commit"}),
        ("type=sha,format=long,prefix=", "refs/heads/main", {SHA: "commit"}),
        ("type=sortable", "refs/heads/feat/a", {"feat-a-20231114221320-9c1f2e7": "commit"}),
        ("type=sortable", "refs/pull/15/merge", {"pr-15-20231114221320-9c1f2e7": "commit"}),
        ("type=schedule", "refs/heads/main", {}),
    ],
)
def test_each_tag_has_the_kind_that_push_keeps_to(rules: str, ref: str, kinds: dict[str, str]) -> None:
    assert {one.name: one.kind for one in evaluated(rules, facts(ref)).tags} == kinds


def test_the_flavors_prefix_stays_away_from_a_rule_with_its_own() -> None:
    rules = "type=raw,value=a\ntype=raw,value=b,prefix=\ntype=raw,value=c,suffix=-x\ntype=sha"
    assert names(rules, flavor="prefix=p-\nsuffix=-s") == ["p-a-s", "b-s", "p-c-x", "sha-9c1f2e7-s"]


def test_latest_moves_with_the_first_tag_alone() -> None:
    rules = "type=semver,pattern={{version}}\ntype=raw,value=x"
    assert names(rules, tag("v1.0.0")) == ["1.0.0", "x", "latest"]
    assert names(f"{rules},priority=1000", tag("v1.0.0")) == ["x", "1.0.0"]
    assert names(rules, flavor="latest=true") == ["x", "latest"]
    assert names("type=ref,event=tag", flavor="latest=true") == []


def test_no_version_is_a_warning() -> None:
    found = evaluated("type=semver,pattern={{version}}\ntype=sha", tag("nightly\u202e"))
    assert found.names == ("sha-9c1f2e7",)
    assert found.warnings == ("nightly\\u202e is no semantic version, so type=semver,pattern={{version}} gives no tag",)


@pytest.mark.parametrize("enable", ["TRUE", "yes", "", "{{branch}}"])
def test_enable_is_true_or_false(enable: str) -> None:
    with pytest.raises(Failure, match="enable="):
        names(f"type=raw,value=x,enable={enable}")


def test_a_sortable_name_is_a_label_of_kubernetes() -> None:
    early, late = facts(f"refs/heads/{'x' * 200}"), facts(f"refs/heads/{'x' * 200}", commit_time=1_700_000_001)
    (first,), (second,) = names("type=sortable", early), names("type=sortable", late)
    assert first < second
    assert len(first) == 63
    assert first.endswith("-20231114221320-9c1f2e7")


@pytest.mark.parametrize("ref", ["x" * 100, "-._x_.-", "...", "a" * 62 + "/", "a" * 54 + "." * 20])
def test_a_name_for_kubernetes_has_letters_at_its_ends(ref: str) -> None:
    for name in names("type=ref,event=branch", facts(f"refs/heads/{ref}"), kubernetes=True):
        assert name[0].isalnum()
        assert name[-1].isalnum()
        assert len(name) <= 63


@pytest.mark.parametrize("item", ["latest", "latest=maybe", "onlatest=yes", "colour=red", "prefix=a,onlatest=1"])
def test_a_wrong_flavor_is_refused(item: str) -> None:
    with pytest.raises(Failure) as found:
        flavor.parse([item])
    assert found.value.kind == "tag.flavor"


def test_onlatest_is_about_the_word_before_it() -> None:
    found = flavor.parse(["prefix=p-,suffix=-s,onlatest=true", "onlatest=true", "LATEST=false"])
    assert found == flavor.Flavor("false", "p-", False, "-s", True)


@pytest.mark.parametrize("item", ["a/b,name=c", "name=", "enable=true", "a,enable=1", "a,b=c", "A B", "a:1", "a@b"])
def test_a_wrong_image_is_refused(item: str) -> None:
    with pytest.raises(Failure) as found:
        images.parse([item])
    assert found.value.kind == "tag.images"


def test_images_are_listed_in_small_letters() -> None:
    assert images.names(images.parse(["ghcr.io/Contoso/Web", "name=a/b,enable=false"])) == ("ghcr.io/contoso/web",)
    assert images.names(images.parse(["a/b,c/d"])) == ("a/b", "c/d")


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("type=raw,value={{#if}}", ""), "{{#if}} is not understood"),
        (("type=raw,value={{date'Y'tz='X'}}", ""), "{{date'Y'tz='X'}} is not understood"),
        (("type=raw,value=a{{/if}}", ""), "a{{/if}}: {{/if}} ends nothing"),
        (("type=sha,enable=maybe", ""), "type=sha,enable=maybe: maybe is neither true nor false"),
        (("type=sha,enable=", ""), "type=sha,enable=: nothing is neither true nor false"),
        (("type=sha", "latest=mabe"), "flavor, latest=mabe: mabe is not auto, true or false"),
        (("type=sha", "suffix=-a,onlatest=1"), "flavor, suffix=-a,onlatest=1: 1 is neither true nor false"),
    ],
)
def test_a_headline_says_what_is_wrong_and_not_the_same_twice(options: tuple[str, str], says: str) -> None:
    rules, around = options
    with pytest.raises(Failure) as found:
        evaluated(rules, flavor=around)
    assert found.value.headline == says


def test_each_attribute_is_listed_once() -> None:
    with pytest.raises(Failure) as found:
        rule.parse("type=sha,frmat=long")
    assert found.value.notes[0].text == "It has prefix, format, enable, priority, suffix."
    assert found.value.notes[-1].text == "format"


@pytest.mark.parametrize(
    ("rules", "of", "kinds"),
    [
        ("type=ref,event=tag", "web/v1.5.0", {"web-v1.5.0": "version", "latest": "moving"}),
        ("type=ref,event=tag,suffix=-alpine", "v1.5.0", {"v1.5.0-alpine": "version", "latest": "moving"}),
        ("type=semver,pattern={{major}},suffix=-alpine", "v1.5.0", {"1-alpine": "moving", "latest": "moving"}),
        ("type=raw,value={{tag}}", "v1.5.0", {"v1.5.0": "version"}),
        ("type=raw,value={{tag}}-{{date 'YYYY'}}", "v1.5.0", {"v1.5.0-2025": "branch"}),
        ("type=raw,value=latest-alpine", "v1.5.0", {"latest-alpine": "moving"}),
        ("type=raw,value=latest", "v1.5.0", {"latest": "moving"}),
        ("type=raw,value=2.0.0", "v1.5.0", {"2.0.0": "version"}),
        ("type=raw,value=-x,prefix={{tag}}", "v1.5.0", {"v1.5.0-x": "branch"}),
    ],
)
def test_a_name_is_of_the_kind_that_it_means(rules: str, of: str, kinds: dict[str, str]) -> None:
    assert {one.name: one.kind for one in evaluated(rules, tag(of)).tags} == kinds


@pytest.mark.parametrize("compat", [False, True])
@pytest.mark.parametrize("name", ["1.2.3", "1.2.3-rc.1"])
def test_raw_takes_nothing_for_a_pre_release_either(name: str, compat: bool) -> None:
    with pytest.raises(Failure, match="raw takes nothing"):
        names("type=semver,pattern={{raw 'x'}}", tag(name), compat=compat)
    assert names("type=semver,pattern={{raw}}", tag(name), compat=compat)[0] == name
    assert names("type=pep440,pattern={{raw 'x'}}", tag("1.2.3rc1"), compat=True) == ["1.2.3rc1"]
