"""One invocation of the command line: where we are, who called, how to answer."""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from functools import cache, cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from msgspec.structs import replace

from pipeline_kit import ci, config, output_folder, state_folder
from pipeline_kit.azure.ids import Id, Ids
from pipeline_kit.azure.sign_in import Azure
from pipeline_kit.ci.messages import Annotation, Output, Variable
from pipeline_kit.config import Settings
from pipeline_kit.context import Context
from pipeline_kit.errors import Failure, Place, alternative, fix, why
from pipeline_kit.flow import Flow, Outcome, Skip
from pipeline_kit.model.reference import Repository
from pipeline_kit.process import Runner
from pipeline_kit.record import NAME as RECORD
from pipeline_kit.redaction import Redactor
from pipeline_kit.render import lines
from pipeline_kit.render.style import Style
from pipeline_kit.render.terminal import Terminal
from pipeline_kit.render.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pipeline_kit.steps.command import Shared, StepCommand


class Session:
    """What the commands share. ``step`` is the one that runs now: a failure belongs to it. ``answers`` is a step that
    runs alone and only answers; ``line`` makes the line that repeats a failure. ``closing`` is done at the end,
    however it comes, when all is told.
    """

    def __init__(self, environ: Mapping[str, str], folder: Path, stdout: IO[str], stderr: IO[str]) -> None:
        self.environ = environ
        self.folder = folder
        self.step = ""
        self.stopped_before = ""
        self.started = 0.0
        self.answers = False
        self.line: Callable[[Failure], str] | None = None
        self.closing = ExitStack()
        self._of_base: dict[str, Settings] = {}
        self.dialect = ci.detect(environ)
        self.secrets = Redactor()
        in_ci = self.dialect.NAME != "local"
        self.stdout = Writer(stdout, replace(Style.of(stdout, environ, in_ci=in_ci), colour=False))
        self.stderr = Writer(stderr, Style.of(stderr, environ, in_ci=in_ci), self.secrets.text)
        self.terminal = Terminal(self.stderr, self.dialect, environ)

    @property
    def folder_in_tree(self) -> Path:
        """The working directory, from the working tree's top."""
        return self.folder.relative_to(_root(self.folder))

    @cached_property
    def context(self) -> Context:
        """The context of this invocation. An event that hands secrets to anyone's code is refused here, but to a step
        that runs nothing of the repository.
        """
        event, identity = self.dialect.event(self.environ)
        if event.unsafe and not self.answers:
            raise Failure(
                "config.unsafe-event",
                "pull_request_target is refused",
                why("It gives its secrets to a workflow that builds code which anyone can propose."),
                fix("on: pull_request  # runs everything that is safe"),
            )
        root = _root(self.folder)
        state = self._state(root)
        _refuse_unreadable(root, state)
        return Context(
            root=root,
            state=state,
            output=root / output_folder.NAME,
            environ=self.environ,
            run=Runner(self.environ, self.secrets),
            event=event,
            identity=identity,
            report=self.terminal,
        )

    def refuse_links(self) -> None:
        """On a CI: have nothing in the folder that becomes an artifact but files."""
        if self.dialect.NAME != "local":
            output_folder.refuse_links(_root(self.folder) / output_folder.NAME)

    def settings(self, given: str) -> Settings:
        """The configuration: the file that was given, else the one here or above, else nothing."""
        return _settings(self.folder, given)

    def defaults(self, given: str, step: str, environment: str) -> dict[str, Any]:
        """The configuration file's values for the options of ``step``, with those of the shared ones."""
        settings = self.settings(given)
        if environment and environment not in settings.environments():
            raise _no_environment(environment, settings)
        found = self.settings_of(step, given).options(step, environment)
        if image := settings.text("environments", environment, "image") or settings.text("image"):
            found["image"] = image
        return found

    def settings_of(self, step: str, given: str) -> Settings:
        """The configuration that the options of ``step`` come from. Those of a pull request's scan come from the branch
        that it goes to; only a file that is not in the tree is the workflow's own.
        """
        # Only a scan asks for the context: an event that it refuses is answered by version and tag.
        if step != "scan" or self.context.event.kind != "pull_request":
            return self.settings(given)
        if not Path(os.path.normpath(self.folder / given)).is_relative_to(self.context.root):
            return self.settings(given)
        if given not in self._of_base:
            from pipeline_kit.base_policy import settings_of_base

            self._of_base[given] = settings_of_base(self.context, self.folder, given)
        return self._of_base[given]

    def flow(self, shared: Shared, given: dict[str, str] | None = None) -> Flow:
        """A flow for this working tree; ``given`` are options of steps that win over all, as ``--set`` has them."""
        from pipeline_kit.commands.chain import options_of
        from pipeline_kit.steps.version import rules_of

        settings = self.settings(shared.config)
        flow = Flow(
            context=replace(self.context, cloud=Azure(self._azure_ids(settings))),
            settings=settings,
            image=self._image(shared, settings),
            environment=shared.environment,
            rules=rules_of(settings, **options_of(self, shared, "version", given or {})),
            record_path=self.context.output / RECORD,
            scan_options=lambda: options_of(self, shared, "scan", given or {}),
        )
        output_folder.refuse_tracked(self.context.output, flow.git)
        return flow

    def alone(self, command: StepCommand, shared: Shared, options: dict[str, Any]) -> None:
        """Run one step under the lock of its working tree, and print its result."""
        from pipeline_kit.commands.chain import PURE, ask_pure_steps
        from pipeline_kit.steps import ORDER

        self.answers = command.name in PURE
        flow = self.flow(shared)
        flow.completes = command.name == "push"
        flow.answers = self.answers
        flow.sealed = command.name == PURE[0]
        self.terminal.begin(str(command.name))
        with flow.locked():
            if command.name in ORDER:
                ask_pure_steps(self, flow, shared, str(command.name))
            outcome = self.perform(command, flow, options)
        if outcome is not None:
            self.result(outcome.result, outcome.value, shared.output)

    def perform(self, command: StepCommand, flow: Flow, options: dict[str, Any]) -> Outcome | None:
        """Run one step: its line, its entry in the record, its outputs for the CI. None if it had nothing to do."""
        name = str(command.name)
        clock = flow.context.clock
        self.begin(name, clock.monotonic())
        started = clock.now()
        try:
            outcome = command.perform(flow, **options)
        except Skip as skip:
            flow.keep_skipped(name, str(skip))
            self.terminal.step(name, "skipped", str(skip), self.elapsed())
            self._send_outputs(skip.outputs)
            return None
        except Failure as failure:
            failure.cleaned(self.secrets.text)
            if failure.kind.partition(".")[0] not in ("git", "config", "record"):
                flow.keep_failure(name, started, self.elapsed(), failure)
            raise
        seconds = self.elapsed()
        flow.keep(name, started, seconds, outcome)
        self.terminal.step(name, outcome.word, outcome.detail, seconds)
        self._send_outputs(outcome.outputs)
        for key, value in outcome.variables.items():
            self.terminal.send(Variable(key, value))
        self.step = ""
        return outcome

    def _send_outputs(self, outputs: Mapping[str, str]) -> None:
        for key, value in outputs.items():
            self.terminal.send(Output(key, value))

    def begin(self, step: str, now: float) -> None:
        """Name the step that runs from now on."""
        self.step = step
        self.started = now
        self.terminal.begin(step)

    def elapsed(self) -> float:
        """Seconds since the step began."""
        return self.context.clock.monotonic() - self.started

    def result(self, text: str, value: object, output: str) -> None:
        """Write the result on standard output: ``text``, nothing where that is '', or ``value`` as JSON."""
        if output == "json":
            from pipeline_kit.render.json import json_text

            text = json_text(_only(value), ascii_alone=not self.stdout.style.unicode)
        try:
            self.stdout.write(f"{text}\n" if text else "")
        except BrokenPipeError:
            raise
        except OSError as error:
            self.stdout.discard()
            raise Failure(
                "run.output",
                f"the answer can't be written to standard output: {error.strerror}",
                why("What the lines above say is done; only its answer is missing."),
                done="what the lines above say is done",
            ) from error

    def failed(self, failure: Failure) -> None:
        """Tell a failure, once and last: the CI's annotation, the step's line, the block."""
        self._complete(failure)
        failure.cleaned(self.secrets.text)
        step = self.step or "config"
        seconds = self.elapsed() if self.started else 0.0
        if self.dialect.NAME != "local":
            text = "\n".join([failure.headline, *(f"{note.label}: {note.text}" for note in failure.notes)])
            place = failure.place or Place("")
            self.terminal.send(Annotation("error", text, f"{step} {failure.exit.word}", place if place.file else None))
        self.terminal.failure(failure, step, seconds, self.stopped_before)

    def told(self, failure: Failure) -> list[str]:
        """The failed step's line and block, without colour, for a page."""
        self._complete(failure)
        plain = Style(colour=False, unicode=True, live=False)
        first = lines.step_line(plain, self.step, failure.exit.word, failure.headline, self.elapsed())
        block = lines.failure_block(plain, failure, self.step, self.stopped_before)
        return [plain.shown(line) for line in (first, *block)]

    def _complete(self, failure: Failure) -> None:
        """Give the failure the line that repeats it. Who has just mistyped a command knows that line already."""
        mistyped = failure.kind.startswith("config.") and not self.step and self.dialect.NAME == "local"
        if failure.reproduce is None and self.line and not mistyped:
            failure.reproduce = self.line(failure)

    def _image(self, shared: Shared, settings: Settings) -> Repository | None:
        text = shared.image or self._default_image()
        try:
            return Repository.parse(text) if text else None
        except ValueError as error:
            place = settings.place("image") if shared.image == settings.text("image") else None
            where = f"{place}, " if place else ""
            raise Failure("config.type", f"{where}image: {error}", place=place) from error

    def _azure_ids(self, settings: Settings) -> Ids:
        """The identity that is to sign in to Azure: the environment's word wins over the configuration's."""

        def named(key: str) -> Id:
            variable = f"PIPELINE_KIT_AZURE_{key.upper()}"
            if value := self.environ.get(variable):
                return Id(value, variable)
            place = settings.place("azure", key)
            return Id(settings.text("azure", key), f"{place.file}:{place.line}" if place else "")

        return Ids(named("client"), named("tenant"))

    def _default_image(self) -> str:
        """On GitHub without a configuration: GitHub's own registry, under the repository's name."""
        name = self.context.event.repository.lower()
        known = self.context.identity.ci == "github" and re.fullmatch(r"[a-z0-9._-]+/[a-z0-9._-]+", name)
        return f"ghcr.io/{name}" if known else ""

    def _state(self, root: Path) -> Path:
        if temporary := ci.temporary_folder(self.environ):
            return _absolute(temporary, self.dialect.TEMPORARY_FOLDER) / "pipeline-kit" / state_folder.name_of(root)
        if cache_home := self.environ.get("XDG_CACHE_HOME"):
            cache = _absolute(Path(cache_home), "XDG_CACHE_HOME")
        else:
            cache = _absolute(_home(self.environ), "HOME") / ".cache"
        return cache / "pipeline-kit" / "runs" / state_folder.name_of(root)


