"""The one place that starts processes.

Argument lists and never a shell; the child's environment is an allow-list, so that no tool sees a secret it was not
given; both pipes are read while it runs, and known secrets are taken out of what is logged and shown; and on Ctrl-C,
SIGTERM or a timeout its whole process group is stopped. What takes long is stopped as well when we are killed: by
``keeper.py``, a program beside it.
"""

from __future__ import annotations

import os
import select
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from pipeline_kit import tree
from pipeline_kit.errors import Failure, alternative, quote, why
from pipeline_kit.redaction import Redactor

if TYPE_CHECKING:
    from collections.abc import Callable

# What every program needs to work at all; everything else is given to a command by name (Command.allow).
_ALLOWED = (
    *("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"),
    *("XDG_RUNTIME_DIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"),
    *(
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
    ),
)
# A group gets SIGINT first, since build tools clean up on it; then SIGTERM; then SIGKILL. A CI gives 7.5 s and 2.5 s.
_GRACE = ((signal.SIGINT, 4.0), (signal.SIGTERM, 2.0), (signal.SIGKILL, 2.0))
_KEPT_LINES = 400


class Command(msgspec.Struct, frozen=True, kw_only=True):
    """A program to run. ``allow`` names further variables it may see; ``extra`` are set for it. ``stdout_to`` sends its
    standard output to a file; ``log`` gets both streams as they come; ``timeout`` is in seconds, None waits for ever.
    What has a ``log``, or is ``tied``, is stopped when this program is killed.
    """

    argv: tuple[str, ...]
    cwd: Path | None = None
    allow: tuple[str, ...] = ()
    extra: Mapping[str, str] = msgspec.field(default_factory=dict)
    stdin: bytes = b""
    stdout_to: Path | None = None
    log: Path | None = None
    timeout: float | None = None
    tied: bool = False

    def __str__(self) -> str:
        return shlex.join(self.argv)


class Completed(msgspec.Struct, frozen=True):
    """How a command ended. ``stdout`` is whole unless it went to a file, ``stderr`` holds its last lines; ``output``
    are the last lines of both, in the order they came. Secrets are taken out of the two that are lines.
    """

    command: Command
    code: int
    stdout: bytes
    stderr: str
    output: str
    seconds: float

    @property
    def text(self) -> str:
        """Standard output as text, without the final newline."""
        return self.stdout.decode("utf-8", "replace").rstrip("\n")

    def checked(self, kind: str = "tool.broke") -> Completed:
        """This, if the command ended with 0; else the failure with its own last words."""
        if self.code == 0:
            return self
        name = Path(self.command.argv[0]).name
        how = f"was killed by signal {-self.code}" if self.code < 0 else f"ended with exit code {self.code}"
        raise Failure(kind, f"{name} {how}", why(f"The command was: {self.command}"), evidence=quote(self.output))


