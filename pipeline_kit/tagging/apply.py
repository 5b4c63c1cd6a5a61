"""How one rule applies to an event: whether it does, and what it gives."""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.errors import Failure, fix, why
from pipeline_kit.model.plan import TagKind
from pipeline_kit.tagging import kinds, moment, names, rule, template, variables, versions
from pipeline_kit.tagging.lists import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline_kit.tagging.expressions import Expression, Found
    from pipeline_kit.tagging.facts import Facts
    from pipeline_kit.tagging.flavor import Flavor
    from pipeline_kit.tagging.rule import Rule
    from pipeline_kit.tagging.template import Variables

# What a value may ask without naming anything of the event: the answer decides whether the value counts.
_SWITCHES = frozenset({"is_default_branch", "is_not_default_branch"})


class Given(msgspec.Struct, frozen=True):
    """What one rule gives: its text with prefix and suffix, whether ``latest`` moves with it, and the version that it
    was read from, '' if it was read from none.
    """

    whole: str
    kind: TagKind
    latest: bool = False
    version: str = ""


class Evaluation:
    """One evaluation: what all rules share."""

    def __init__(self, flavor: Flavor, facts: Facts, *, compat: bool) -> None:
        self._flavor = flavor
        self._facts = facts
        self._compat = compat
        self._general = variables.general(facts, compat=compat)
        self.warnings: list[str] = []

    def given(self, one: Rule) -> Given | None:
        """What ``one`` gives; None where it does not apply."""
        enabled = self._rendered(one.attributes["enable"])
        if enabled not in ("true", "false"):
            raise Failure(
                "tag.rule",
                f"{shown(one.text)}: {shown(enabled) or 'nothing'} is neither true nor false",
                why("enable has to be one of them, after its template is filled in."),
                fix("enable={{is_default_branch}}"),
            )
        if enabled == "false":
            return None
        ways: dict[rule.RuleType, Callable[[Rule], Given | None]] = {
            "schedule": self._schedule,
            "semver": self._semver,
            "pep440": self._pep440,
            "match": self._match,
            "edge": self._edge,
            "ref": self._ref,
            "raw": self._raw,
            "sortable": self._sortable,
            "sha": self._sha,
        }
        return ways[one.type](one)

    def _schedule(self, one: Rule) -> Given | None:
        if "schedule" not in self._facts.event:
            return None
        dates = variables.dates(self._facts, compat=self._compat)
        return self._around(one, self._rendered(one.attributes["pattern"], dates), "branch")

    def _semver(self, one: Rule) -> Given | None:
        text = self._matched(one)
        if text is None:
            return None
        parsed = versions.semver(text)
        if parsed is None:
            self._warn(f"{shown(text)} is no semantic version, so {shown(one.text)} gives no tag")
            return None
        return self._version(one, parsed, variables.of_semver(parsed, compat=self._compat))

    def _pep440(self, one: Rule) -> Given | None:
        text = self._matched(one)
        if text is None:
            return None
        parsed = versions.pep440(text, compat=self._compat)
        if parsed is None:
            self._warn(f"{shown(text)} is no version of PEP 440, so {shown(one.text)} gives no tag")
            return None
        return self._version(one, parsed, variables.of_pep440(parsed))

    def _version(self, one: Rule, parsed: versions.Parsed, known: Variables) -> Given:
        pattern = one.attributes["pattern"]
        if not parsed.stable:
            # Before a release there is nothing coarser: 1.5.0-rc.1 must not become 1.5.
            text = parsed.version
            if _is_raw(pattern):
                # The peer reads a pattern of pep440 here, and fills in none.
                plain = self._compat and one.type == "pep440"
                text = parsed.raw if plain else template.render(template.parse(pattern), known, compat=self._compat)
            return self._around(one, text, "version", version=parsed.version)
        read = template.parse(pattern)
        text = template.render(read, known, compat=self._compat)
        kind: TagKind = "version" if read.names & {"raw", "version", "patch"} else "moving"
        return self._around(one, text, kind, latest=True, version=parsed.version)

    def _match(self, one: Rule) -> Given | None:
        text = self._source(one)
        if text is None:
            return None
        pattern, group = one.attributes["pattern"], one.attributes["group"]
        expression = expression_of(pattern, literal=True)
        found = _found(expression, text)
        if not found:
            self._warn(f"{shown(pattern)} does not match {shown(text)}")
            return None
        if not self._compat:
            check_group(one, expression)
        # An index is written in one way alone: 01 or 1.0 names none.
        index = int(group) if re.fullmatch(r"0|[1-9][0-9]{0,8}", group) else len(found.groups)
        value = found.groups[index] if index < len(found.groups) else None
        if value is None:
            self._warn(f"{shown(pattern)} finds no group {shown(group)} in {shown(text)}")
            return None
        latest = self._compat or not _is_prerelease(text)
        return self._around(one, value, kinds.of_git_tag(value), latest=latest, version=_version_in(value, text))

    def _edge(self, one: Rule) -> Given | None:
        branch = self._facts.branch
        if not self._facts.ref.startswith("refs/heads/"):
            return None
        wanted = one.attributes["branch"]
        if not wanted:
            wanted = self._facts.repository.default_branch if self._compat else variables.default_branch(self._facts)
        return self._around(one, "edge", "branch") if branch == wanted else None

    def _ref(self, one: Rule) -> Given | None:
        facts = self._facts
        event = one.attributes["event"]
        start = {"branch": "refs/heads/", "tag": "refs/tags/", "pr": "refs/pull/"}[event]
        if not facts.ref.startswith(start):
            return None
        if event == "tag":
            latest = self._compat or not _is_prerelease(facts.tag)
            return self._around(
                one, facts.tag, kinds.of_git_tag(facts.tag), latest=latest, version=_version_in(facts.tag)
            )
        if event == "pr":
            return self._around(one, facts.request, "branch")
        return self._of_branch(one, facts.branch)

    def _raw(self, one: Rule) -> Given | None:
        value = self._rendered(one.attributes["value"])
        read = [template.parse(text) for text in (one.attributes["value"], *self._around_of(one)) if "{{" in text]
        asked = frozenset().union(*(each.names for each in read)) - _SWITCHES
        if "tag" in asked and self._facts.tag and not asked & {"date", "commit_date"}:
            return self._around(one, value, kinds.of_git_tag(value))
        if not asked:
            return self._around(one, value, kinds.of_literal(value))
        if any("branch" in each.values for each in read):
            return self._of_branch(one, value)
        return self._around(one, value, kinds.of_template(value))

    def _sha(self, one: Rule) -> Given | None:
        if not self._facts.sha:
            return None
        text = self._facts.short_sha if one.attributes["format"] == "short" else self._facts.sha
        return self._around(one, text, "commit")

    def _sortable(self, one: Rule) -> Given | None:
        facts = self._facts
        branch = facts.branch or facts.tag or (f"pr-{facts.request}" if facts.request else "detached")
        time = moment.formatted(facts.commit_time, "YYYYMMDDHHmmss", UTC)
        # The branch alone is cut, so that what sorts stays whole.
        room = names.LONGEST_LABEL - len(time) - len(facts.short_sha) - 2
        short = names.tag(branch, kubernetes=True)
        short = short if len(short) <= room else names.shortened(branch, room)
        return self._around(one, f"{short}-{time}-{facts.short_sha}", "commit")

    def _source(self, one: Rule) -> str | None:
        """What a rule about tags looks at: its own value, else the pushed tag."""
        if one.attributes["value"]:
            return self._rendered(one.attributes["value"])
        return self._facts.tag if self._facts.ref.startswith("refs/tags/") else None

    def _matched(self, one: Rule) -> str | None:
        text = self._source(one)
        if text is None:
            return None
        if one.attributes["match"]:
            found = _found(expression_of(one.attributes["match"]), text)
            if not found:
                self._warn(f"{shown(one.attributes['match'])} does not match {shown(text)}")
            elif len(found.groups) < 2 or found.groups[1] is None:
                raise no_group(one, 1)
            else:
                text = found.groups[1]
        return text.replace("/", "-")

    def _around(self, one: Rule, text: str, kind: TagKind, *, latest: bool = False, version: str = "") -> Given:
        prefix, suffix = self._around_of(one)
        whole = f"{self._rendered(prefix)}{text}{self._rendered(suffix)}"
        if self._flavor.latest != "auto":
            latest = self._flavor.latest == "true"
        return Given(whole, kind, latest, version)

    def _around_of(self, one: Rule) -> tuple[str, str]:
        """Prefix and suffix: the rule's own, else the flavor's."""
        return one.attributes.get("prefix", self._flavor.prefix), one.attributes.get("suffix", self._flavor.suffix)

    def _of_branch(self, one: Rule, text: str) -> Given:
        """What a rule gives that names the branch, under a name that no release has: what is not released must not hold
        a release's tag.
        """
        apart = bool(self._facts.branch) and not self._compat
        # The flavor stands around the tags of a release too.
        by_flavor = apart and not one.attributes.keys() & {"prefix", "suffix"}
        text = names.of_branch(text) if by_flavor else text
        given = self._around(one, text, kinds.of_template(text))
        whole = names.of_branch(given.whole)
        return msgspec.structs.replace(given, whole=whole, kind="branch") if apart and whole != given.whole else given

    def _rendered(self, text: str, known: Variables | None = None) -> str:
        if "{{" not in text:
            return text
        return template.render(template.parse(text), known or self._general, compat=self._compat)

    def _warn(self, text: str) -> None:
        self.warnings.append(text)


