"""The steps in order: which of them run, with which options, on what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from pipeline_kit.errors import Failure, fix, why
from pipeline_kit.steps import ALL, ORDER
from pipeline_kit.steps.command import step_command

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipeline_kit.flow import Flow
    from pipeline_kit.session import Session
    from pipeline_kit.steps.command import Shared

# They need neither network nor tools, so a later step that runs alone may ask them again; and they run nothing of the
# repository, so they answer also for an event that any other step refuses.
PURE = ("version", "tag")


class Choice(msgspec.Struct, frozen=True):
    """Which steps to run: those named, or a range."""

    only: tuple[str, ...] = ()
    first: str = ""
    last: str = ""

    def steps(self) -> tuple[str, ...]:
        """The chosen steps, in order."""
        if self.only:
            return tuple(name for name in ORDER if name in self.only)
        first = ORDER.index(self.first) if self.first else 0
        last = ORDER.index(self.last) if self.last else len(ORDER) - 1
        if first > last:
            raise Failure(
                "config.usage", f"{self.first} comes after {self.last}", why(f"The order is {', '.join(ORDER)}.")
            )
        return ORDER[first : last + 1]


def options_of(session: Session, shared: Shared, name: str, given: dict[str, str]) -> dict[str, Any]:
    """The options of a step: from ``--set``, the environment, the configuration, the defaults."""
    prefix = f"{name}."
    own = {key.removeprefix(prefix): value for key, value in given.items() if key.startswith(prefix)}
    return step_command(name).resolved(session, shared, own)


def refuse_all_packages(options: dict[str, Any]) -> None:
    """Refuse options of ``version`` that ask for several versions where one image is made."""
    if options["all_packages"]:
        raise Failure(
            "config.usage",
            "version.all-packages is set, and an image has one version",
            why("It is for pipeline-kit version alone, which then answers for all packages."),
            fix("pipeline-kit.yml:  versioning: { package: NAME }, in the place of all-packages"),
        )


def ask_pure_steps(session: Session, flow: Flow, shared: Shared, before: str) -> None:
    """Ask version and tag for this commit and event, without a line of their own, where ``before`` comes after them."""
    for name in PURE:
        if name == before:
            return
        options = options_of(session, shared, name, {})
        if name == "version":
            refuse_all_packages(options)
        try:
            outcome = step_command(name).perform(flow, **options)
        except Failure as failure:
            if before != "tag":
                raise
            flow.no_version = failure
            return
        flow.keep(name, flow.context.clock.now(), 0.0, outcome)


def merged(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What ``--set`` says, by option. One that is named several times has the values one a line, as in a variable; what
    takes a single value goes by the last.
    """
    found: dict[str, str] = {}
    for key, value in pairs:
        found[key] = f"{found[key]}\n{value}" if key in found else value
    return found


def check_given(given: dict[str, str]) -> None:
    """Refuse a ``--set`` of a step or an option that there is not, whichever steps run."""
    for key, value in given.items():
        step, _, option = key.partition(".")
        if step not in ALL:
            raise Failure("config.usage", f"--set {key}: not STEP.OPTION", why(f"The steps are {', '.join(ALL)}."))
        step_command(step).as_flags(option, value)
