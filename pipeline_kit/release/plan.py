"""What a release would be: which versions, which files. Nothing here asks the network or writes."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import structs

from pipeline_kit.errors import Failure, alternative, printable, why
from pipeline_kit.model.bump import Bumped, Noted
from pipeline_kit.model.git_state import ReleaseTag
from pipeline_kit.release import checks
from pipeline_kit.release.earlier import released_as, released_here
from pipeline_kit.release.files import Files, safe_path
from pipeline_kit.release.lines import Line, channel_of_branch, lines_of, release_again, release_of
from pipeline_kit.release.messages import commit_message
from pipeline_kit.release.repository import NOTHING
from pipeline_kit.render.changelog import notes, section
from pipeline_kit.render.changelog_file import with_section
from pipeline_kit.render.changelog_links import links_of

if TYPE_CHECKING:
    from pipeline_kit.flow import Flow
    from pipeline_kit.model.git_state import GitState
    from pipeline_kit.model.release import Release
    from pipeline_kit.release.asked import Asked
    from pipeline_kit.release.files import Edit
    from pipeline_kit.render.changelog_links import Links

Standing = tuple[Line, ReleaseTag]
_NOTHING = "run.nothing-to-release"


def standing(flow: Flow, asked: Asked, lines: tuple[Line, ...]) -> tuple[tuple[Standing, ...], tuple[Line, ...]]:
    """What of it stands on HEAD already, and the lines that a release is still to be made of."""
    found = [(line, released_here(line.state, asked, channel_of_branch(flow, line))) for line in lines]
    there = tuple((line, tag) for line, tag in found if tag)
    rest = tuple(line for line, tag in found if not tag)
    if there and rest:
        # Of several packages some have nothing to release.
        try:
            planned(flow, asked, rest)
        except Failure as failure:
            if failure.kind != _NOTHING:
                raise
            rest = ()
    return there, rest


def planned(flow: Flow, asked: Asked, lines: tuple[Line, ...]) -> tuple[Release, ...]:
    """The releases to make: of all packages those that have something to release."""
    found, nothing = [], None
    for line in lines:
        try:
            release = release_of(flow, line, asked)
        except Failure as failure:
            if failure.kind != _NOTHING or len(lines) == 1:
                raise
            nothing = failure
            continue
        found.append(release)
    if nothing and not found:
        raise nothing
    return tuple(found)


def warn_of_prefix(flow: Flow, releases: tuple[Release, ...]) -> None:
    """Say that a tag is not written as the one before it: the usual prefix may be missing, and is then put there."""
    for one in releases:
        if one.previous and one.tag == f"v{one.version}" and one.previous.name == one.previous.version:
            flow.context.report.warn(
                f"{one.tag} follows {one.previous.name}, which has no v: versioning.prefix: '' keeps it so"
            )


def files_of(flow: Flow, asked: Asked, releases: tuple[Release, ...]) -> tuple[Edit, ...]:
    """What the release's commit changes."""
    if not asked.writes:
        return ()
    files = Files(flow.git, flow.state.commit)
    date = datetime.fromtimestamp(flow.context.clock.now(), UTC).strftime("%Y-%m-%d")
    for release in releases:
        own = asked.of(release.package)
        _refuse_both(own)
        for file in own.files:
            try:
                files.set_version(file, release.path, release.version)
            except Failure as failure:
                raise _of_a_package(failure, flow, release, shared=own.files == asked.files) from None
        if own.changelog:
            path = safe_path(own.changelog, release.path)
            made = section(release, date, own.changelog_format, _links(flow))
            files.write(path, with_section(files.text(path), made, own.changelog_format))
    return files.edits()


def _refuse_both(asked: Asked) -> None:
    if asked.changelog and asked.changelog in asked.files:
        raise Failure(
            "bump.file",
            f"{printable(asked.changelog)[:200]} is asked for as the changelog and as a version file",
            why("One would write over the other."),
            alternative(f"where one line of it has the version: --file '{printable(asked.changelog)[:200]}:REGEX'"),
            done="nothing was written",
        )


def _of_a_package(failure: Failure, flow: Flow, release: Release, *, shared: bool) -> Failure:
    """The failure of a file that may have been meant to lie in a package's folder, or for another package; ``shared``
    says that the package has no files of its own.
    """
    if release.package and shared:
        own = f"packages: {{ {printable(release.package)[:100]}: {{ files: [...] }} }}"
        return failure.extended(alternative(f"files of this package's own: pipeline-kit.yml:  {own}"))
    name = next(iter(flow.settings.packages()), "")
    if not name or release.path:
        return failure
    return failure.extended(alternative(f"of a package: --package {shlex.quote(printable(name)[:100])}"))


