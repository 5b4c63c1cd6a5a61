"""A release as Markdown: a section of a changelog, and notes of this release alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipeline_kit.render.changelog_text import code, inline

if TYPE_CHECKING:
    from pipeline_kit.model.release import Change, Release
    from pipeline_kit.render.changelog_links import Links

# Headings by kind of change, in the order of Keep a Changelog (https://keepachangelog.com/en/1.1.0/).
_KEEP = {"feat": "Added", "deprecate": "Deprecated", "remove": "Removed", "fix": "Fixed", "security": "Security"}
_KEEP_OTHER = "Changed"
_KEEP_ORDER = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
_PLAIN = {"feat": "Features", "fix": "Fixes", "perf": "Performance", "security": "Security", "revert": "Reverts"}
_PLAIN_OTHER = "Other changes"
_BREAKING = "Breaking changes"
_PLAIN_ORDER = (_BREAKING, "Features", "Fixes", "Performance", "Security", "Reverts", _PLAIN_OTHER)
_MOST = 500
# GitHub takes 125,000 characters for a release's notes.
_LONGEST_NOTES = 100_000
_NOTHING = "No change that its commits tell of."


@dataclass(frozen=True, slots=True)
class Section:
    """A release in a changelog: ``groups`` are headings with their entries, each one line of Markdown. ``previous`` is
    the tag before, '' for the first release; ``date`` is YYYY-MM-DD.
    """

    version: str
    tag: str
    date: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]
    previous: str = ""
    links: Links | None = None

    def body(self) -> list[str]:
        """The lines below the section's heading."""
        if not self.groups:
            return ["", _NOTHING]
        lines = []
        for heading, entries in self.groups:
            lines += ["", f"### {heading}", "", *(f"- {entry}" for entry in entries)]
        return lines


def section(release: Release, date: str, style: str, links: Links | None = None) -> Section:
    """The section of ``release`` in the style ``keep-a-changelog`` or ``markdown``."""
    return Section(
        version=release.version,
        tag=release.tag,
        date=date,
        groups=_groups(release, style, links),
        previous=release.previous.name if release.previous else "",
        links=links,
    )


def notes(release: Release, links: Links | None = None) -> str:
    """What is new in ``release``, for the page of the release on GitHub or Azure DevOps, which has the heading."""
    lines = []
    for heading, entries in _groups(release, "markdown", links):
        lines += [f"### {heading}", "", *(f"- {entry}" for entry in entries), ""]
    text = "\n".join(lines) or f"{_NOTHING}\n"
    if len(text) > _LONGEST_NOTES:
        text = text[:_LONGEST_NOTES].rpartition("\n")[0] + "\n\nThe rest is in the commits.\n"
    if links and release.previous:
        text += f"\n[All commits since {release.previous.version}]"
        text += f"({links.compare(release.previous.name, release.tag)})\n"
    return text


def _groups(release: Release, style: str, links: Links | None) -> tuple[tuple[str, tuple[str, ...]], ...]:
    keep = style == "keep-a-changelog"
    found: dict[str, list[str]] = {}
    # Oldest first reads as it happened.
    for change in reversed([one for one in release.changes if one.bump or one.breaking]):
        found.setdefault(_heading(change, keep=keep), []).append(_entry(change, links, mark=keep))
    order = _KEEP_ORDER if keep else _PLAIN_ORDER
    return tuple((heading, _bounded(found[heading])) for heading in order if heading in found)


def _heading(change: Change, *, keep: bool) -> str:
    if keep:
        return _KEEP.get(change.kind, _KEEP_OTHER)
    return _BREAKING if change.breaking or change.bump == "major" else _PLAIN.get(change.kind, _PLAIN_OTHER)


def _bounded(entries: list[str]) -> tuple[str, ...]:
    more = len(entries) - _MOST
    return (*entries[:_MOST], f"{more} more are in the commits.") if more > 0 else tuple(entries)


def _entry(change: Change, links: Links | None, *, mark: bool) -> str:
    """``**scope:** Subject, #12 ([abc1234](...))``; what breaks says how."""
    breaking = mark and (change.breaking or change.bump == "major")
    scope = f"**{inline(change.scope, longest=60)}:** " if change.scope else ""
    text = f"{'**Breaking:** ' if breaking else ''}{scope}{inline(change.subject, links)}"
    named = [one for one in change.references if one not in change.subject]
    if named:
        text += ", " + ", ".join(inline(one, links, longest=40) for one in named[:10])
    short = change.commit[:7]
    text += f" ([{short}]({links.commit(change.commit)}))" if links else f" ({code(short)})"
    if change.breaking and change.breaking != change.subject:
        text += f"  \n  {inline(change.breaking, links, longest=500)}"
    return text
