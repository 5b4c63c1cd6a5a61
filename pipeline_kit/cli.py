"""The command line: finds the command, runs it, and turns every end into an exit code. The only place that exits."""

from __future__ import annotations

import errno
import os
import re
import signal
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, cast

import click

from pipeline_kit import __version__
from pipeline_kit.errors import Exit, Failure, Stopped, alternative, fix, log, why
from pipeline_kit.process import absolute_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline_kit.session import Session

# name -> (module, summary): the help needs no module, and a command imports its own alone.
COMMANDS = {
    "run": ("pipeline_kit.commands.run", "From the commit to the container that serves: all steps in order."),
    "plan": ("pipeline_kit.commands.plan", "Say what run would do, and do nothing."),
    "login": ("pipeline_kit.steps.login", "Who we are to the registry, and what it grants."),
    "version": ("pipeline_kit.steps.version", "The version of this commit."),
    "bump": ("pipeline_kit.steps.bump", "Make the next release: changelog, version files, commit, tag, push."),
    "tag": ("pipeline_kit.steps.tag", "The tags and labels of this commit."),
    "build": ("pipeline_kit.steps.build", "Build the image into an OCI layout on disk."),
    "scan": ("pipeline_kit.steps.scan", "Judge the built image: pass, refused, or cannot tell."),
    "push": ("pipeline_kit.steps.push", "Publish the scanned bytes, then the tags."),
    "deploy": ("pipeline_kit.steps.deploy", "Serve the published digest, and prove that it does."),
    "replay": ("pipeline_kit.commands.replay", "Make a run again from its record, and say where it differs."),
    "registry": ("pipeline_kit.commands.registry", "A registry on this machine."),
    "config": ("pipeline_kit.commands.config", "Show and check the configuration."),
    "explain": ("pipeline_kit.commands.explain", "What a failure means, and the ways out."),
}
_LONGEST_PATH = 200
_UNDEFINED = re.compile(r"\$\(([A-Za-z_][\w.]*)\)\Z")


class Commands(click.Group):
    """The commands, imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name][0]).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table of commands, from the summaries."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


@click.group(
    cls=Commands,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "auto_envvar_prefix": "PIPELINE_KIT",
        "max_content_width": 100,
    },
    epilog="""\b
Examples:
  pipeline-kit run --local     Dockerfile, registry, running container: no account needed
  pipeline-kit plan            what would happen here
  pipeline-kit explain scan.refused

Every option can stand in pipeline-kit.yml, or in PIPELINE_KIT_COMMAND_OPTION.""",
)
@click.version_option(__version__, message="pipeline-kit %(version)s")
def main() -> None:
    """From a commit to a container that serves, one digest all the way."""


def run(arguments: Sequence[str]) -> int:
    """Run the command line; the exit code."""
    from pipeline_kit.ci.inputs import take_inputs
    from pipeline_kit.session import Session

    _reopen_closed()
    take_inputs(os.environ)
    os.environ["PATH"] = absolute_path(os.environ)
    folder = _working_folder()
    session = Session(dict(os.environ), folder or Path("/"), sys.stdout, sys.stderr)
    # From here on libraries, click and the interpreter itself write as we do.
    sys.stdout, sys.stderr = cast("TextIO", session.stdout), cast("TextIO", session.stderr)
    if folder is None:
        return _tell(session, Failure("config.file", "the working directory is gone", fix("cd to one that is there")))
    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGINT) == signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    session.line = lambda failure: _line(session, failure, list(arguments))
    try:
        with session.closing:
            code = _guarded(session, list(arguments))
        session.stdout.end()
        session.stderr.end()
        return code
    except BrokenPipeError:
        # Whoever read our output went away; there is nobody left to tell.
        session.stdout.discard()
        return Exit.BROKE


def _reopen_closed() -> None:
    """Put the null device where a stream was closed before the start: the next file that is opened would take its
    place, and what is told would be written into that.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            setattr(sys, name, os.fdopen(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False))


def _working_folder() -> Path | None:
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def _guarded(session: Session, arguments: list[str]) -> int:
    try:
        _refuse_undefined(session)
        session.refuse_links()
        main.main(args=arguments, prog_name="pipeline-kit", standalone_mode=False, obj=session)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except BrokenPipeError:
        raise
    except (Exception, KeyboardInterrupt, Stopped) as error:  # noqa: BLE001 - the last resort, see _failure_of
        return _tell(session, _failure_of(error, session, arguments))
    return Exit.DONE


