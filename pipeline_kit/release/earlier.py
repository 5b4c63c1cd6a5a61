"""What an earlier run has done already: all of this release, or a part that only has to be completed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semver import Version

from pipeline_kit.model.version import channel_name
from pipeline_kit.release import journal
from pipeline_kit.release.files import edits_between, safe_path
from pipeline_kit.release.refusal import unreachable
from pipeline_kit.release.repository import Answer
from pipeline_kit.release.settle import follow_remote, settle
from pipeline_kit.release.version_fields import locks_of

if TYPE_CHECKING:
    from pipeline_kit.flow import Flow
    from pipeline_kit.model.git_state import GitState, ReleaseTag
    from pipeline_kit.release.asked import Asked
    from pipeline_kit.release.journal import Journal
    from pipeline_kit.release.repository import Writer


def complete(writer: Writer, flow: Flow) -> Journal | None:
    """Complete the release that a run began here and was cut off in. None if there is none, or the remote did not take
    it: then nothing of it is left.
    """
    begun = journal.read(writer.folder)
    if begun is None:
        return None
    made = all(begun.tags.values())
    if made and begun.push:
        held = writer.asked(tuple(begun.tags))
        if isinstance(held, Answer):
            raise unreachable(writer, held)
        made = held == begun.tags
    if made:
        settle(writer, flow.git, begun, flow.context.report.warn)
        if begun.push:
            follow_remote(writer, begun)
    else:
        _forget(writer, begun)
    journal.remove(writer.folder)
    flow.forget_state()
    return begun if made else None


def _forget(writer: Writer, begun: Journal) -> None:
    """Take back the tags that signing made a ref for, and was cut off before it removed it."""
    for ref, tag in begun.tags.items():
        held = writer.id_of(ref)
        on = writer.id_of(f"{ref}^{{commit}}")
        if held and (held == tag or (not tag and on == begun.commit != begun.base)):
            writer.forget(ref, held)


def released_here(state: GitState, asked: Asked, channel: str) -> ReleaseTag | None:
    """The tag on HEAD that is what was asked for. ``channel`` is the one of the branch, '' for stable."""
    if asked.version is not None:
        return next((tag for tag in state.here if tag.version == str(asked.version)), None)
    wanted = channel if asked.channel is None else asked.channel
    found = next((tag for tag in state.here if pre_release_of(tag) == wanted), None)
    # A candidate that is released already is no longer what HEAD is.
    return (released_as(state, found) or found) if found and asked.channel is None else found


def released_as(state: GitState, tag: ReleaseTag) -> ReleaseTag | None:
    """The release on HEAD that the pre-release ``tag`` became."""
    core = Version.parse(tag.version).finalize_version()
    stable = () if tag.stable else (one for one in state.here if one.stable)
    return next((one for one in stable if Version.parse(one.version).finalize_version() == core), None)


def pre_release_of(tag: ReleaseTag) -> str:
    """The pre-release identifier of a tag, '' for a stable one."""
    return channel_name(Version.parse(tag.version))


def released_from(flow: Flow, state: GitState, asked: Asked, path: str) -> tuple[ReleaseTag, ...]:
    """The tags of a release that was made from HEAD already, and whose commit HEAD lacks: a CI that repeats a run
    checks out the same commit again. That commit has no parent but HEAD, and changes no file but those of a release.
    """
    if not asked.writes:
        return ()
    known = {tag.name: tag for tag in state.tags}
    found = []
    listed = flow.git.lines("for-each-ref", "--format=%(refname:lstrip=2)%00%(*parent)%(parent)", "refs/tags")
    for line in listed:
        name, _, parents = line.partition("\0")
        if parents == state.commit and name in known and _fits(known[name], asked):
            found.append(known[name])
    allowed = _paths(asked, path)
    return tuple(
        tag for tag in found if {edit.path for edit in edits_between(flow.git, state.commit, tag.commit)} <= allowed
    )


def _fits(tag: ReleaseTag, asked: Asked) -> bool:
    if asked.version is not None:
        return tag.version == str(asked.version)
    return asked.channel is None or pre_release_of(tag) == asked.channel


def _paths(asked: Asked, folder: str) -> set[str]:
    """The files that a release with these options may change."""
    named = [one.partition(":")[0] for one in (asked.changelog, *asked.files) if one]
    paths = [safe_path(one, folder) for one in named]
    return {*paths, *(lock for path in paths for lock in locks_of(path))}
