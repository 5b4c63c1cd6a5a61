"""A repository's answers."""

from __future__ import annotations

import os
import re
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pipeline_kit.errors import Failure
from pipeline_kit.git import fetches, refusal, remote, walk, worktree
from pipeline_kit.git.environment import PASSED, SIGNING, safe_environment, with_settings
from pipeline_kit.git.redirects import refuse_redirects
from pipeline_kit.git.settings import Settings
from pipeline_kit.git.tags import all_tags, release_tags
from pipeline_kit.model.git_state import GitState
from pipeline_kit.process import Command, Completed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pipeline_kit.process import Runner

_BRANCH = "refs/heads/"
_HEAD = (
    "rev-parse",
    "--is-shallow-repository",
    "--is-inside-work-tree",
    "HEAD^{commit}",
    "--symbolic-full-name",
    "HEAD",
)
_UNKNOWN_OPTION = 129  # of a git that has no --show-scope
_HINT = "apt-get install git, or https://git-scm.com/downloads"
# Reads end by themselves; this is for a file that never does, such as a pipe that the configuration includes.
_PATIENCE = 600.0


class Head(NamedTuple):
    """The commit that is checked out, its branch ('' where detached), and whether history is cut."""

    commit: str
    branch: str
    shallow: bool


class Git:
    """Questions to the repository that encloses ``folder``. ``environ`` is the caller's environment: what it sets for
    git is the user's, and holds.
    """

    def __init__(self, folder: Path, runner: Runner, environ: Mapping[str, str] | None = None) -> None:
        self._folder = folder
        self._runner = runner
        self._environ = environ or {}

    @cached_property
    def settings(self) -> Settings:
        """The repository's and the user's configuration."""
        environment = safe_environment(self._environ, offline=True)
        found = self._run(("config", "--list", "--show-scope", "-z"), environment, PASSED)
        if found.code not in (0, _UNKNOWN_OPTION):
            raise self._unreadable(found)
        settings = Settings.parse(found.stdout)
        if found.code or settings is None:  # it would run what we switched off
            raise refusal.too_old()
        return settings

    def environment(self, *, network: bool = False) -> dict[str, str]:
        """The variables for a git command in this repository. With ``network`` it may reach a remote, with the user's
        credentials.
        """
        if network:
            return remote.environment(self.settings, self._environ)
        return safe_environment(self._environ, self.settings.without_filters, offline=True)

    def call(self, *arguments: str, stdin: bytes = b"", taker: Callable[[bytes], None] | None = None) -> Completed:
        """A git command's result, whatever its exit code. ``taker`` gets the output in pieces, and the result has none.
        Only fetch, push and ls-remote reach another machine.
        """
        if arguments[0] in remote.PACK:
            return self.reach(*arguments)
        return self._run(arguments, self.environment(), PASSED, stdin, taker=taker)

    def reach(
        self,
        *arguments: str,
        settings: Iterable[tuple[str, str]] = (),
        variables: Mapping[str, str] | None = None,
        patience: float | None = None,
    ) -> Completed:
        """The result of a fetch, push or ls-remote, with the user's credentials, more of git's ``settings`` and
        ``variables``. A git that was stopped since nobody answered within ``patience`` seconds (those of
        ``remote.PATIENCE`` if not said) ends with ``remote.UNANSWERED``, and says so.

        Failure: ``git.redirected``, where the repository's own configuration says which way the request goes.
        """
        refuse_redirects(self)
        verb = arguments[0]
        environment = {**with_settings(self.environment(network=True), settings), **(variables or {})}
        patience = patience or remote.PATIENCE[verb]
        talk = (verb, remote.PACK[verb], *arguments[1:])
        try:
            return self._run(talk, environment, (*PASSED, *remote.PASSED), timeout=patience)
        except Failure as failure:
            if failure.kind != "tool.timeout":
                raise
        said = f"did not answer within {patience:.0f} s"
        return Completed(Command(argv=("git", *talk)), remote.UNANSWERED, b"", said, said, patience)

    def write(
        self,
        *arguments: str,
        stdin: bytes = b"",
        settings: Iterable[tuple[str, str]] = (),
        variables: Mapping[str, str] | None = None,
    ) -> Completed:
        """The result of a command that makes objects and refs here, and may sign them as the user's configuration says;
        git, gpg and ssh-keygen see what they need of the environment, and no more.
        """
        environment = {**with_settings(self.environment(), settings), **(variables or {})}
        return self._run(arguments, environment, (*PASSED, *SIGNING), stdin, timeout=None)

    def lines(self, *arguments: str) -> list[str]:
        """A git command's output by lines; a failure if it ended with anything but 0."""
        return _lines(self.call(*arguments).checked("git.broke").text)

    def top(self) -> Path:
        """The working tree's top."""
        found = self.call("rev-parse", "--show-toplevel")
        if found.code:
            raise self._unreadable(found)
        return Path(found.text)

    def file(self, name: str) -> Path:
        """Where this working tree's git keeps its file ``name``, which may not be there."""
        return self._folder / self.call("rev-parse", "--git-path", name).checked("git.broke").text

    def state(self, prefix: str = "v") -> GitState:
        """HEAD, the release tags around it, and the commits since the last release."""
        return self.states({"": prefix})[""]

    def states(self, prefixes: Mapping[str, str], *, paths: bool = False) -> dict[str, GitState]:
        """The state of each package of a repository of several, by name, in one pass; ``prefixes`` are those of their
        tags. ``paths`` asks for the paths of all commits, which tell whose they are (``Rules.counts``).
        """
        settings, head, every = self.settings, self.head(), all_tags(self)
        by_prefix = {prefix: release_tags(every, prefix) for prefix in {*prefixes.values()}}
        named = {name: by_prefix[prefix] for name, prefix in prefixes.items()}
        latest, history = walk.since_release(self, head.commit, named, paths=paths)
        passed = {name: walk.outrun(self, head.commit, latest[name], tags, history) for name, tags in named.items()}
        dirty = worktree.changed(self, settings)
        fetched = "" if every else fetches.tags_fetched(self, head.branch)
        return {
            name: GitState(
                commit=head.commit,
                time=history.time,
                branch=head.branch,
                here=tuple(tag for tag in tags if tag.commit == head.commit),
                latest=latest[name],
                since=history.after(walk.commit_of(latest[name])),
                outrun=passed[name][0],
                outrun_by=passed[name][1],
                tags=tags,
                dirty=dirty,
                shallow=head.shallow,
                has_tags=bool(every),
                fetched=fetched,
                remote=settings.remote_of(head.branch),
            )
            for name, tags in named.items()
        }

    def has(self, commit: str) -> bool:
        """Whether the commit of that whole id is in this clone."""
        return is_commit(commit) and self.call("cat-file", "-e", f"{commit}^{{commit}}").code == 0

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether ``newer`` descends from ``older``; false where one of them is not here. Both are commit ids."""
        if not (is_commit(older) and is_commit(newer)):
            return False
        return self.call("merge-base", "--is-ancestor", "--end-of-options", older, newer).code == 0

    def unshallow(self) -> None:
        """Fetch from the branch's remote what a version needs and this clone lacks: the history of HEAD, and the tags.

        Failure: ``git.unshallow``, where the remote did not give it. No tag is moved.
        """
        remote.complete(self, self.settings.remote_name(self.head().branch))

    def head(self) -> Head:
        """HEAD; a failure where there is none, or where GIT_DIR names another repository."""
        found = self.call(*_HEAD)
        named = self._environ.get("GIT_DIR", "")
        if named and found.code == 0 and not self._is_here(named):
            raise refusal.elsewhere(named, self._folder)
        match _lines(found.text):
            case [_, "false", *_]:
                raise refusal.bare(self._folder)
            case [shallow, "true", commit, ref] if found.code == 0:
                return Head(commit, ref.removeprefix(_BRANCH) if ref.startswith(_BRANCH) else "", shallow == "true")
            case [shallow, "true", commit] if is_commit(commit):
                # A branch or tag is called HEAD, and git won't tell one from the other there.
                return Head(commit, self._symbolic_head().removeprefix(_BRANCH), shallow == "true")
            case [_, "true", *_]:
                raise refusal.no_commit(self._symbolic_head(), self.call("rev-parse", "--verify", "HEAD"))
        raise self._unreadable(found)

    def _is_here(self, git_dir: str) -> bool:
        """Whether GIT_DIR, which is never followed, names this repository: a hook of it sets it."""
        found = self.call("rev-parse", "--absolute-git-dir").checked("git.broke").text
        # A linked worktree and a submodule have a file that leads there.
        return os.path.realpath(git_dir) in (os.path.realpath(found), os.path.realpath(self.top() / ".git"))

    def _unreadable(self, found: Completed) -> Failure:
        return refusal.unreadable(found, self._folder, self._environ.get("GIT_DIR", ""))

    def _symbolic_head(self) -> str:
        found = self.call("symbolic-ref", "--quiet", "HEAD")
        return found.text if found.code == 0 else ""

    def _run(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        passed: tuple[str, ...],
        stdin: bytes = b"",
        *,
        taker: Callable[[bytes], None] | None = None,
        timeout: float | None = _PATIENCE,
    ) -> Completed:
        self._runner.require("git", _HINT)
        command = Command(
            argv=("git", "--no-pager", *arguments),
            cwd=self._folder,
            allow=passed,
            extra=environment,
            stdin=stdin,
            timeout=timeout,
        )
        return self._runner.run(command, on_output=taker)


def _lines(text: str) -> list[str]:
    """The lines as git ends them: a name may hold what str.splitlines takes for an end."""
    return text.split("\n") if text else []


def is_commit(text: str) -> bool:
    """Whether ``text`` is a whole commit id."""
    return bool(re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", text))
