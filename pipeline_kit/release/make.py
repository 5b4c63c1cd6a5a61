"""Making a release, from what was asked for to what the remote has."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, printable
from pipeline_kit.flow import Skip
from pipeline_kit.model.bump import Bumped
from pipeline_kit.release import checks, journal, pushing
from pipeline_kit.release.behind import branch_that_lags, planned_here, refuse_behind
from pipeline_kit.release.earlier import complete, released_from
from pipeline_kit.release.identity import identity_of
from pipeline_kit.release.journal import Journal
from pipeline_kit.release.lines import lines_of
from pipeline_kit.release.messages import commit_message, tag_message
from pipeline_kit.release.plan import (
    again_with_notes,
    files_of,
    is_promoted,
    standing,
    warn_of_prefix,
    with_notes,
)
from pipeline_kit.release.preview import outlook, preview
from pipeline_kit.release.repository import opened
from pipeline_kit.release.settle import settle
from pipeline_kit.release.unfetched import refuse_unfetched
from pipeline_kit.versioning.next import built_branch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.flow import Flow
    from pipeline_kit.model.bump import Noted
    from pipeline_kit.model.git_state import ReleaseTag
    from pipeline_kit.model.release import Release
    from pipeline_kit.release.asked import Asked
    from pipeline_kit.release.files import Edit
    from pipeline_kit.release.identity import Identity
    from pipeline_kit.release.lines import Line
    from pipeline_kit.release.plan import Standing
    from pipeline_kit.release.repository import Writer


def bump(flow: Flow, asked: Asked) -> Bumped:
    """Make the release that was asked for, or complete or find the one that is there.

    Nothing is made on an event that publishes nothing; ``Skip`` says what would be. Failure: ``bump.*``,
    ``git.dirty``, ``git.identity``, ``git.tag-rejected``, ``run.nothing-to-release``; after each but ``bump.local``,
    ``bump.unknown`` and a stop (``run.interrupted``, ``run.terminated``) the remote and this clone are as they were.
    """
    if not flow.context.event.publishes:
        raise Skip(outlook(flow, asked))
    if asked.dry_run:
        return preview(flow, asked)
    with opened(flow) as writer:
        completed = complete(writer, flow)
        lines = lines_of(flow, asked)
        there, rest = standing(flow, asked, lines)
        if not rest:
            return _found(writer, flow, asked, there, made=bool(completed))
        checks.refuse_dirty(flow)
        if earlier := _earlier(flow, asked, lines):
            _follow(writer, flow, earlier)
            there, _ = standing(flow, asked, lines_of(flow, asked))
            return _found(writer, flow, asked, there, made=False)
        return _make(writer, flow, asked, rest)


def _make(writer: Writer, flow: Flow, asked: Asked, lines: tuple[Line, ...]) -> Bumped:
    state = flow.state
    releases = planned_here(writer, flow, asked, lines)
    warn_of_prefix(flow, releases)
    edits = files_of(flow, asked, releases)
    checks.refuse_untracked(flow, edits)
    branch = _branch_of(flow, asked, edits)
    sends = checks.sends(flow, asked)
    names = {f"refs/tags/{one.tag}": one for one in releases}
    if sends:
        held = pushing.tags_of(writer)
        if any(one.tag in held for one in releases):
            refuse_behind(writer, flow, branch or checks.branch_of_tags(flow, asked), held)
        pushing.refuse_taken(writer, names, held)
        refuse_unfetched(flow, asked, lines, releases, writer.remote, held)
        _warn_of_unpushed(flow, releases, writer.remote, held)
        branch = branch or branch_that_lags(writer, flow, asked)
    identity = identity_of(writer, flow.context)
    message = commit_message(asked.message, releases) if edits else ""
    commit = writer.commit(state.commit, edits, message, identity, sign=asked.sign) if edits else state.commit
    begun = Journal(state.commit, commit, _local_ref(flow), dict.fromkeys(names, ""), push=sends)
    journal.write(writer.folder, begun)
    tags = _tags(writer, names, commit, identity, sign=asked.sign)
    begun = Journal(state.commit, commit, _local_ref(flow), tags, push=sends)
    journal.write(writer.folder, begun)
    refs = _refs(commit, branch, tags)
    if sends:
        _push(writer, refs, tags)
    with pushing.told_when_stopped(writer.remote if sends else ""):
        settle(writer, flow.git, begun, flow.context.report.warn)
        journal.remove(writer.folder)
        noted = with_notes(flow, releases)
        flow.forget_state()
        return Bumped(
            releases=noted,
            base=begun.base,
            commit=commit,
            message=message,
            files=tuple(edit.change() for edit in edits),
            refs=refs,
            remote=state.remote,
            remote_name=writer.remote,
            made=True,
            pushed=sends,
        )


def _branch_of(flow: Flow, asked: Asked, edits: tuple[Edit, ...]) -> str:
    """The branch of the release's commit; '' where the tag is all."""
    if edits:
        return checks.branch_to_push(flow)
    checks.refuse_lost(flow, asked)
    return ""


