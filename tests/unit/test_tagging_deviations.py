"""Each deviation from docker/metadata-action: what it answers (with ``--compat``), and what we do."""

import inspect
import re
import sys
from pathlib import Path

import pytest

from pipeline_kit.errors import Failure
from pipeline_kit.model.event_facts import EventFacts, RepositoryFacts
from pipeline_kit.model.git_state import GitState
from pipeline_kit.model.reference import is_tag
from pipeline_kit.tagging import facts as facts_of
from pipeline_kit.tagging import images, request, rule
from pipeline_kit.tagging.deviations import DEVIATIONS
from pipeline_kit.tagging.metadata import compact
from tests.unit.tagging_samples import COMMIT_TIME, NOW, SHA, evaluated, facts, metadata, names, tag

PAGE = Path(__file__).parents[2] / "docs" / "tags.md"
STATE = GitState(SHA, COMMIT_TIME, branch="main", remote="git@github.com:contoso/web.git")


def test_each_deviation_has_a_test() -> None:
    here = {name for name, _ in inspect.getmembers(sys.modules[__name__], inspect.isfunction)}
    for one in DEVIATIONS:
        assert f"test_{one.id.replace('-', '_')}" in here


def test_the_page_lists_each_deviation() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (.+?) \| (.+?) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    listed = {name: (theirs, ours) for name, theirs, ours in rows}
    assert {one.id: (one.theirs, one.ours) for one in DEVIATIONS}.items() <= listed.items()


def refused(kind: str, rules: str, of: facts_of.Facts | None = None) -> Failure:
    with pytest.raises(Failure) as found:
        evaluated(rules, of)
    assert found.value.kind == kind
    return found.value


def test_no_duplicates() -> None:
    rules = "type=raw,value=latest"
    assert names(rules, flavor="latest=true", compat=True) == ["latest", "latest"]
    assert names(rules, flavor="latest=true") == ["latest"]
    twice = ("u/a:1.5.0", "u/a:latest")
    theirs, ours = (metadata(images="u/A\nu/a", compat=compat) for compat in (True, False))
    assert theirs.tags == (*twice, *twice)
    assert ours.tags == twice
    assert ours.json()["tags"] == list(twice)
    target = ours.bake_files()["bake-file"]["target"]["docker-metadata-action"]
    assert (target["tags"], target["args"]["DOCKER_META_IMAGES"]) == (list(twice), "u/a")


def test_length() -> None:
    branch = facts(f"refs/heads/{'a' * 200}")
    other = facts(f"refs/heads/{'a' * 199}b")
    rules = "type=ref,event=branch"
    assert names(rules, branch, compat=True) == ["a" * 200]
    (ours,), (apart,) = names(rules, branch), names(rules, other)
    assert is_tag(ours)
    assert len(ours) == 128
    assert ours != apart


def test_first_character() -> None:
    branch = facts("refs/heads/.-x")
    assert names("type=ref,event=branch", branch, compat=True) == [".-x"]
    assert names("type=ref,event=branch", branch) == ["x"]


def test_no_escapes() -> None:
    branch = facts("refs/heads/a&b='q'")
    assert names("type=raw,value={{branch}}", branch, compat=True) == ["a-amp-b-x3D-x27-q-x27-"]
    assert names("type=raw,value={{branch}}", branch) == ["a-b-q-"]


def test_quotes() -> None:
    once, thrice = r'type=match,"pattern=^release\d{1,2}"', r'type=match,"""pattern=^release\d{1,2}"""'
    assert names(once, tag("release1"), compat=True) == []
    assert names(thrice, tag("release1"), compat=True) == ["release1", "latest"]
    assert names(once, tag("release1")) == names(thrice, tag("release1")) == ["release1", "latest"]


def test_unknown_attribute() -> None:
    assert names("type=raw,value=x,enabled=false", compat=True) == ["x"]
    failure = refused("tag.rule", "type=raw,value=x,enabled=false")
    assert failure.notes[-1].text == "enable"


def test_unknown_variable() -> None:
    assert names("type=raw,value=x{{brnch}}", compat=True) == ["x"]
    assert refused("tag.template", "type=raw,value=x{{brnch}}").notes[-1].text == "{{branch}}"


