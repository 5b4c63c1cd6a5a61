"""A bump in words: the line of the step, and what a dry run shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.errors import printable

if TYPE_CHECKING:
    from pipeline_kit.model.bump import Bumped

_LABEL = 9


def word(bumped: Bumped) -> str:
    """What was released, in a word."""
    first = bumped.releases[0].release
    return first.version if len(bumped.releases) == 1 else f"{len(bumped.releases)} releases"


def detail(bumped: Bumped, *, dry_run: bool) -> str:
    """What happened to it."""
    tags = " ".join(bumped.tags)
    if bumped.there and not bumped.refs:
        stand, them = ("is", "it") if len(bumped.tags) == 1 else ("are", "them")
        if dry_run and bumped.remote:
            return f"{tags} {stand} on this commit; would be pushed where {bumped.remote_name} lacks {them}"
        held = f", and {bumped.remote_name} has {them}" if bumped.pushed else ""
        return f"nothing to do: {tags} {stand} on this commit{held}{_promotion(bumped)}"
    if dry_run:
        return f"would {'release' if bumped.files else 'tag'} {tags}{_unpushed(bumped)}; nothing was written"
    count = len(bumped.files)
    files = f"{count} file{'' if count == 1 else 's'}, commit {bumped.commit[:7]}, " if count else ""
    if bumped.pushed:
        return f"{files}pushed {tags} to {bumped.remote_name}"
    return f"{files}{tags}, not pushed{_why(bumped)}"


def _promotion(bumped: Bumped) -> str:
    """How a pre-release becomes the release, where its own branch only makes pre-releases."""
    one = bumped.releases[0].release
    if len(bumped.releases) > 1 or not one.channel or bumped.promoted:
        return ""
    return f"; bump --to {one.version.partition('-')[0]} releases it"


def _why(bumped: Bumped) -> str:
    return "" if bumped.remote else f": there is no remote {bumped.remote_name}"


def _unpushed(bumped: Bumped) -> str:
    return "" if bumped.remote else f" without pushing, since there is no remote {bumped.remote_name}"


def preview(bumped: Bumped) -> str:
    """What would be written and pushed, whole: the diff of the files, the message, the tags, the refs."""
    parts = [change.diff.rstrip("\n") for change in bumped.files]
    if bumped.message:
        parts.append(_labelled("commit", bumped.message))
    parts += [_labelled("tag", tag) for tag in bumped.tags]
    if bumped.refs:
        where = f"{bumped.remote_name} ({bumped.remote}), all or none"
        parts.append(_labelled("push", "\n".join([where, *bumped.refs])))
    return "\n".join(parts)


def _labelled(label: str, text: str) -> str:
    first, *rest = [printable(line) for line in text.rstrip("\n").split("\n")]
    return "\n".join([label.ljust(_LABEL) + first, *((" " * _LABEL + line).rstrip() for line in rest)])
