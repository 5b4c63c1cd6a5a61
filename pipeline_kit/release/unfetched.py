"""Releases that the remote has and this clone lacks: what is counted without them is wrong without a sign."""

from __future__ import annotations

from typing import TYPE_CHECKING

from semver import Version

from pipeline_kit.errors import Failure, fix, printable, why
from pipeline_kit.git.tags import release_tags
from pipeline_kit.model.version import channel_name
from pipeline_kit.release.lines import event_of
from pipeline_kit.release.refusal import UNDONE
from pipeline_kit.versioning.channels import channel_of
from pipeline_kit.versioning.next import built_branch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.flow import Flow
    from pipeline_kit.model.git_state import ReleaseTag
    from pipeline_kit.model.release import Release
    from pipeline_kit.release.asked import Asked
    from pipeline_kit.release.lines import Line


def refuse_unfetched(
    flow: Flow,
    asked: Asked,
    lines: tuple[Line, ...],
    releases: tuple[Release, ...],
    remote: str,
    tags: Mapping[str, str],
) -> None:
    """Refuse a release that the clone counted without one of ``tags``, all of the remote's by name, with their objects.
    Where the clone has no release any of them counts; else one that is not lower than what would be made.

    Failure: ``bump.unfetched``.
    """
    by_package = {line.rules.package: line for line in lines}
    for release in releases:
        line = by_package[release.package]
        known = {tag.name for tag in line.state.tags}
        for tag in release_tags(tags, line.rules.prefix):
            if tag.name in known or (known and (asked.version or not _is_passed(flow, line, release, tag))):
                continue
            raise Failure(
                "bump.unfetched",
                f"{remote} has the release {printable(tag.name)}, and this clone lacks it",
                why(f"{release.version} was counted without it."),
                fix(f"git fetch --tags {remote}    # then the same command again"),
                done=UNDONE,
            )


def _is_passed(flow: Flow, line: Line, release: Release, tag: ReleaseTag) -> bool:
    """Whether ``tag`` is of the same line of releases, and not lower than ``release``."""
    found, made = Version.parse(tag.version), Version.parse(release.version)
    allowed = channel_of(built_branch(line.state, event_of(flow)), line.rules, line.state).range
    same = tag.stable or channel_name(found) == channel_name(made)
    return same and found >= made and (allowed is None or found in allowed)
