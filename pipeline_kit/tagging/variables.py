"""The variables of templates: the general ones, and those of a version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, fix, printable, why
from pipeline_kit.tagging import moment
from pipeline_kit.tagging.template import Moment

if TYPE_CHECKING:
    from pipeline_kit.tagging.facts import Facts
    from pipeline_kit.tagging.template import Variables
    from pipeline_kit.tagging.versions import Parsed

# These events always run for the last commit of the default branch.
_ON_DEFAULT = ("create", "discussion", "issues", "schedule")
VERSION_NAMES = ("raw", "version", "major", "minor", "patch", "prerelease", "build")
PEP440_NAMES = VERSION_NAMES[:5]


def general(facts: Facts, *, compat: bool = False) -> Variables:
    """What ``value``, ``prefix``, ``suffix``, ``enable``, labels and annotations may ask."""

    def is_default() -> str:
        found = _is_default_compatible(facts) if compat else _is_default(facts)
        return str(found).lower()

    def plain(text: str) -> str:
        # A line's end in a ref would end a label's line in an output.
        return text if compat else printable(text)

    return {
        "branch": lambda: plain(facts.branch),
        "tag": lambda: plain(facts.tag),
        "sha": lambda: facts.short_sha,
        "base_ref": lambda: plain(facts.base),
        "is_default_branch": is_default,
        "is_not_default_branch": lambda: "true" if is_default() == "false" else "false",
        **dates(facts, compat=compat),
    }


def dates(facts: Facts, *, compat: bool = False) -> Variables:
    """What the pattern of ``schedule`` may ask: the clock, and the commit's time."""

    def at(seconds: float) -> Moment:
        return Moment(lambda pattern, zone: moment.formatted(seconds, pattern, moment.zone(zone, compat=compat)))

    return {"date": at(facts.now), "commit_date": at(facts.commit_time)}


def of_semver(parsed: Parsed, *, compat: bool = False) -> Variables:
    """What the pattern of ``semver`` may ask."""
    # node-semver's object has these three too.
    more: Variables = {"loose": True, "includePrerelease": False, "options": "[object Object]"} if compat else {}
    return {**of_pep440(parsed), "prerelease": list(parsed.prerelease), "build": list(parsed.build), **more}


def of_pep440(parsed: Parsed) -> Variables:
    """What the pattern of ``pep440`` may ask."""
    major, minor, patch = map(_number, parsed.numbers)
    return {"raw": parsed.raw, "version": parsed.version, "major": major, "minor": minor, "patch": patch}


def _number(text: str) -> int | str:
    """A number, which a condition takes for nothing if it is 0; text where it would be longer than it is exact."""
    return int(text) if text.isdecimal() and len(text) <= len(str(2**53)) else text


def default_branch(facts: Facts) -> str:
    """The default branch.

    Failure: ``tag.default-branch`` where nobody tells it.
    """
    if not facts.default_branch:
        raise Failure(
            "tag.default-branch",
            "nobody tells which branch is the default one",
            why("A rule asks for it, and neither the CI nor this clone says so."),
            fix("--default-branch main, or in pipeline-kit.yml under tag, default-branch: main"),
        )
    return facts.default_branch


def _is_default(facts: Facts) -> bool:
    return bool(facts.branch) and facts.branch == default_branch(facts)


def _is_default_compatible(facts: Facts) -> bool:
    short = facts.ref.removeprefix("refs/heads/")
    return bool(short) and (short == facts.default_branch or any(word in facts.event for word in _ON_DEFAULT))
