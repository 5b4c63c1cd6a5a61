"""Making a release: the git tag first, then everything that follows from it.

A registry has no compare-and-swap for several tags; git's push of one ref has. So the tag decides which of two runs
makes the release, and a run that finds it in place only completes what is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from semver import Version

from pipeline_kit.errors import Failure, alternative, fix, quote, why
from pipeline_kit.git import safe_environment
from pipeline_kit.model import version
from pipeline_kit.versioning import commits
from pipeline_kit.versioning.next import FIRST, refuse_incomplete

if TYPE_CHECKING:
    from git import Repo

    from pipeline_kit.flow import Flow
    from pipeline_kit.model.git_state import GitState

_REMOTE = "origin"


def tag_release(flow: Flow) -> str:
    """The release tag of HEAD: the one that stands there, else a new annotated one that was pushed to ``origin``.

    Failure: ``git.dirty``, or ``git.tag-rejected`` with nothing left behind.
    """
    state = flow.state
    if state.here:
        _push(flow, state.here[0].name)
        return state.here[0].name
    if state.dirty:
        raise Failure(
            "git.dirty",
            f"{state.dirty} changed file{'' if state.dirty == 1 else 's'}, and a release is made of a commit",
            why("The tag would name a commit that lacks them."),
            fix("git status, then git commit or git stash"),
        )
    refuse_incomplete(state, flow.context.event)
    name = flow.prefix + _next(state)
    repository = _repository(flow)
    try:
        repository.create_tag(name, ref=state.commit, message=_message(name, state))
        _push(flow, name)
    except BaseException:
        _forget(repository, name, flow)
        raise
    finally:
        repository.close()
    del flow.state  # it is read again, with the tag
    return name


def _next(state: GitState) -> str:
    if state.latest is None:
        return FIRST
    bump = commits.highest(commit.message for commit in state.since)
    if bump is None:
        raise Failure(
            "run.nothing-to-release",
            f"nothing to release since {state.latest.version}",
            why(f"None of the {len(state.since)} commits is a feat, a fix, a perf or a breaking change."),
            alternative(f"tag it by hand: git tag -a {state.latest.name}-1 && git push {_REMOTE} --tags"),
        )
    return str(version.bumped(Version.parse(state.latest.version), bump))


def _message(name: str, state: GitState) -> str:
    subjects = "\n".join(f"- {commits.subject(commit.message)}" for commit in state.since[:200])
    return f"{name}\n\n{subjects}\n"


def _repository(flow: Flow) -> Repo:
    from git import Repo

    repository = Repo(flow.context.root)
    repository.git.update_environment(**safe_environment())
    return repository


def _push(flow: Flow, name: str) -> None:
    """Push the one ref. Where there is no remote the tag stays here, which a laptop's run can live with."""
    if not flow.state.remote:
        return
    ref = f"refs/tags/{name}"
    pushed = flow.git.call("push", "--no-follow-tags", "--end-of-options", _REMOTE, f"{ref}:{ref}")
    if pushed.code:
        raise Failure(
            "git.tag-rejected",
            f"{_REMOTE} did not take the tag {name}",
            why("The tag decides who makes the release, so nothing is published without it."),
            alternative("if another run made it: git fetch --tags, and check which commit it is on"),
            evidence=quote(pushed.stderr),
        )


def _forget(repository: Repo, name: str, flow: Flow) -> None:
    """Take back a tag that the other side did not take, if it is still ours."""
    for tag in repository.tags:
        if tag.name == name and tag.commit.hexsha == flow.state.commit:
            repository.delete_tag(tag)