def _failure_of(error: BaseException, session: Session, arguments: list[str]) -> Failure:
    """How ``error`` is told. What nobody foresaw is a mistake of ours, and must not look like one of theirs."""
    match error:
        case Failure():
            return error
        case click.UsageError():
            return _misuse(error, session, arguments)
        case KeyboardInterrupt() | click.Abort():
            return Failure("run.interrupted", "interrupted", done=_done(error))
        case Stopped():
            return Failure("run.terminated", "asked to end (SIGTERM)", done=_done(error))
        case OSError(errno=errno.ENOSPC):
            return _disk_full(error)
        case OSError(errno=errno.EACCES | errno.EPERM | errno.EROFS | errno.ENAMETOOLONG | errno.ENOTDIR | errno.ELOOP):
            return _no_access(error)
        case _:
            return _bug(session, error, arguments)


def _misuse(error: click.UsageError, session: Session, arguments: list[str]) -> Failure:
    from pipeline_kit import usage

    if isinstance(error, click.BadParameter):
        return usage.bad_value(error, session.settings)
    return usage.misuse(error, arguments, COMMANDS)


def _done(error: BaseException) -> str:
    """What was done by the time of an interrupt: whoever was in the middle of something has noted how far it got."""
    noted = [note for one in (error, error.__cause__) for note in getattr(one, "__notes__", [])]
    return "; ".join(["children were stopped", *(noted or ["nothing is half-published"])])


def _line(session: Session, failure: Failure, arguments: list[str]) -> str:
    """The line that repeats the failure, '' where it is no command's."""
    from pipeline_kit.commands.reproduce import reproduction

    name, *rest = arguments or [""]
    command = main.get_command(click.Context(main), name)
    return reproduction(command, rest, session, failure) if command else ""


def _tell(session: Session, failure: Failure) -> int:
    session.failed(failure)
    return failure.exit


def _stop(number: int, _: object) -> None:
    raise Stopped(number)


def _refuse_undefined(session: Session) -> None:
    """Azure Pipelines leaves ``$(name)`` in place where no variable has that name."""
    for name, value in session.environ.items():
        if name.startswith("PIPELINE_KIT_") and (found := _UNDEFINED.match(value)):
            raise Failure(
                "config.undefined-variable",
                f"{name} is $({found[1]}), and no variable has that name",
                why("Azure Pipelines leaves $(name) as it is where the variable is not defined."),
                alternative(f"define {found[1]}, or take the reference away"),
            )


def _disk_full(error: OSError) -> Failure:
    where = f" for {error.filename}" if error.filename else ""
    return Failure(
        "tool.disk",
        f"there is no space left on the disk{where}",
        why("Nothing was published by the step that failed; what earlier steps gave is kept."),
        alternative("free some space, and run again"),
    )


def _no_access(error: OSError) -> Failure:
    where = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
    shown = where if len(where) <= _LONGEST_PATH else f"{where[:_LONGEST_PATH]}..."
    return Failure(
        "tool.file",
        f"{shown or 'a file'} can't be used: {error.strerror}",
        why("It is needed for what was asked, and this machine refuses it."),
        alternative("look at its owner and mode, or name another place"),
    )


def _bug(session: Session, error: BaseException, arguments: list[str]) -> Failure:
    import traceback

    path = Path(session.folder) / ".pipeline-kit" / "logs" / "bug.log"
    report: list[Any] = [f"pipeline-kit {__version__}, Python {sys.version.split()[0]}, {sys.platform}", arguments]
    text = session.secrets.text("\n".join([*map(str, report), "".join(traceback.format_exception(error))]))
    try:
        from pipeline_kit import output_folder, tree

        output_folder.prepare(path.parent.parent)
        tree.write(path, text.encode("utf-8", "replace"), top=session.folder)
        note = log(f"{path.relative_to(session.folder)} has what a bug report needs")
    except (OSError, Failure):
        note = log(text)
    name = type(error).__name__
    return Failure("run.bug", f"pipeline-kit itself failed: {name}: {error}"[:300], why("This is our mistake."), note)
