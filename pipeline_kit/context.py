"""Everything with an effect that a step may use, in one value: a test gives another one."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import msgspec

from pipeline_kit import output_folder, tree
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.process import Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipeline_kit.model.reference import Repository
    from pipeline_kit.oci.credential import Credential


class Activity(Protocol):
    """Something that takes long, told while it goes on."""

    def update(self, what: str = "", done: int = 0, total: int = 0) -> None:
        """Say what is being done now, and how much of it (bytes or items); ``total`` 0 = not known. Any thread may."""


class Reporter(Protocol):
    """Who narrates to the person: on a terminal with a bar, in a CI with groups, in a test not at all."""

    def activity(self, title: str) -> AbstractContextManager[Activity]:
        """A bar (or a line every 30 s) for as long as the block lasts."""

    def tool_output(self, title: str) -> AbstractContextManager[Callable[[str], None]]:
        """A closed group for a wrapped tool's lines: give each line to the function that the block gets. Lines are made
        safe for the CI; on a laptop they are not shown, since the log has them.
        """

    def mask(self, secret: str) -> None:
        """Have the CI hide ``secret`` from now on. ``Context.mask`` calls it."""

    def warn(self, text: str) -> None:
        """One line that a person should see although the step goes on."""


class Cloud(Protocol):
    """Who signs in to the registries of a cloud by an identity of it, instead of a password."""

    def given(self, repository: Repository, context: Context) -> Credential | None:
        """By the identity that the run was given. None if it was given none, or the registry is none of the cloud's."""

    def at_hand(self, repository: Repository, context: Context) -> Credential | None:
        """By whoever is signed in to the cloud's own tool on this machine."""


class Clock(Protocol):
    """Time, so that a test need not wait."""

    def now(self) -> float:
        """Seconds since 1970."""

    def monotonic(self) -> float:
        """Seconds that never run backwards."""

    def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never run backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


class Silent:
    """A reporter that says nothing: for library users and tests."""

    @contextmanager
    def activity(self, title: str) -> Iterator[Activity]:
        """Nothing is shown."""
        yield self

    def update(self, what: str = "", done: int = 0, total: int = 0) -> None:
        """Nothing is shown."""

    @contextmanager
    def tool_output(self, title: str) -> Iterator[Callable[[str], None]]:
        """Nothing is shown."""
        yield lambda _: None

    def mask(self, secret: str) -> None:
        """There is nobody to hide it from."""

    def warn(self, text: str) -> None:
        """Nothing is shown."""


class NoCloud:
    """No cloud: for library users and tests."""

    def given(self, repository: Repository, context: Context) -> None:
        """There is no identity."""

    def at_hand(self, repository: Repository, context: Context) -> None:
        """There is nobody."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What a step works with.

    ``root`` is the working tree's top; ``state`` a folder outside of every build context, for layouts, caches and
    scratch; ``output`` is ``root/.pipeline-kit``, for what a person should find (record, logs, reports). ``environ`` is
    the environment as it was at the start; a tool gets only what ``process.py`` allows of it.
    """

    root: Path
    state: Path
    output: Path
    environ: Mapping[str, str]
    run: Runner
    event: Event
    identity: RunIdentity
    report: Reporter = msgspec.field(default_factory=Silent)
    clock: Clock = msgspec.field(default_factory=SystemClock)
    cloud: Cloud = msgspec.field(default_factory=NoCloud)

    @property
    def memory(self) -> Path:
        """Where ``memory.py`` keeps what can't change; shared by all working trees of this user, or of this job."""
        return self.state.parent / "memory"

    def mask(self, secret: str) -> None:
        """Keep ``secret`` out of all that is written and shown from now on, and have the CI hide it. To be called
        before it can be printed.
        """
        self.run.secrets.add(secret)
        self.report.mask(secret)

    def log(self, step: str) -> Path:
        """Where the output of the tools of ``step`` goes; an earlier one is removed."""
        path = self.output / "logs" / f"{step}.log"
        output_folder.prepare(self.output)
        tree.fresh(path, top=self.root).close()
        return path

    def keep(self, path: Path, content: bytes) -> None:
        """Have the file ``path`` hold ``content``, without the secrets that are known."""
        tree.write(path, self.run.secrets.clean(content), top=self.top(path))

    def top(self, path: Path) -> Path | None:
        """Where links end on the way to ``path``: the working tree's top. Whoever calls a step may want what it leaves
        elsewhere; then there is none.
        """
        return self.root if path.is_relative_to(self.root) else None