def expression_of(source: str, *, literal: bool = False) -> Expression:
    """The expression of a rule."""
    # Most rules have none, and the translation takes long to load.
    from pipeline_kit.tagging import expressions

    return expressions.parse(source, literal=literal)


def _found(expression: Expression, text: str) -> Found | None:
    from pipeline_kit.tagging import expressions

    return expressions.match(expression, text)


def _is_raw(pattern: str) -> bool:
    try:
        return template.parse(pattern).is_only("raw")
    except Failure:
        return False


def _version_in(*texts: str) -> str:
    """The version that the first of ``texts`` is, '' where none is a whole one: what moves along is compared by it."""
    found = (_parsed(text) for text in texts if kinds.of_git_tag(text) == "version")
    return next((one.version for one in found if one), "")


def _is_prerelease(text: str) -> bool:
    """Whether it comes before a release: 1.2.3-1, by semantic versioning; 1.0-1, 3.18-r2 and 1.0.post1 come after it,
    by PEP 440, and no semantic version looks like them.
    """
    parsed = _parsed(text)
    return bool(parsed and not parsed.stable and not parsed.later)


def _parsed(text: str) -> versions.Parsed | None:
    text = text.rpartition("/")[2]
    return versions.semver(text) or versions.pep440(text)


def check_group(one: Rule, expression: Expression) -> None:
    """Refuse a group that ``expression`` does not have."""
    group = int(one.attributes["group"])
    if group > expression.compiled.groups and not expression.every:
        raise no_group(one, group)


def no_group(one: Rule, group: int) -> Failure:
    """The failure of a rule whose expression lacks that group."""
    return Failure(
        "tag.pattern",
        f"{shown(one.text)}: there is no group {group}",
        why("The expression has no such pair of parentheses, or it took no part in the match."),
        fix(r"put what becomes the version in parentheses: match=v(.*)"),
    )
