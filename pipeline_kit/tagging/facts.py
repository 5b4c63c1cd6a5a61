"""What templates and labels are made from: the event, the commit, the clock, in one value."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from pipeline_kit.errors import Failure, fix, why
from pipeline_kit.model.event_facts import EventFacts, RepositoryFacts
from pipeline_kit.model.refs import branch_of, tag_of
from pipeline_kit.model.remote import web_address
from pipeline_kit.tagging import javascript

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.model.git_state import GitState

_SHORT = 7
# 2019-11-03T01:30:15+02:00 and its shorter forms: none of Python's own, such as 2019-W44-7.
_TIME = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?(?:[Zz]|[+-][0-9]{2}:?[0-9]{2})?)?\Z"
)
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}


# The action's variables, in the order of the documentation.
VARIABLES = (
    "DOCKER_METADATA_SHORT_SHA_LENGTH",
    "DOCKER_METADATA_PR_HEAD_SHA",
    "DOCKER_METADATA_ANNOTATIONS_LEVELS",
    "DOCKER_METADATA_SET_OUTPUT_ENV",
)


class Settings(msgspec.Struct, frozen=True):
    """The settings that docker/metadata-action takes from variables: how long a short commit is (NaN for what is no
    number, which matters where one is asked for), which levels the annotations have, whether a pull request's own
    commit counts, whether results become variables.
    """

    short: float = _SHORT
    levels: tuple[str, ...] = ("manifest",)
    head_sha: bool = False
    export: bool = False


class Facts(msgspec.Struct, frozen=True):
    """``created``, ``commit_time`` and ``now`` are seconds since 1970: of the label, of the commit, of the clock.
    ``default_branch`` is '' where nobody tells it.
    """

    event: str = ""
    ref: str = ""
    sha: str = ""
    base: str = ""
    default_branch: str = ""
    repository: RepositoryFacts = RepositoryFacts()
    created: float = 0.0
    commit_time: float = 0.0
    now: float = 0.0
    short: float = _SHORT

    @property
    def branch(self) -> str:
        """The short name of a branch, '' for any other ref."""
        return branch_of(self.ref)

    @property
    def tag(self) -> str:
        """The short name of a tag, '' for any other ref."""
        return tag_of(self.ref)

    @property
    def request(self) -> str:
        """The number of a pull request, with what follows it other than /merge; '' for any other ref."""
        if not self.ref.startswith("refs/pull/"):
            return ""
        return self.ref.removeprefix("refs/pull/").removesuffix("/merge")

    @property
    def short_sha(self) -> str:
        """The commit's first digits.

        Failure: ``tag.setting`` if their number is none.
        """
        if math.isnan(self.short):
            raise _meaningless("DOCKER_METADATA_SHORT_SHA_LENGTH", "NaN", "7")
        return self.sha[: int(min(max(0.0, self.short), len(self.sha)))]


def facts(
    told: EventFacts, state: GitState, environ: Mapping[str, str], now: float, *, default_branch: str = ""
) -> Facts:
    """The facts of an event, and of the commit that is checked out.

    Failure: ``tag.setting`` for a SOURCE_DATE_EPOCH that is no number.
    """
    repository = _of_git(state)
    return Facts(
        event=told.name,
        ref=told.ref,
        sha=state.commit,
        base=told.base,
        default_branch=default_branch or told.repository.default_branch,
        repository=repository,
        created=created(state, environ),
        commit_time=state.time,
        now=now,
    )


def compatible(told: EventFacts, state: GitState, settings: Settings, now: float, *, default_branch: str = "") -> Facts:
    """The facts as docker/metadata-action has them: the commit that the CI names, and the payload's words. The API's
    default branch, which ``edge`` asks for, is the given one or the payload's.
    """
    sha = told.head_sha if settings.head_sha and told.head_sha else told.sha or state.commit
    time = _time_of(told.commit_times.get(sha, ""))
    repository = told.repository if told.repository.url else _of_git(state)
    return Facts(
        event=told.name,
        ref=told.ref,
        sha=sha,
        base=told.base,
        default_branch=told.repository.default_branch,
        repository=msgspec.structs.replace(repository, default_branch=default_branch or told.repository.default_branch),
        created=now,
        commit_time=state.time if time is None else time,
        now=now,
        short=settings.short,
    )


def settings(environ: Mapping[str, str]) -> Settings:
    """The settings that docker/metadata-action's variables hold.

    Failure: ``tag.setting`` for one that has no meaning.
    """
    short = environ.get("DOCKER_METADATA_SHORT_SHA_LENGTH", "")
    length = javascript.number(short) if short else float(_SHORT)
    export = environ.get("DOCKER_METADATA_SET_OUTPUT_ENV", "") or "true"
    if export not in _BOOLEANS:
        raise _meaningless("DOCKER_METADATA_SET_OUTPUT_ENV", export, "true")
    return Settings(
        short=length,
        levels=tuple((environ.get("DOCKER_METADATA_ANNOTATIONS_LEVELS") or "manifest").split(",")),
        head_sha="true" in environ.get("DOCKER_METADATA_PR_HEAD_SHA", "").lower(),
        export=_BOOLEANS[export],
    )


def created(state: GitState, environ: Mapping[str, str]) -> int:
    """When the image counts as made, in seconds since 1970: SOURCE_DATE_EPOCH, else the commit's time.

    Failure: ``tag.setting`` for a SOURCE_DATE_EPOCH that is no number.
    """
    text = environ.get("SOURCE_DATE_EPOCH", "")
    if text and not (text.isascii() and text.isdecimal() and len(text) <= len("253402300799")):
        raise _meaningless("SOURCE_DATE_EPOCH", text, "1700000000")
    return int(text) if text else state.time


def _of_git(state: GitState) -> RepositoryFacts:
    url = web_address(state.remote)
    return RepositoryFacts(name=url.rpartition("/")[2], url=url)


def _time_of(text: str) -> float | None:
    """Seconds since 1970, in UTC where it names no zone, as on a runner; None for what is not of the form of ISO 8601
    that GitHub writes.
    """
    try:
        found = datetime.fromisoformat(text.upper()) if re.match(_TIME, text) else None
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() if found else None


def _meaningless(name: str, value: str, example: str) -> Failure:
    from pipeline_kit.tagging.lists import shown

    return Failure(
        "tag.setting", f"{name}={shown(value)} has no meaning", why("This variable changes the tags or labels."),
        fix(f"{name}={example}"),
    )  # fmt: skip