@cache
def _settings(folder: Path, given: str) -> Settings:
    root = _root(folder)
    if given:
        path = Path(os.path.normpath(folder / given))
        if not _is_there(path):
            raise Failure("config.file", f"there is no file {given}", fix("pipeline-kit COMMAND --config FILE"))
        # Only whoever writes the workflow can name one that is not in the tree.
        return config.load(path, given, top=root if path.is_relative_to(root) else None)
    path = next((one / config.NAME for one in _upwards(folder) if _is_there(one / config.NAME)), Path())
    return config.load(path, config.NAME, top=root) if path.name else Settings()


def _is_there(path: Path) -> bool:
    try:
        return os.path.lexists(path)
    except ValueError:  # a name that no file can have
        return False


def _refuse_unreadable(*folders: Path) -> None:
    """Refuse a path that has no text: a record, a label and a tag have to name what is in it."""
    for folder in folders:
        try:
            str(folder).encode()
        except UnicodeEncodeError:
            shown = os.fsencode(folder).decode("utf-8", "backslashreplace")
            raise Failure(
                "config.file",
                f"the path {shown} can't be read as UTF-8",
                why("Either its name is in another encoding, or this locale (LANG, LC_ALL) is."),
                alternative("export LC_ALL=C.UTF-8, or rename the folder"),
            ) from None


