"""Pushing a release: what the remote has is asked first, and all of it goes or none."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, Stopped, fix, why
from pipeline_kit.release import refusal
from pipeline_kit.release.repository import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pipeline_kit.release.repository import Writer

_BRANCH = "refs/heads/"
_TAG = "refs/tags/"
# Failures after which only the remote knows whether it has the release.
OPEN = ("bump.unknown", "run.interrupted", "run.terminated")
_LAST_QUESTION = 3.0  # seconds; GitHub and Azure Pipelines kill 10 s after they asked to end


def has(writer: Writer, tags: dict[str, str]) -> bool:
    """Whether the remote has all of ``tags``: full refs, and the objects that they hold here, '' for those that are yet
    to be made. It is asked first, so that a remote that doesn't answer, or has such a tag already, is seen before
    anything is made.
    """
    held = writer.asked(tuple(tags))
    if isinstance(held, Answer):
        raise refusal.unreachable(writer, held)
    _refuse_others(writer, held, tags)
    return set(held) == set(tags)


def tags_of(writer: Writer) -> dict[str, str]:
    """All tags of the remote by name; asked first, as ``has`` does."""
    held = writer.all_tags()
    if isinstance(held, Answer):
        raise refusal.unreachable(writer, held)
    return {ref.removeprefix(_TAG): made for ref, made in held.items()}


def refuse_taken(writer: Writer, refs: Iterable[str], held: Mapping[str, str]) -> None:
    """Refuse tags, by their full ``refs``, that the remote has: ``held`` are all of its own by name."""
    for ref in refs:
        if (name := ref.removeprefix(_TAG)) in held:
            raise refusal.tag_taken(writer, name)


def tip(writer: Writer, branch: str) -> str:
    """The commit of the remote's ``branch``, '' where it has none of that name."""
    ref = f"{_BRANCH}{branch}"
    held = writer.asked((ref,))
    if isinstance(held, Answer):
        raise refusal.unreachable(writer, held)
    return held.get(ref, "")


def _refuse_others(writer: Writer, held: dict[str, str], tags: dict[str, str]) -> None:
    for ref, made in tags.items():
        if held.get(ref, made) != made:
            raise (refusal.tag_differs if made else refusal.tag_taken)(writer, ref.removeprefix(_TAG))


def push(writer: Writer, refs: tuple[str, ...], tags: dict[str, str], *, new: bool) -> None:
    """Push all of ``refs`` or none. ``tags`` are the full refs of the tags and the objects that they are to hold;
    ``new`` says that the remote had none of them a moment ago.

    Failure: ``bump.raced``, ``bump.branch-refused``, ``bump.no-atomic``, ``git.tag-rejected`` and ``bump.push``, after
    which the remote has nothing of it; ``bump.unknown``, ``run.interrupted`` and ``run.terminated`` where that can't
    be told.
    """
    try:
        answer = writer.push(refs)
        said = _refused(answer.stdout)
        # The connection broke: the remote may have taken it all the same.
        broke = answer.code != 0 and not said and "--atomic" not in answer.stderr
        held = writer.asked(tuple(tags)) if broke else {}
    except (KeyboardInterrupt, Stopped) as error:
        raise _stopped_while_pushing(error, writer, tags) from None
    if answer.code == 0:
        if new and (same := next((ref for ref in tags if f":{ref}\t[up to date]" in answer.stdout), "")):
            # Two runs by the same person in the same second make the same objects: still only one pushed them.
            raise refusal.tag_taken(writer, same.removeprefix(_TAG))
        return
    if isinstance(held, Answer):
        raise refusal.unknown(writer, answer)
    if broke and held == tags:
        return
    raise refusal.of_push(writer, said, answer, refs)


@contextmanager
def told_when_stopped(remote: str) -> Iterator[None]:
    """Say that the release is made where Ctrl-C or SIGTERM ends the block; ``remote`` has it, unless that is ''.

    Failure: ``run.interrupted``, ``run.terminated``.
    """
    try:
        yield
    except (KeyboardInterrupt, Stopped) as error:
        raise _made(error, remote) from None


def _stopped_while_pushing(error: BaseException, writer: Writer, tags: dict[str, str]) -> Failure:
    """What is known of a push that was cut off: the remote is asked, for as long as a CI waits."""
    try:
        held = writer.asked(tuple(tags), patience=_LAST_QUESTION)
    except (KeyboardInterrupt, Stopped, Failure):
        held = {}
    if held == tags:
        return _made(error, writer.remote)
    return _stopped(
        error,
        f"stopped while the release was pushed; {writer.remote} may take it all the same",
        "It takes commit and tag, or neither, and may still be at it.",
        "nothing was changed here",
    )


def _made(error: BaseException, remote: str) -> Failure:
    return _stopped(
        error,
        f"stopped when the release was made{f', and {remote} has it' if remote else ''}",
        "This working tree may not have followed it yet.",
        "commit and tag are made",
    )


def _stopped(error: BaseException, headline: str, cause: str, done: str) -> Failure:
    return Failure(
        "run.interrupted" if isinstance(error, KeyboardInterrupt) else "run.terminated",
        headline,
        why(cause),
        fix("run the same command again: it looks first, and makes no second release"),
        done=done,
    )


def _refused(output: str) -> dict[str, str]:
    """The refs that the remote refused, each with its reason, from what ``push --porcelain`` prints."""
    found = {}
    for line in output.splitlines():
        flag, _, rest = line.partition("\t")
        pair, _, reason = rest.partition("\t")
        if flag == "!" and ":" in pair:
            found[pair.partition(":")[2]] = reason.partition("(")[2].rstrip(")")
    return found
