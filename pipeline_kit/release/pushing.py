"""Pushing a release, and what it means where the remote says no."""

from __future__ import annotations

import shlex
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, Stopped, alternative, fix, quote, why
from pipeline_kit.release.repository import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pipeline_kit.errors import Note
    from pipeline_kit.release.repository import Writer

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
# Failures after which only the remote knows whether it has the release.
OPEN = ("bump.unknown", "run.interrupted", "run.terminated")
UNDONE = "nothing was pushed, nothing was changed here"


def has(writer: Writer, tags: dict[str, str]) -> bool:
    """Whether the remote has all of ``tags``: full refs, and the objects that they hold here, '' for those that are yet
    to be made. It is asked first, so that a remote that doesn't answer, or has such a tag already, is seen before
    anything is made.
    """
    held = writer.asked(tuple(tags))
    if isinstance(held, Answer):
        raise unreachable(writer, held)
    _refuse_others(writer, held, tags)
    return set(held) == set(tags)


def free(writer: Writer, refs: Iterable[str]) -> dict[str, str]:
    """All tags of the remote by name, none of which is one of ``refs``; asked first, as ``has`` does."""
    held = writer.all_tags()
    if isinstance(held, Answer):
        raise unreachable(writer, held)
    _refuse_others(writer, held, dict.fromkeys(refs, ""))
    return {ref.removeprefix(_TAG): made for ref, made in held.items()}


def tip(writer: Writer, branch: str) -> str:
    """The commit of the remote's ``branch``, '' where it has none of that name."""
    ref = f"{_BRANCH}{branch}"
    held = writer.asked((ref,))
    if isinstance(held, Answer):
        raise unreachable(writer, held)
    return held.get(ref, "")


def behind(writer: Writer, branch: str) -> Failure:
    """The remote's branch has commits that HEAD lacks, so what would be released is not the newest."""
    return Failure(
        "bump.raced",
        f"{branch} of {writer.remote} has commits that are not here",
        why("The release would lack them, and was counted without them."),
        *_brought_here(writer, branch),
        alternative("--no-commit tags the commit that is checked out, whatever the branch has"),
        done=UNDONE,
    )


def _refuse_others(writer: Writer, held: dict[str, str], tags: dict[str, str]) -> None:
    for ref, made in tags.items():
        if held.get(ref, made) != made:
            raise (_tag_differs if made else _tag_taken)(writer, ref.removeprefix(_TAG))


def push(writer: Writer, refs: tuple[str, ...], tags: dict[str, str], *, new: bool) -> None:
    """Push all of ``refs`` or none. ``tags`` are the full refs of the tags and the objects that they are to hold;
    ``new`` says that the remote had none of them a moment ago.

    Failure: ``bump.raced``, ``bump.branch-refused``, ``bump.no-atomic``, ``git.tag-rejected`` and ``bump.push``, after
    which the remote has nothing of it; ``bump.unknown``, ``run.interrupted`` and ``run.terminated`` where that can't
    be told.
    """
    with told_when_stopped(
        f"stopped while the release was pushed; {writer.remote} may take it all the same",
        "It takes commit and tag, or neither, and may still be at it.",
        "nothing was changed here",
    ):
        answer = writer.push(refs)
        said = _refused(answer.stdout)
        # The connection broke: the remote may have taken it all the same.
        broke = answer.code != 0 and not said and "--atomic" not in answer.stderr
        held = writer.asked(tuple(tags)) if broke else {}
    if answer.code == 0:
        if new and (same := next((ref for ref in tags if f":{ref}\t[up to date]" in answer.stdout), "")):
            # Two runs by the same person in the same second make the same objects: still only one pushed them.
            raise _tag_taken(writer, same.removeprefix(_TAG))
        return
    if isinstance(held, Answer):
        raise _unknown(writer, answer)
    if broke and held == tags:
        return
    raise _failure(writer, said, answer, refs)