def _absolute(folder: Path, variable: str) -> Path:
    """The folder that the variable names: a relative one would be another folder for each that reads it."""
    if folder.is_absolute():
        return folder
    raise Failure(
        "config.file",
        f"{variable} is {str(folder)!r}, which is no absolute path",
        why("What is kept there would lie in the working tree, and become a part of the image."),
        fix(f"export {variable}=/a/folder/of/yours"),
    )


def _root(folder: Path) -> Path:
    """The working tree's top, found without asking git; the folder itself where there is none."""
    return next((one for one in _upwards(folder) if (one / ".git").exists()), folder)


def _home(environ: Mapping[str, str]) -> Path:
    """The user's folder. Never one in the working tree: what is kept there would be part of the image."""
    if home := environ.get("HOME"):
        return Path(home)
    import pwd
    import tempfile

    try:
        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except KeyError:
        folder = Path(tempfile.gettempdir()) / f"pipeline-kit-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        # What is kept there is believed, and anyone can make a folder of that name.
        if folder.is_symlink() or folder.stat().st_uid != os.getuid():
            raise Failure(
                "config.file", f"{folder} belongs to somebody else", fix("export HOME=/a/folder/of/yours")
            ) from None
        return folder


def _upwards(folder: Path) -> list[Path]:
    """``folder`` and those above it, up to the working tree's top."""
    found = []
    for one in (folder, *folder.parents):
        found.append(one)
        if (one / ".git").exists():
            return found
    return [folder]


def _only(value: object) -> object:
    """The one value that is set, where ``value`` is a step's."""
    from pipeline_kit.record import Values

    if not isinstance(value, Values):
        return value
    return next((one for one in (getattr(value, name) for name in value.__struct_fields__) if one is not None), None)


def _no_environment(name: str, settings: Settings) -> Failure:
    known = ", ".join(settings.environments()) or "none"
    return Failure(
        "config.usage",
        f'there is no environment "{name}"',
        why(f"{settings.shown or config.NAME} has: {known}."),
    )
