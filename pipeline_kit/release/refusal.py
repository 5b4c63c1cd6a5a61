"""Releases that the remote did not take, and the way out of each."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, fix, quote, why
from pipeline_kit.git.remote import UNANSWERED

if TYPE_CHECKING:
    from pipeline_kit.errors import Note
    from pipeline_kit.release.repository import Answer, Writer

_BRANCH = "refs/heads/"
_TAG = "refs/tags/"
_RACED = (
    "non-fast-forward",
    "fetch first",
    "stale info",
    "atomic transaction failed",
    "cannot lock ref",
    "failed to update ref",
)
_WITH_THE_OTHERS = ("atomic push failed", "atomic push failure")
_AGAIN = "    # then the same command again"
UNDONE = "nothing was pushed, nothing was changed here"


def behind(writer: Writer, branch: str, *, taken: bool = False, tags: bool = False) -> Failure:
    """The remote's branch has commits that HEAD lacks, so what would be released is not the newest. ``taken`` says that
    its version is out already, ``tags`` that the remote has tags which are not here.
    """
    return Failure(
        "bump.raced",
        f"{branch} of {writer.remote} has commits that are not here",
        why("The release would lack them, and was counted without them."),
        *_brought_here(writer, branch, tags=tags),
        *([] if taken else [alternative("--no-commit tags the commit that is checked out, whatever the branch has")]),
        done=UNDONE,
    )


def of_push(writer: Writer, said: dict[str, str], answer: Answer, refs: tuple[str, ...]) -> Failure:
    """A push that was refused: ``said`` are the refs that the remote refused, each with its reason."""
    if "does not support --atomic" in answer.stderr:
        return _no_atomic(writer, answer, refs)
    blamed = {ref: reason for ref, reason in said.items() if reason not in _WITH_THE_OTHERS}
    taken = next((ref for ref, reason in blamed.items() if reason == "already exists"), "")
    if taken:
        return tag_taken(writer, taken.removeprefix(_TAG))
    branch = next((ref for ref in blamed if ref.startswith(_BRANCH)), "")
    if any(word in reason for reason in blamed.values() for word in _RACED):
        return _raced(writer, branch or next((ref.partition(":")[2] for ref in refs), ""), answer)
    if branch:
        name = branch.removeprefix(_BRANCH)
        return Failure(
            "bump.branch-refused",
            f"{writer.remote} takes no commit on {name} from us: {blamed[branch]}",
            why("A protected branch, a policy or a hook stands before it, and the tag went with the commit."),
            alternative("--no-commit tags the commit that is there, and writes no files"),
            alternative(f"let whoever pushes bypass the rule of {name}"),
            evidence=quote(answer.stderr),
            done=UNDONE,
        )
    if blamed:
        return _tag_refused(writer, next(iter(blamed)).removeprefix(_TAG), answer)
    return unreachable(writer, answer)


def _no_atomic(writer: Writer, answer: Answer, refs: tuple[str, ...]) -> Failure:
    several = sum(f":{_TAG}" in ref for ref in refs) > 1
    branch = any(f":{_BRANCH}" in ref for ref in refs)
    one = " ".join([*(["--package NAME"] if several else []), *(["--no-commit"] if branch else [])])
    return Failure(
        "bump.no-atomic",
        f"{writer.remote} can't take {'commit and tag' if branch else 'several tags'} together",
        why("It doesn't know git push --atomic, and a part of a release must never be seen."),
        alternative(f"{one} pushes one tag, which is all or nothing anyway"),
        evidence=quote(answer.stderr),
        done=UNDONE,
    )


def _raced(writer: Writer, ref: str, answer: Answer) -> Failure:
    name = ref.removeprefix(_BRANCH)
    again = _brought_here(writer, name) if name != ref else [fix("the same command again")]
    return Failure(
        "bump.raced",
        f"somebody pushed to {name} first",
        why("The release was counted from a commit that is no longer the newest."),
        *again,
        evidence=quote(_without_hints(answer.stderr), last=2),
        done=UNDONE,
    )


def _brought_here(writer: Writer, branch: str, *, tags: bool = False) -> list[Note]:
    """How the remote's newer commits get here, and its ``tags``: git pull brings none where it is told the branch. What
    was not pushed yet is put on top of them; not a release that was made here, whose tag would stay behind.
    """
    place, more = f"{writer.remote} {shlex.quote(branch)}", "--tags " if tags else ""
    merged = f"git pull --no-rebase --ff --no-edit {place}"
    match writer.unpushed(branch):
        case "nothing":
            return [fix(f"git pull --ff-only {more}{place}{_AGAIN}")]
        case "releases":
            push = f"git push --follow-tags {writer.remote} {shlex.quote(f'HEAD:{_BRANCH}{branch}')}"
            return [fix(f"{merged} && {push}    # the release that stands here; then the same command again")]
        case "commits":
            return [fix(f"git pull --rebase {more}{place}{_AGAIN}")]
        case "unknown":
            return [
                fix(f"git pull --rebase {more}{place}{_AGAIN}"),
                alternative(f"where a release stands here that was not pushed: {merged}"),
            ]


def _without_hints(said: str) -> str:
    """Git's words without its advice, which is for another command."""
    return "\n".join(line for line in said.splitlines() if not line.startswith("hint:"))


