"""What a release would be: which versions, which files. Nothing here asks the network or writes."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from pipeline_kit.errors import Failure, alternative, printable, why
from pipeline_kit.model.bump import Noted
from pipeline_kit.release.earlier import released_as, released_here
from pipeline_kit.release.files import Files, safe_path
from pipeline_kit.release.lines import Line, channel_of_branch, release_again, release_of
from pipeline_kit.release.version_files import set_version
from pipeline_kit.render.changelog import notes, section
from pipeline_kit.render.changelog_file import with_section
from pipeline_kit.render.changelog_links import links_of

if TYPE_CHECKING:
    from pipeline_kit.flow import Flow
    from pipeline_kit.model.git_state import ReleaseTag
    from pipeline_kit.model.release import Release
    from pipeline_kit.release.asked import Asked
    from pipeline_kit.release.files import Edit
    from pipeline_kit.render.changelog_links import Links

Standing: TypeAlias = "tuple[Line, ReleaseTag]"
NONE_ASKED = "run.nothing-to-release"


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
            if failure.kind != NONE_ASKED:
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
            if failure.kind != NONE_ASKED or len(lines) == 1:
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
                set_version(files, file, release.path, release.version)
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


def _links(flow: Flow) -> Links | None:
    return links_of(flow.state.remote, flow.context.identity.ci)