def test_checked_always() -> None:
    rules = "type=semver,pattern={{majr}}\ntype=sha"
    assert names(rules, compat=True) == ["sha-9c1f2e7"]
    refused("tag.template", rules)
    assert names("type=semver,pattern={{version}},match=(\ntype=sha", compat=True) == ["sha-9c1f2e7"]
    refused("tag.pattern", "type=semver,pattern={{version}},match=(\ntype=sha")


def test_date_format() -> None:
    assert names("type=raw,value={{commit_date YYYY}}", compat=True) == ["2023-11-14T22-13-20Z"]
    refused("tag.template", "type=raw,value={{commit_date YYYY}}")


def test_time_zone() -> None:
    rules = "type=raw,value={{commit_date 'HH' tz='Nope/Zone'}}"
    assert names(rules, compat=True) == ["22"]
    refused("tag.time-zone", rules)


def test_if_false() -> None:
    rules = "type=raw,value={{#if is_default_branch}}d{{else}}n{{/if}}"
    assert names(rules, facts("refs/heads/x"), compat=True) == ["d"]
    assert names(rules, facts("refs/heads/x")) == ["n"]


def test_priority() -> None:
    assert names("type=raw,value=a,priority=x\ntype=sha", compat=True) == ["a", "sha-9c1f2e7"]
    refused("tag.rule", "type=raw,value=a,priority=x\ntype=sha")


def test_missing_group() -> None:
    assert names("type=match,pattern=v(.*),group=2", tag("v1"), compat=True) == []
    assert "group 2" in refused("tag.pattern", "type=match,pattern=v(.*),group=2", tag("v1")).headline
    refused("tag.pattern", "type=semver,pattern={{version}},match=v.*", tag("v1.0.0"))
    for group in ("01", "1.0", "0x1", "-1", ""):
        assert names(f"type=match,pattern=v(.*),group={group}", tag("v1"), compat=True) == []
        refused("tag.rule", f"type=match,pattern=v(.*),group={group}", tag("v1"))


def test_latest_prerelease() -> None:
    for rules in ("type=ref,event=tag", r"type=match,pattern=.*"):
        assert names(rules, tag("v2.0.8-beta.67"), compat=True) == ["v2.0.8-beta.67", "latest"]
        assert names(rules, tag("v2.0.8-beta.67")) == ["v2.0.8-beta.67"]
        assert names(rules, tag("v2.0.8-beta.67"), flavor="latest=true") == ["v2.0.8-beta.67", "latest"]
        assert names(rules, tag("v2.0.8")) == ["v2.0.8", "latest"]


_LATER = ("1.0.post1", "1.0-1", "2024.01.02-1", "20240102-1", "v1-2", "3.18-r2", "1.2.3.post1", "2024.1", "nightly")
_BEFORE = ("1.2.3-1", "1.2.3-r2", "2024.1.2-1", "v1.0.0-0", "1.0rc1", "1.0.dev2", "1.0.post1.dev2", "1.0rc1.post2")


@pytest.mark.parametrize("rules", ["type=ref,event=tag", "type=match,pattern=.*"])
@pytest.mark.parametrize(("name", "moves"), [*((one, True) for one in _LATER), *((one, False) for one in _BEFORE)])
def test_what_comes_after_a_release_moves_latest(rules: str, name: str, moves: bool) -> None:
    assert names(rules, tag(name), compat=True) == [name, "latest"]
    assert names(rules, tag(name)) == [name, "latest"][: 1 + moves]


@pytest.mark.parametrize(
    "branch",
    [
        *("1", "1.5", "v2", "1.5.0", "1.5.0-rc.1", "latest", "latest-alpine", "+1.5", "1.2.3.4", "V1.5", "V1.5.0-RC.1"),
        *("1.5.0rc1", "1.5rc1", "1.5.post1", "v1.5.0rc1", "1.5-1", "1.5.dev2", "1.5a", "1.5.0.rc-1", "1-2.0"),
        *("1.5rc1-local.1", "1.0rc1.post2.dev3", "1.2.3.4-rc.1"),
    ],
)
@pytest.mark.parametrize("rules", ["type=ref,event=branch", "type=raw,value={{branch}}"])
def test_branch_names(rules: str, branch: str) -> None:
    there = facts(f"refs/heads/{branch}")
    theirs = [branch.replace("+", "-")]
    assert names(rules, there, compat=True) == theirs
    assert names(rules, there) == [f"branch-{one}" for one in theirs]
    for other in (
        "main",
        "1234-fix",
        "2024-01",
        "v2-dev",
        "2-beta",
        "2024-01-fix",
        "1.x",
        "1.5-x",
        "1234-a-new-page",
        "7c3a9b",
        "release-1.5rc1",
        "1.5rc1x",
        "v1.5.0.1x",
    ):
        assert names(rules, facts(f"refs/heads/{other}")) == [other]


