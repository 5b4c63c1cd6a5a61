"""What a release would leave, said before it is made. Nothing here asks the network or writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import structs

from pipeline_kit.errors import Failure
from pipeline_kit.model.bump import Bumped
from pipeline_kit.model.git_state import ReleaseTag
from pipeline_kit.release import checks
from pipeline_kit.release.lines import lines_of
from pipeline_kit.release.messages import commit_message
from pipeline_kit.release.plan import (
    NONE_ASKED,
    again_with_notes,
    files_of,
    is_promoted,
    planned,
    standing,
    warn_of_prefix,
    with_notes,
)
from pipeline_kit.release.repository import NOTHING

if TYPE_CHECKING:
    from pipeline_kit.flow import Flow
    from pipeline_kit.model.git_state import GitState
    from pipeline_kit.release.asked import Asked


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
    """What a pull request would release once it is merged, in words; of another event that it publishes nothing."""
    base = flow.context.event.base or "main"
    reason = flow.context.event.withheld or "pull request"
    try:
        _, rest = standing(flow, asked, lines_of(flow, asked))
        tags = " ".join(one.tag for one in planned(flow, asked, rest)) if rest else "nothing"
    except Failure as failure:
        if failure.kind != NONE_ASKED:
            raise
        tags = "nothing"
    return f"{reason}; {base} would release {tags}"


def _remote(flow: Flow) -> str:
    return flow.git.settings.remote_name(flow.state.branch)
