"""A small repository to build, and who is told about it: for the contract tests of the engines."""

from __future__ import annotations

import json
import os
import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pipeline_kit.context import Context
from pipeline_kit.engines.request import BuildRequest
from pipeline_kit.errors import Failure, Stopped
from pipeline_kit.model.event import Event, RunIdentity
from pipeline_kit.oci.layout import blob_path, read
from pipeline_kit.oci.verify import verify
from pipeline_kit.process import Runner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pipeline_kit.engines import Engine
    from pipeline_kit.model.digest import Digest
    from pipeline_kit.oci.layout import Layout

TIME = 1_700_000_000


@dataclass
class Heard:
    """A reporter that keeps what it is told."""

    lines: list[str] = field(default_factory=list)
    steps: list[tuple[str, int, int]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    masked: list[str] = field(default_factory=list)
    listener: Callable[[str], None] | None = None

    @contextmanager
    def activity(self, title: str) -> Iterator[Heard]:
        yield self

    def update(self, what: str = "", done: int = 0, total: int = 0) -> None:
        self.steps.append((what, done, total))

    @contextmanager
    def tool_output(self, title: str) -> Iterator[Callable[[str], None]]:
        yield self._hear

    def mask(self, secret: str) -> None:
        self.masked.append(secret)

    def warn(self, text: str) -> None:
        self.warnings.append(text)

    def _hear(self, line: str) -> None:
        self.lines.append(line)
        if self.listener:
            self.listener(line)


@dataclass
class Project:
    """A repository in ``root`` that ``engine`` builds. ``contexts`` and ``before`` give it a base image."""

    root: Path
    engine: Engine
    environ: Mapping[str, str]
    contexts: Mapping[str, str] = field(default_factory=dict)
    heard: Heard = field(default_factory=Heard)

    @property
    def context(self) -> Context:
        environ = {**os.environ, **self.environ}
        return Context(
            root=self.root,
            state=self.root.with_name(f"{self.root.name}-state"),
            output=self.root / ".pipeline-kit",
            environ=environ,
            run=Runner(environ),
            event=Event(kind="local"),
            identity=RunIdentity(ci="local"),
            report=self.heard,
        )

    @property
    def layout(self) -> Layout:
        """What was built."""
        return read(self._destination)

    @property
    def config(self) -> Any:
        """The config of what was built."""
        return json.loads(blob_path(self._destination, self.layout.platforms[0].config).read_bytes())

    @property
    def log(self) -> str:
        """What the engine said."""
        return (self.root / ".pipeline-kit/logs/build.log").read_text()

    @property
    def is_built(self) -> bool:
        """Whether there is an image, whole or not."""
        return (self._destination / "index.json").exists()

    def write(self, dockerfile: str, **files: str) -> Project:
        """Fill the repository; ``__`` in a file's name stands for a dot."""
        for name, content in {"Dockerfile": dockerfile, **files}.items():
            path = self.root / name.replace("__", ".")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
        return self

    def build(self, **options: Any) -> Digest:
        """Build it, hash every blob of it, and return its digest."""
        context = self.context
        facts = self.engine.find(context)
        assert facts
        given = {"folder": self.root, "dockerfile": self.root / "Dockerfile", "time": TIME, "contexts": self.contexts}
        self._destination.mkdir(exist_ok=True)
        (self._destination / "index.json").unlink(missing_ok=True)
        self.engine.build(BuildRequest(**(given | options)), facts, self._destination, context, context.log("build"))
        return verify(self._destination, None).digest

    def fails(self, **options: Any) -> Failure:
        """The failure of a build that leaves no image."""
        with pytest.raises(Failure) as caught:
            self.build(**options)
        assert not self.is_built
        return caught.value

    @property
    def _destination(self) -> Path:
        return self.root.with_name(f"{self.root.name}-layout")


@contextmanager
def stopped_at(project: Project, words: str) -> Iterator[None]:
    """Stop the run, as a signal does, as soon as the engine says ``words``; the block must not come to its end."""

    def stop(number: int, frame: object) -> None:
        raise Stopped(number)

    def listen(line: str) -> None:
        if words in line:
            project.heard.listener = None
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, stop)
    project.heard.listener = listen
    try:
        with pytest.raises(Stopped):
            yield
    finally:
        signal.signal(signal.SIGUSR1, before)


def running(words: str) -> list[str]:
    """The command lines of this machine's processes that have ``words`` in them, other than ours."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if words in line and path.parent.name != str(os.getpid()):
            found.append(line)
    return found