@contextmanager
def told_when_stopped(headline: str, cause: str, done: str) -> Iterator[None]:
    """Say what is known of a release where Ctrl-C or SIGTERM ends the block.

    Failure: ``run.interrupted``, ``run.terminated``.
    """
    try:
        yield
    except (KeyboardInterrupt, Stopped) as error:
        raise Failure(
            "run.interrupted" if isinstance(error, KeyboardInterrupt) else "run.terminated",
            headline,
            why(cause),
            fix("run the same command again: it looks first, and makes no second release"),
            done=done,
        ) from None


def _refused(output: str) -> dict[str, str]:
    """The refs that the remote refused, each with its reason, from what ``push --porcelain`` prints."""
    found = {}
    for line in output.splitlines():
        flag, _, rest = line.partition("\t")
        pair, _, reason = rest.partition("\t")
        if flag == "!" and ":" in pair:
            found[pair.partition(":")[2]] = reason.partition("(")[2].rstrip(")")
    return found


def _failure(writer: Writer, said: dict[str, str], answer: Answer, refs: tuple[str, ...]) -> Failure:
    if "does not support --atomic" in answer.stderr:
        return Failure(
            "bump.no-atomic",
            f"{writer.remote} can't take commit and tag together",
            why("It doesn't know git push --atomic, and a release without its tag must never be seen."),
            alternative("--no-commit pushes one tag, which is all or nothing anyway"),
            evidence=quote(answer.stderr),
            done=UNDONE,
        )
    blamed = {ref: reason for ref, reason in said.items() if reason not in _WITH_THE_OTHERS}
    taken = next((ref for ref, reason in blamed.items() if reason == "already exists"), "")
    if taken:
        return _tag_taken(writer, taken.removeprefix(_TAG))
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


def _brought_here(writer: Writer, branch: str) -> list[Note]:
    """How the remote's newer commits get here. What was not pushed yet is put on top of them; not a release that was
    made here, whose tag would stay behind.
    """
    place = f"{writer.remote} {shlex.quote(branch)}"
    merged = f"git pull --no-rebase --ff --no-edit {place}"
    match writer.unpushed(branch):
        case "nothing":
            return [fix(f"git pull --ff-only {place}, and the same command again")]
        case "releases":
            push = f"git push --follow-tags {writer.remote} {shlex.quote(f'HEAD:{_BRANCH}{branch}')}"
            return [fix(f"{merged} && {push}, with the release that stands here; then the same command again")]
        case "commits":
            return [fix(f"git pull --rebase {place}, and the same command again")]
        case "unknown":
            return [
                fix(f"git pull --rebase {place}, and the same command again"),
                alternative(f"where a release stands here that was not pushed: {merged}"),
            ]


def _without_hints(said: str) -> str:
    """Git's words without its advice, which is for another command."""
    return "\n".join(line for line in said.splitlines() if not line.startswith("hint:"))


def _tag_taken(writer: Writer, name: str) -> Failure:
    return Failure(
        "git.tag-rejected",
        f"{writer.remote} did not take the tag {name}: it has one of that name",
        why("The tag decides who makes the release, and another run was first, or it was made by hand."),
        fix(f"git fetch {writer.remote} tag {shlex.quote(name)} && git log -1 {shlex.quote(name)}"),
        alternative("if it is the release that is wanted: check out that commit, and run again"),
        done=UNDONE,
    )


def _tag_differs(writer: Writer, name: str) -> Failure:
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
    return Failure(
        "bump.push",
        f"{writer.remote} could not be reached, or doesn't accept us",
        why("Git's own words are above; a release is pushed before anything is changed here."),
        evidence=quote(answer.stderr),
        done=UNDONE,
    )


def _unknown(writer: Writer, answer: Answer) -> Failure:
    return Failure(
        "bump.unknown",
        f"the connection to {writer.remote} broke while it took the release",
        why("It has commit and tag, or neither; it can't be asked now."),
        fix("run the same command again: it looks first"),
        evidence=quote(answer.stderr),
        done="nothing was changed here",
    )