def tag_taken(writer: Writer, name: str) -> Failure:
    """The remote has a tag of that name."""
    return Failure(
        "git.tag-rejected",
        f"{writer.remote} did not take the tag {name}: it has one of that name",
        why("The tag decides who makes the release, and another run was first, or it was made by hand."),
        fix(f"git fetch {writer.remote} tag {shlex.quote(name)} && git log -1 {shlex.quote(name)}"),
        alternative("if it is the release that is wanted: check out that commit, and run again"),
        done=UNDONE,
    )


def tag_differs(writer: Writer, name: str) -> Failure:
    """The remote's tag of that name is another one than ours."""
    return Failure(
        "git.tag-rejected",
        f"the tag {name} here is another one than that of {writer.remote}",
        why("A version names one commit for ever, and the remote's is the one that everybody has."),
        fix(f"git tag -d {shlex.quote(name)} && git fetch {writer.remote} tag {shlex.quote(name)}"),
        done=UNDONE,
    )


def _tag_refused(writer: Writer, name: str, answer: Answer) -> Failure:
    return Failure(
        "git.tag-rejected",
        f"{writer.remote} did not take the tag {name}",
        why("The tag decides who makes the release, so nothing is published without it."),
        alternative("a rule for tags may stand before it: let whoever pushes make tags of this name"),
        evidence=quote(answer.stderr),
        done=UNDONE,
    )


def unreachable(writer: Writer, answer: Answer) -> Failure:
    """The remote didn't answer, or not to us."""
    if answer.code == UNANSWERED:
        return Failure(
            "bump.unanswered",
            f"{writer.remote} {answer.stderr}",
            why("It is asked what it has before anything is made, and git was stopped when no answer came."),
            alternative("the same command again, once it answers"),
            done=UNDONE,
        )
    return Failure(
        "bump.push",
        f"{writer.remote} could not be reached, or doesn't accept us",
        why("Git's own words are above; a release is pushed before anything is changed here."),
        evidence=quote(answer.stderr),
        done=UNDONE,
    )


def unknown(writer: Writer, answer: Answer) -> Failure:
    """The connection broke, and nobody can tell what the remote has."""
    late = answer.code == UNANSWERED
    return Failure(
        "bump.unknown",
        f"{writer.remote} {answer.stderr}, while it took the release"
        if late
        else f"the connection to {writer.remote} broke while it took the release",
        why("It has commit and tag, or neither; it can't be asked now."),
        fix("run the same command again: it looks first"),
        evidence=() if late else quote(answer.stderr),
        done="nothing was changed here",
    )