def with_notes(flow: Flow, releases: tuple[Release, ...]) -> tuple[Noted, ...]:
    """Releases with their notes."""
    return tuple(Noted(one, notes(one, _links(flow))) for one in releases)


def again_with_notes(flow: Flow, there: tuple[Standing, ...]) -> tuple[Noted, ...]:
    """Releases that stand on HEAD, with their notes."""
    return with_notes(flow, tuple(release_again(flow, line, tag) for line, tag in there))


def is_promoted(there: tuple[Standing, ...]) -> bool:
    """Whether these are pre-releases whose releases stand on HEAD too."""
    return all(released_as(line.state, tag) for line, tag in there)


def preview(flow: Flow, asked: Asked) -> Bumped:
    """What would be made: nothing is asked over the network, nothing is written."""
    lines = lines_of(flow, asked)
    state, remote = flow.state, _remote(flow)
    there, rest = standing(flow, asked, lines)
    if not rest:
        return Bumped(
            again_with_notes(flow, there),
            base=state.commit,
            commit=state.commit,
            remote=state.remote if checks.sends(flow, asked) else "",
            remote_name=remote,
            there=True,
            promoted=is_promoted(there),
        )
    releases = planned(flow, asked, rest)
    warn_of_prefix(flow, releases)
    edits = files_of(flow, asked, releases)
    if dirty := checks.changed_files(flow):
        flow.context.report.warn(f"{dirty} changed file{'' if dirty == 1 else 's'}: without --dry-run that is refused")
    if not edits:
        checks.refuse_lost(flow, asked)
    branch = checks.branch_to_push(flow) if edits else _branch_seen_to_lag(flow, asked)
    refs = (*([f"refs/heads/{branch}"] if branch else []), *(f"refs/tags/{one.tag}" for one in releases))
    return Bumped(
        releases=with_notes(flow, releases),
        base=state.commit,
        commit="" if edits else state.commit,
        message=commit_message(asked.message, releases) if edits else "",
        files=tuple(edit.change() for edit in edits),
        refs=refs if checks.sends(flow, asked) else (),
        remote=state.remote,
        remote_name=remote,
    )


def _branch_seen_to_lag(flow: Flow, asked: Asked) -> str:
    """The branch that goes with the tags, as far as this clone has seen the remote's."""
    if branch := checks.branch_of_tags(flow, asked):
        seen = flow.git.call("rev-parse", "--verify", "--quiet", f"refs/remotes/{_remote(flow)}/{branch}").text
        if seen == flow.state.commit:
            return ""
        if not seen or flow.git.is_ancestor(seen, flow.state.commit):
            return branch
        flow.context.report.warn(
            f"{branch} of {_remote(flow)} has commits that are not here: without --dry-run that is refused"
        )
    return ""


def foreseen(flow: Flow, asked: Asked) -> GitState:
    """The repository as the release would leave it; a commit that is yet to be made has the id ``NOTHING``."""
    state = flow.state
    _, rest = standing(flow, asked, lines_of(flow, asked))
    releases = planned(flow, asked, rest) if rest else ()
    commit = NOTHING if files_of(flow, asked, releases) else state.commit
    own = [one for one in releases if one.package == flow.rules.package]
    made = tuple(ReleaseTag(one.tag, one.version, commit) for one in own)
    here = made if commit == NOTHING else (*made, *state.here)
    # Changed files are refused before a release is made.
    return structs.replace(state, commit=commit, here=here, tags=(*made, *state.tags), dirty=0)


def outlook(flow: Flow, asked: Asked) -> str:
    """What a pull request would release once it is merged, in words."""
    base = flow.context.event.base or "main"
    try:
        _, rest = standing(flow, asked, lines_of(flow, asked))
        tags = " ".join(one.tag for one in planned(flow, asked, rest)) if rest else "nothing"
    except Failure as failure:
        if failure.kind != _NOTHING:
            raise
        tags = "nothing"
    return f"pull request; {base} would release {tags}"


def _links(flow: Flow) -> Links | None:
    return links_of(flow.state.remote, flow.context.identity.ci)


def _remote(flow: Flow) -> str:
    return flow.git.settings.remote_name(flow.state.branch)