class Runner:
    """Runs commands with the environment it was made with. ``secrets`` are kept out of logs, and of lines."""

    def __init__(self, environ: Mapping[str, str], secrets: Redactor | None = None) -> None:
        self.secrets = secrets or Redactor()
        self._environ = {**environ, "PATH": absolute_path(environ)}

    def find(self, program: str) -> Path | None:
        """Where ``program`` is, None if it is not installed. A name with a slash is taken as a path."""
        folders = self._environ["PATH"].split(os.pathsep)
        paths = [Path(program)] if "/" in program else [Path(folder, program) for folder in folders]
        return next((path for path in paths if os.access(path, os.X_OK) and path.is_file()), None)

    def require(self, program: str, hint: str) -> Path:
        """Where ``program`` is; without it a failure that gives ``hint``."""
        found = self.find(program)
        if found is None:
            raise Failure(
                "tool.missing",
                f"{program} is not installed",
                why("It was looked for in the folders of PATH."),
                alternative(hint),
            )
        return found

    def run(
        self,
        command: Command,
        on_line: Callable[[str], None] | None = None,
        on_output: Callable[[bytes], None] | None = None,
    ) -> Completed:
        """Run ``command`` to its end. ``on_line`` gets each line of both streams as it comes, without the newline, one
        call at a time; it must not raise. ``on_output`` takes standard output itself, in pieces of up to 64 KiB, and
        nothing of it is kept. The exit code is the caller's to judge (``Completed.checked``).
        """
        started = time.monotonic()
        with _file(command.log, tree.appended) as log, _file(command.stdout_to, tree.fresh) as stdout_file:
            process = self._start(command, stdout_file)
            tail = _Tail(log, on_line, self.secrets)
            captured: list[bytes] = []
            threads = [threading.Thread(target=tail.read, args=(process.stderr, True), daemon=True)]
            if process.stdout and on_output:
                threads.append(threading.Thread(target=_pour, args=(process.stdout, on_output), daemon=True))
            elif process.stdout:
                threads.append(threading.Thread(target=tail.read, args=(process.stdout, False, captured), daemon=True))
            if process.stdin:
                threads.append(threading.Thread(target=_feed, args=(process.stdin, command.stdin), daemon=True))
            for thread in threads:
                thread.start()
            with _kept(process, command):
                try:
                    code = _wait(process, command.timeout)
                except subprocess.TimeoutExpired:
                    _stop(process)
                    raise _timed_out(command) from None
                except BaseException:
                    _stop(process)
                    raise
            for thread in threads:
                thread.join(5.0)  # a grandchild may hold a pipe open: what the command itself said is here by then
        return Completed(
            command, code, b"".join(captured), "\n".join(tail.stderr), "\n".join(tail.both), time.monotonic() - started
        )

    def _start(self, command: Command, stdout_file: IO[bytes] | None) -> subprocess.Popen[bytes]:
        program = self.require(command.argv[0], f"Install {command.argv[0]}, or put its folder on PATH.")
        names = (*_ALLOWED, *command.allow)
        environ = {name: self._environ[name] for name in names if name in self._environ} | dict(command.extra)
        try:
            return subprocess.Popen(
                [str(program), *command.argv[1:]],
                cwd=command.cwd,
                env=environ,
                stdin=subprocess.PIPE if command.stdin else subprocess.DEVNULL,
                stdout=stdout_file or subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise Failure("tool.broke", f"{program.name} could not be started: {error}") from error


def absolute_path(environ: Mapping[str, str]) -> str:
    """PATH without the folders that are relative, or empty: each would be one of the repository's, and what git, ssh or
    a credential helper look for themselves would be found there too.
    """
    return os.pathsep.join(one for one in os.get_exec_path(environ) if one.startswith("/")) or os.defpath


def sha256_of(program: Path) -> str:
    """The hash of the file that runs, links followed: what a record names a tool by."""
    with program.resolve().open("rb") as file:
        import hashlib

        return hashlib.file_digest(file, "sha256").hexdigest()


class _Tail:
    """Reads both pipes: everything to the log and the listener, the last lines into memory."""

    def __init__(self, log: IO[bytes] | None, on_line: Callable[[str], None] | None, secrets: Redactor) -> None:
        self.stderr: deque[str] = deque(maxlen=_KEPT_LINES)
        self.both: deque[str] = deque(maxlen=_KEPT_LINES)
        self._log = log
        self._on_line = on_line
        self._secrets = secrets
        self._lock = threading.Lock()

    def read(self, pipe: IO[bytes], is_stderr: bool, captured: list[bytes] | None = None) -> None:  # noqa: FBT001 - a thread's argument
        # A limit on a line: a progress bar without newlines must not fill the memory.
        stream = self._secrets.stream()
        while chunk := pipe.readline(1 << 20):
            if captured is not None:
                captured.append(chunk)
            self._keep(stream.feed(chunk), is_stderr)
        self._keep(stream.rest(), is_stderr)
        pipe.close()

    def _keep(self, chunk: bytes, is_stderr: bool) -> None:  # noqa: FBT001 - as above
        if not chunk:
            return
        line = chunk.decode("utf-8", "replace").rstrip("\r\n")
        with self._lock:
            if self._log and not self._log.closed:
                self._log.write(chunk)
            self.both.append(line)
            if is_stderr:
                self.stderr.append(line)
            if self._on_line:
                self._on_line(line)


@contextmanager
def _file(path: Path | None, open_it: Callable[[Path], IO[bytes]]) -> Iterator[IO[bytes] | None]:
    """The file while the block lasts, None for none. It has no buffer: a killed run leaves its log."""
    if path is None:
        yield None
        return
    with open_it(path) as file:
        yield file


@contextmanager
def _kept(process: subprocess.Popen[bytes], command: Command) -> Iterator[None]:
    """Have the process group stopped, should this program be killed before the block ends."""
    if not (command.log or command.tied):
        yield
        return
    keeper = None
    with suppress(OSError):  # without one the command is not stopped, that is all
        keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("keeper.py")), str(process.pid)],
            cwd="/",
            env={},
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    try:
        yield
    finally:
        if keeper:
            keeper.communicate(b".")


def _wait(process: subprocess.Popen[bytes], timeout: float | None) -> int:
    """The exit code. Python's own wait with a timeout looks every so often, which costs a quick command its own time
    again.
    """
    if timeout is not None and hasattr(os, "pidfd_open"):
        ended = os.pidfd_open(process.pid)
        try:
            poll = select.poll()
            poll.register(ended, select.POLLIN)
            poll.poll(timeout * 1000)
        finally:
            os.close(ended)
        timeout = 0
    return process.wait(timeout)


def _pour(pipe: IO[bytes], taker: Callable[[bytes], None]) -> None:
    while chunk := os.read(pipe.fileno(), 1 << 16):
        taker(chunk)
    pipe.close()


def _feed(pipe: IO[bytes], content: bytes) -> None:
    try:
        pipe.write(content)
        pipe.close()
    except BrokenPipeError:
        return  # the program did not want to read it all


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the whole group, so that a build's own children end too."""
    for number, patience in _GRACE:
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(patience)
            break
        except subprocess.TimeoutExpired:
            continue
    try:
        os.killpg(process.pid, signal.SIGTERM)  # children that outlived the leader
    except ProcessLookupError:
        return


def _timed_out(command: Command) -> Failure:
    name = Path(command.argv[0]).name
    return Failure(
        "tool.timeout",
        f"{name} did not end within {command.timeout:.0f} s",
        why(f"It was stopped. The command was: {command}"),
    )
