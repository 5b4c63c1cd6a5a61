"""A branch that is behind the remote's: what is counted there is not the newest, and may be out already."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure
from pipeline_kit.release import checks, pushing, refusal
from pipeline_kit.release.plan import planned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.flow import Flow
    from pipeline_kit.model.release import Release
    from pipeline_kit.release.asked import Asked
    from pipeline_kit.release.lines import Line
    from pipeline_kit.release.repository import Writer


def planned_here(writer: Writer, flow: Flow, asked: Asked, lines: tuple[Line, ...]) -> tuple[Release, ...]:
    """The releases to make. Failure: ``bump.raced`` where a tag is taken since the branch is behind the remote's."""
    try:
        return planned(flow, asked, lines)
    except Failure as failure:
        if (
            failure.kind == "bump.taken"
            and (branch := checks.branch_of_tags(flow, asked))
            and checks.sends(flow, asked)
        ):
            refuse_behind(writer, flow, branch, pushing.tags_of(writer))
        raise


def refuse_behind(writer: Writer, flow: Flow, branch: str, held: Mapping[str, str]) -> None:
    """Refuse a ``branch`` that is behind the remote's, where its release is out already; ``held`` are the remote's tags
    by name.

    Failure: ``bump.raced``.
    """
    if branch and _is_ahead(flow, pushing.tip(writer, branch)):
        raise refusal.behind(writer, branch, taken=True, tags=_lacks(flow, held))


def _is_ahead(flow: Flow, tip: str) -> bool:
    """Whether the remote's branch, whose tip this is ('' for none), has commits that HEAD lacks."""
    return bool(tip) and not flow.git.is_ancestor(tip, flow.state.commit)


def _lacks(flow: Flow, held: Mapping[str, str]) -> bool:
    """Whether this clone lacks one of the remote's tags."""
    return not held.keys() <= set(flow.git.lines("for-each-ref", "--format=%(refname:lstrip=2)", "refs/tags"))


def branch_that_lags(writer: Writer, flow: Flow, asked: Asked) -> str:
    """The branch that goes with the tags since the remote's lacks HEAD; '' for none. Failure: ``bump.raced`` where the
    remote's has commits that HEAD lacks.
    """
    branch = checks.branch_of_tags(flow, asked)
    tip = pushing.tip(writer, branch) if branch else ""
    if not branch or tip == flow.state.commit:
        return ""
    if _is_ahead(flow, tip):
        raise refusal.behind(writer, branch)
    return branch