@pytest.mark.parametrize(
    "text", ["1.5.0rc1", "1.5", "1!2.0", "V1.2.3.4", "1.5-1", "1.5a1.post2.dev3", "1.0rc1+x.1", "1.0.dev"]
)
@pytest.mark.parametrize("pattern", ["{{version}}", "{{raw}}"])
def test_a_branch_never_has_the_name_that_a_version_of_a_package_has(text: str, pattern: str) -> None:
    name = names(f"type=pep440,pattern={pattern}", tag(text))[0]
    assert names("type=ref,event=branch", facts(f"refs/heads/{name}")) == [f"branch-{name}"]


@pytest.mark.parametrize(
    ("rules", "flavor", "expected"),
    [
        ("type=ref,event=branch,prefix=b-", "", "b-1.5"),
        ("type=ref,event=branch,prefix=", "", "branch-1.5"),
        ("type=ref,event=branch,suffix=-x", "", "1.5-x"),
        ("type=ref,event=branch,suffix=.0", "", "branch-1.5.0"),
        ("type=ref,event=branch", "suffix=-alpine", "branch-1.5-alpine"),
        ("type=ref,event=branch", "prefix=web-", "web-branch-1.5"),
        ("type=raw,value={{branch}}", "suffix=-alpine", "branch-1.5-alpine"),
        ("type=raw,value={{branch}}", "prefix=web-", "web-branch-1.5"),
        ("type=raw,value={{branch}}.0", "", "branch-1.5.0"),
        ("type=raw,value={{branch}}-x", "", "1.5-x"),
        ("type=raw,value={{#if branch}}latest{{/if}}", "", "latest"),
        ("type=raw,value=1.5", "", "1.5"),
    ],
)
def test_the_whole_name_decides_whether_a_branch_is_called_as_a_release(rules: str, flavor: str, expected: str) -> None:
    assert names(rules, facts("refs/heads/1.5"), flavor=flavor) == [expected]


def test_latest_templates() -> None:
    flavor = "prefix={{sha}}-,onlatest=true"
    rules = "type=semver,pattern={{version}}"
    assert names(rules, tag("v1.0.0"), flavor=flavor, compat=True) == ["9c1f2e7-1.0.0", "-sha--latest"]
    assert names(rules, tag("v1.0.0"), flavor=flavor) == ["9c1f2e7-1.0.0", "9c1f2e7-latest"]


def test_local_version() -> None:
    rules = "type=pep440,pattern={{version}}"
    assert names(rules, tag("1!1.2.3+local.1"), compat=True) == ["1-1.2.3-local-1", "latest"]
    assert names(rules, tag("1!1.2.3+local.1")) == ["1-1.2.3-local.1", "latest"]


def test_default_branch() -> None:
    rules = "type=raw,value=x,enable={{is_default_branch}}"
    created = tag("v1", event="create")
    assert names(rules, created, compat=True) == ["x"]
    assert names(rules, created) == []
    for event in ("schedule", "issues", "issue_comment", "discussion", "discussion_comment"):
        theirs = ["x"] if event != "issue_comment" else []
        assert names(rules, facts("refs/heads/other", event=event), compat=True) == theirs
        assert names(rules, facts("refs/heads/other", event=event)) == []
    assert names(rules, facts()) == ["x"]
    refused("tag.default-branch", rules, facts(default_branch=""))
    refused("tag.default-branch", "type=edge", facts(default_branch=""))


def test_checked_out_commit() -> None:
    told = EventFacts("push", "refs/heads/main", sha="b" * 40)
    assert facts_of.compatible(told, STATE, facts_of.Settings(), NOW).sha == "b" * 40
    assert facts_of.facts(told, STATE, {}, NOW).sha == SHA