def _warn_of_unpushed(flow: Flow, releases: tuple[Release, ...], remote: str, held: Mapping[str, str]) -> None:
    """Say that a release which this one follows is in this clone alone: others count without it."""
    for previous in dict.fromkeys(one.previous.name for one in releases if one.previous):
        if previous not in held:
            flow.context.report.warn(
                f"{remote} lacks {printable(previous)}, which this follows: git push {remote} {shlex.quote(previous)}"
            )


def _push(writer: Writer, refs: tuple[str, ...], tags: dict[str, str]) -> None:
    try:
        pushing.push(writer, refs, tags, new=True)
    except Failure as failure:
        if failure.kind not in pushing.OPEN:
            journal.remove(writer.folder)
        raise


def _tags(
    writer: Writer, names: Mapping[str, Release], commit: str, identity: Identity, *, sign: bool
) -> dict[str, str]:
    try:
        return {ref: writer.tag(one.tag, commit, tag_message(one), identity, sign=sign) for ref, one in names.items()}
    except Failure as failure:
        if failure.kind == "bump.sign":
            journal.remove(writer.folder)
        raise


def _refs(commit: str, branch: str, tags: dict[str, str]) -> tuple[str, ...]:
    moved = (f"{commit}:refs/heads/{branch}",) if branch else ()
    return (*moved, *(f"{made}:{ref}" for ref, made in tags.items()))


def _local_ref(flow: Flow) -> str:
    return f"refs/heads/{flow.state.branch}" if flow.state.branch else "HEAD"


def _earlier(flow: Flow, asked: Asked, lines: tuple[Line, ...]) -> tuple[ReleaseTag, ...]:
    """The tags of a release that was made from HEAD already, by a run that this one repeats."""
    found = [
        tag for line in lines for tag in released_from(flow, line.state, asked.of(line.rules.package), line.rules.path)
    ]
    return tuple(found) if len({tag.commit for tag in found}) == 1 else ()


def _follow(writer: Writer, flow: Flow, tags: tuple[ReleaseTag, ...]) -> None:
    """Bring this clone to the release's commit."""
    commit = tags[0].commit
    made = {f"refs/tags/{tag.name}": writer.id_of(f"refs/tags/{tag.name}") for tag in tags}
    settle(
        writer,
        flow.git,
        Journal(flow.state.commit, commit, _local_ref(flow), made, push=False),
        flow.context.report.warn,
    )
    flow.forget_state()


def _found(writer: Writer, flow: Flow, asked: Asked, there: tuple[Standing, ...], *, made: bool) -> Bumped:
    """A release that stands on HEAD, with what the remote lacks of it pushed."""
    state = flow.state
    noted = again_with_notes(flow, there)
    objects = {f"refs/tags/{tag.name}": writer.id_of(f"refs/tags/{tag.name}") for _, tag in there}
    refs: tuple[str, ...] = ()
    sends = checks.sends(flow, asked)
    if sends and not pushing.has(writer, objects):
        branch = built_branch(state, flow.context.event) if _is_ours(flow, asked, noted) else ""
        refs = _refs(state.commit, branch, objects)
        pushing.push(writer, refs, objects, new=False)
    return Bumped(
        releases=noted,
        base=state.commit,
        commit=state.commit,
        refs=refs,
        remote=state.remote,
        remote_name=writer.remote,
        made=made,
        there=not made,
        promoted=is_promoted(there),
        pushed=sends,
    )


def _is_ours(flow: Flow, asked: Asked, noted: tuple[Noted, ...]) -> bool:
    """Whether HEAD is the commit of these releases, which belongs onto the branch together with the tags."""
    if not (asked.writes and flow.state.since):
        return False
    message = commit_message(asked.message, tuple(one.release for one in noted))
    return flow.state.since[0].message.strip() == message.strip()
