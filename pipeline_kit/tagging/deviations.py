"""Where the rules of tags mean something else than docker/metadata-action's: each under a name, with a test of its own.

With ``--compat metadata-action`` none of them applies, but for no-api and git-context, which are no matter of rules.
docs/tags.md shows this table.
"""

from __future__ import annotations

import msgspec


class Deviation(msgspec.Struct, frozen=True):
    """``theirs`` is what docker/metadata-action does, ``ours`` what happens here."""

    id: str
    theirs: str
    ours: str


DEVIATIONS = (
    Deviation(
        "no-duplicates", "`latest`, and each tag of an image that is listed twice, may be there twice", "each tag once"
    ),
    Deviation("length", "a tag of 200 characters, which a registry refuses", "cut at 128, unique by a hash"),
    Deviation("first-character", "a tag may start with `.` or `-`, which a registry refuses", "it never does"),
    Deviation("no-escapes", "`{{x}}` has HTML's escapes: `a&b` becomes `a-amp-b`", "`a-b`"),
    Deviation("quotes", 'one pair of quotes is lost: `"pattern=\\d{1,2}"` is cut', "one pair is enough, three work"),
    Deviation("unknown-attribute", "ignored", "refused, with what was meant"),
    Deviation("unknown-variable", "nothing, in silence", "refused, with what was meant"),
    Deviation("checked-always", "a mistake shows on the event that meets it", "every rule is checked on every event"),
    Deviation("date-format", "a format without quotes is ignored", "refused"),
    Deviation("time-zone", "an unknown zone is UTC", "refused"),
    Deviation("if-false", "`{{#if}}` takes the text `false` for true", "`false` is false"),
    Deviation("priority", "a priority that is no number mixes the order up", "refused"),
    Deviation(
        "missing-group",
        "a group that the expression lacks, or `01`, breaks or is left out",
        "refused, with the expression",
    ),
    Deviation(
        "latest-prerelease",
        "`ref` and `match` move `latest` to a pre-release",
        "only `latest=true` does; `1.2.3-1` is one, `1.0-1`, `3.18-r2` and `1.0.post1` come after a release",
    ),
    Deviation(
        "branch-names",
        "by `ref` and `raw` a branch `1.5`, `1.5rc1` or `latest` takes a release's tag",
        "`branch-1.5`: what is not released does not hold one",
    ),
    Deviation("latest-templates", "templates around `latest` stay as they are", "filled in"),
    Deviation("local-version", "PEP 440's `1.0+local.1` becomes `1.0-local-1`", "`1.0-local.1`"),
    Deviation(
        "default-branch",
        "any ref counts as the default branch on a schedule, and where something is created, an issue or a discussion",
        "a branch alone can be it; unknown is refused",
    ),
    Deviation(
        "checked-out-commit",
        "the commit that the event names",
        "the commit that is checked out and built; a tag's event is refused on any other",
    ),
    Deviation(
        "created", "the clock, so no two builds are equal", "SOURCE_DATE_EPOCH, else the commit's time, in seconds"
    ),
    Deviation(
        "version-label", "the first tag, also `main` or `pr-15`", "a version: the rule's, else that of `version`"
    ),
    Deviation(
        "no-api", "the repository's API, which needs a token", "git alone: no description and no licence by itself"
    ),
    Deviation("git-context", "`context: git` may call a detached commit `origin-HEAD-main`", "its tag or branch"),
    Deviation("image-names", "anything", "a name without a tag, or refused"),
    Deviation("labels", "a line without `=` is dropped", "refused"),
    Deviation(
        "default-rules", "without rules: `type=schedule`, and `type=ref` of each event", "the tags of the commit"
    ),
    Deviation("comments", "an indented `#` line is a rule", "a comment"),
    Deviation("white-lines", "a line of white space ends the run with an error", "it does not count"),
    Deviation("line-ends", "of CR and LF alone the one that comes first ends lines", "both do"),
    Deviation("whole-labels", "the JSON has the first line of a label's value", "all lines"),
)