def test_created() -> None:
    told = EventFacts()
    key = "org.opencontainers.image.created"
    theirs = metadata(of=facts_of.compatible(told, STATE, facts_of.Settings(), NOW), compat=True)
    assert theirs.labels[key] == "2025-06-15T15:06:40.500Z"
    assert metadata(of=facts_of.facts(told, STATE, {}, NOW)).labels[key] == "2023-11-14T22:13:20Z"
    epoch = facts_of.facts(told, STATE, {"SOURCE_DATE_EPOCH": "0"}, NOW)
    assert metadata(of=epoch).labels[key] == "1970-01-01T00:00:00Z"
    with pytest.raises(Failure, match="SOURCE_DATE_EPOCH"):
        facts_of.facts(told, STATE, {"SOURCE_DATE_EPOCH": "now"}, NOW)


def test_version_label() -> None:
    assert evaluated("type=ref,event=branch", compat=True).main == "main"
    found = evaluated("type=semver,pattern=x-{{major}}\ntype=sha,priority=2000", tag("v1.5.0"))
    assert (found.main, found.version) == ("sha-9c1f2e7", "1.5.0")
    assert evaluated("type=ref,event=branch").version == ""


def test_no_api() -> None:
    told = EventFacts("push", repository=RepositoryFacts("Web", "A shop", "https://x.example/Web", "MIT"))
    ours = metadata(of=facts_of.facts(told, STATE, {}, NOW)).labels
    theirs = metadata(of=facts_of.compatible(told, STATE, facts_of.Settings(), NOW), compat=True).labels
    short = {key.rpartition(".")[2] for key in ours}
    assert short == {"created", "revision", "source", "title", "url", "version"}
    assert ours["org.opencontainers.image.url"] == "https://github.com/contoso/web"
    assert theirs["org.opencontainers.image.licenses"] == "MIT"
    assert theirs["org.opencontainers.image.description"] == "A shop"


def test_git_context() -> None:
    """The whole of it is in tests/contract/test_tag_command.py, which runs git."""
    from pipeline_kit.steps.tag import ref_of

    there = ["refs/remotes/origin/HEAD", "refs/remotes/origin/main"]
    assert ref_of(there) == "refs/heads/main"
    assert ref_of([*there, "refs/heads/feat/x"]) == "refs/heads/feat/x"
    assert ref_of([*there, "refs/tags/nightly"]) == "refs/tags/nightly"
    assert ref_of([]) == ""


def test_image_names() -> None:
    assert images.names(images.parse(["u/A:1"], compat=True)) == ("u/a:1",)
    with pytest.raises(Failure, match="u/A:1"):
        images.parse(["u/A:1"])


def test_labels() -> None:
    assert "none" not in metadata("none", compat=True).labels
    with pytest.raises(Failure, match="none is no KEY=VALUE"):
        metadata("none")


def test_whole_labels() -> None:
    text = '"a=1\n2"'
    assert '"a":"1"' in compact(metadata(text, compat=True).json())
    assert '"a":"1\\n2"' in compact(metadata(text).json())


def test_default_rules() -> None:
    """The tags of the commit are in tests/unit/test_tagging_plan.py."""
    assert names("", compat=True) == ["main"]
    assert request.parse().rules == ()


def test_comments() -> None:
    rules = "type=sha\n  # x\n# y"
    assert names(rules, compat=True) == ["-x", "sha-9c1f2e7"]
    assert names(rules) == ["sha-9c1f2e7"]


def test_white_lines() -> None:
    rules = "type=sha\n \t\ntype=raw,value=x"
    with pytest.raises(Failure, match="an item of a list is empty"):
        names(rules, compat=True)
    assert names(rules) == ["x", "sha-9c1f2e7"]


def test_line_ends() -> None:
    rules = "type=sha\ntype=raw,value=x\rtype=raw,value=b"
    assert names(rules, compat=True) == ["x", "sha-9c1f2e7"]
    assert names(rules) == ["x", "b", "sha-9c1f2e7"]


def test_what_is_ours_alone_is_no_type_of_theirs() -> None:
    with pytest.raises(Failure, match="there is no type sortable"):
        rule.parse("type=sortable", compat=True)
