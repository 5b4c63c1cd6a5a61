"""The repository's answers: one function, one question, a few big git calls.

Whatever a repository holds is hostile: its configuration can name programs (fsmonitor, hooks, gpg, aliases), and its
refs and messages are text that anyone may have written. So every call switches those programs off, takes no optional
locks, never asks a person, and passes refs only in full and after ``--end-of-options``.

Reads go through ``process.Runner``, which gives git no secret and costs a tenth of GitPython's import; writes
(``release.py``) go through GitPython.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, fix, quote, why
from pipeline_kit.model import version
from pipeline_kit.model.git_state import Commit, GitState, ReleaseTag
from pipeline_kit.process import Command, Completed

if TYPE_CHECKING:
    from pipeline_kit.process import Runner

SAFE_CONFIG = {
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.pager": "cat",
    "log.showSignature": "false",
    "gpg.program": "false",
    "safe.bareRepository": "explicit",
    "protocol.ext.allow": "never",
    "submodule.recurse": "false",
    "core.quotePath": "false",
}
_BRANCH = "refs/heads/"
# How many of the highest tags are asked one by one whether HEAD descends from them; then all are asked at once.
_ASKED_ALONE = 16


def safe_environment() -> dict[str, str]:
    """Variables that keep git from running anything the repository names, or asking a person."""
    environ = {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_COUNT": str(len(SAFE_CONFIG)),
    }
    for index, (key, value) in enumerate(SAFE_CONFIG.items()):
        environ |= {f"GIT_CONFIG_KEY_{index}": key, f"GIT_CONFIG_VALUE_{index}": value}
    return environ


class Git:
    """Questions to the repository that encloses ``folder``."""

    def __init__(self, folder: Path, runner: Runner) -> None:
        self._folder = folder
        self._runner = runner

    def call(self, *arguments: str) -> Completed:
        """A git command's result, whatever its exit code."""
        self._runner.require("git", "apt-get install git, or https://git-scm.com/downloads")
        argv = ("git", "--no-pager", *arguments)
        return self._runner.run(Command(argv=argv, cwd=self._folder, extra=safe_environment()))

    def lines(self, *arguments: str) -> list[str]:
        """A git command's output by lines; a failure if it ended with anything but 0."""
        return self.call(*arguments).checked("git.broke").stdout.decode("utf-8", "replace").splitlines()

    def top(self) -> Path:
        """The working tree's top."""
        found = self.call("rev-parse", "--show-toplevel")
        if found.code:
            raise self._unreadable(found)
        return Path(found.text)

    def state(self, prefix: str = "v") -> GitState:
        """HEAD, the release tags around it, and the commits since the last release."""
        commit, time, shallow = self._head()
        tags = self._release_tags(prefix)
        here = tuple(tag for tag in tags if tag.commit == commit)
        latest = self._latest([tag for tag in tags if tag.commit != commit], commit)
        return GitState(
            commit=commit,
            time=time,
            branch=self._branch(),
            here=here,
            latest=latest,
            since=self._since(latest, commit),
            dirty=self._dirty(),
            shallow=shallow,
            has_tags=bool(tags) or self._has_any_tag(),
            remote=self._remote(),
        )

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether ``newer`` descends from ``older``; false where one of them is not here. Both are commit ids."""
        if not (_is_commit(older) and _is_commit(newer)):
            return False
        return self.call("merge-base", "--is-ancestor", "--end-of-options", older, newer).code == 0

    def _head(self) -> tuple[str, int, bool]:
        found = self.call("rev-parse", "--is-shallow-repository", "--verify", "--quiet", "HEAD^{commit}")
        answer = found.text.splitlines()
        if not answer:
            raise self._unreadable(found)
        if len(answer) < 2:
            shallow = self.call("rev-parse", "--is-shallow-repository")
            raise self._unreadable(shallow) if shallow.code else _empty()
        shown = self.lines("show", "--no-patch", "--format=%H %ct", "--end-of-options", answer[1])
        commit, time = shown[0].split(" ")
        return commit, int(time), answer[0] == "true"

    def _release_tags(self, prefix: str) -> list[ReleaseTag]:
        """The tags that name a version, highest first; of equal versions the one with the prefix."""
        found = []
        for line in self.lines("for-each-ref", "--format=%(refname) %(objectname) %(*objectname)", "refs/tags"):
            ref, commit, *peeled = line.split(" ")
            name = ref.removeprefix("refs/tags/")
            if parsed := version.parse(name, prefix):
                found.append(
                    (parsed, name.startswith(prefix), ReleaseTag(name, str(parsed), (peeled or [commit])[0] or commit))
                )
        found.sort(key=lambda entry: entry[:2], reverse=True)
        return [tag for _, _, tag in found]

    def _latest(self, tags: list[ReleaseTag], commit: str) -> ReleaseTag | None:
        for tag in tags[:_ASKED_ALONE]:
            if self.is_ancestor(tag.commit, commit):
                return tag
        if len(tags) <= _ASKED_ALONE:
            return None
        merged = set(self.lines("for-each-ref", f"--merged={commit}", "--format=%(refname:lstrip=2)", "refs/tags"))
        return next((tag for tag in tags if tag.name in merged), None)

    def _since(self, latest: ReleaseTag | None, commit: str) -> tuple[Commit, ...]:
        span = f"{latest.commit}..{commit}" if latest else commit
        out = self.call("log", "-z", "--format=%H%n%B", "--end-of-options", span).checked("git.broke").stdout
        entries = out.decode("utf-8", "replace").split("\0")
        return tuple(Commit(*entry.split("\n", 1)) for entry in entries if "\n" in entry)

    def _branch(self) -> str:
        found = self.call("symbolic-ref", "--quiet", "HEAD")
        return found.text.removeprefix(_BRANCH) if found.code == 0 and found.text.startswith(_BRANCH) else ""

    def _dirty(self) -> int:
        """Changed files, those that git does not track yet counted too, since a build may take them in."""
        out = self.call("status", "--porcelain", "-z", "--untracked-files=normal", "--ignore-submodules=dirty")
        return sum(1 for entry in out.checked("git.broke").stdout.split(b"\0") if len(entry) > 3 and entry[2:3] == b" ")

    def _has_any_tag(self) -> bool:
        return bool(self.lines("for-each-ref", "--count=1", "refs/tags"))

    def _remote(self) -> str:
        found = self.call("config", "--get", "remote.origin.url")
        return _without_credentials(found.text) if found.code == 0 else ""

    def _unreadable(self, found: Completed) -> Failure:
        if "dubious ownership" in found.stderr:
            return Failure(
                "git.unsafe",
                f"git refuses to read {self._folder}: it belongs to another user",
                why("A repository's configuration can run programs, so git reads only what its user owns."),
                fix(f"git config --global --add safe.directory {self._folder}"),
            )
        if "not a git repository" in found.stderr or not found.stderr:
            return Failure(
                "git.missing",
                f"{self._folder} is not in a git repository",
                why("The version is read from the tags and commits of a repository."),
                fix("git init && git add . && git commit -m 'feat: first version'"),
                alternative("pipeline-kit --help lists what works without one"),
            )
        return Failure("git.broke", "git could not read this repository", evidence=quote(found.stderr))


def _empty() -> Failure:
    return Failure(
        "git.empty",
        "this repository has no commit",
        why("An image is built from a commit, so that its digest can be traced back to the code."),
        fix("git add . && git commit -m 'feat: first version'"),
    )


def _is_commit(text: str) -> bool:
    return bool(re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", text))


def _without_credentials(url: str) -> str:
    return re.sub(r"(?<=://)[^/@]*@", "", url)
