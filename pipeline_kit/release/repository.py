"""The repository, opened for writing: objects first, refs last.

No hook of the repository runs, nor any program that its configuration names (``git.environment``, ``signing.py``).
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from pipeline_kit.ci.push_header import push_header
from pipeline_kit.errors import Failure, fix, quote
from pipeline_kit.release import signing
from pipeline_kit.scratch import scratch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from git import Repo

    from pipeline_kit.context import Reporter
    from pipeline_kit.flow import Flow
    from pipeline_kit.git import Git
    from pipeline_kit.process import Completed
    from pipeline_kit.release.files import Edit
    from pipeline_kit.release.identity import Identity

NOTHING = "0" * 40
_HEADER = re.compile(r"^gpgsig(-sha256)? -----BEGIN ", re.MULTILINE)
Unpushed = Literal["nothing", "commits", "releases", "unknown"]


class Answer(NamedTuple):
    """How a git command ended."""

    code: int
    stdout: str
    stderr: str


class RefUpdate(NamedTuple):
    """A ref, what it is to hold, and what it must hold until then (``NOTHING`` for not being there)."""

    ref: str
    new: str
    old: str


class Writer:
    """Writes to the repository at ``root``, and to the ``remote`` of the branch that is checked out. ``credential`` is
    a setting of git that has the job's own token.
    """

    def __init__(self, repository: Repo, git: Git, report: Reporter, credential: tuple[str, str] | None) -> None:
        self.remote = git.settings.remote_name(git.head().branch)
        self.folder = Path(repository.git_dir).absolute()
        self.root = Path(repository.working_dir)
        self._git = git
        self._report = report
        self._credential = [credential] if credential else []
        self._settings = signing.settings_for_writing(git.settings, self.remote)
        # What the person's shell may have set for another repository doesn't count.
        self._here = {"GIT_DIR": str(self.folder), "GIT_WORK_TREE": str(self.root)}
        self._here |= {"GIT_INDEX_FILE": str(self.folder / "index")}

    def commit(self, base: str, edits: tuple[Edit, ...], message: str, identity: Identity, *, sign: bool) -> str:
        """A commit on ``base`` with ``edits``, which no ref names yet. The index of the working tree is not touched."""
        with scratch(self.folder) as folder:
            own = {"GIT_INDEX_FILE": str(folder / "index")}
            self._checked("read-tree", base, env=own)
            for edit in edits:
                blob = self._checked("hash-object", "-w", "--stdin", given=edit.after)
                self._checked("update-index", "--add", "--cacheinfo", f"{edit.mode},{blob},{edit.path}", env=own)
            tree = self._checked("write-tree", env=own)
        signed = "--gpg-sign" if sign else "--no-gpg-sign"
        answer = self._run(
            "commit-tree", signed, "-p", base, "-F", "-", tree, given=message.encode(), env=identity.variables()
        )
        made = _signed(answer, sign=sign)
        if sign and not _HEADER.search(self._checked("cat-file", "commit", made).partition("\n\n")[0]):
            raise signing.unsigned("commit", answer)
        return made

    def tag(self, name: str, commit: str, message: str, identity: Identity, *, sign: bool) -> str:
        """An annotated tag of ``commit``, which no ref names yet."""
        if not sign:
            head = f"object {commit}\ntype commit\ntag {name}\ntagger {identity}\n\n"
            return self._checked("mktag", given=(head + message).encode())
        # Git signs a tag only while it makes the ref, so that is taken back at once.
        arguments = ("tag", "--sign", "--cleanup=verbatim", "-F", "-", name, commit)
        answer = self._run(*arguments, given=message.encode(), env=identity.variables())
        _signed(answer, sign=True)
        made = self.id_of(f"refs/tags/{name}")
        self.forget(f"refs/tags/{name}", made)
        body = self._checked("cat-file", "tag", made).partition("\n\n")[2]
        # Behind the message, whose words are those of commits.
        if not body.removeprefix(message).startswith("-----BEGIN "):
            raise signing.unsigned("tag", answer)
        return made

    def push(self, refs: tuple[str, ...]) -> Answer:
        """Push ``refs`` (``SOURCE:REF``) to the remote, all or none; what git says of each."""
        # A remote that doesn't know --atomic refuses it for one ref too, which is all or nothing anyway.
        atomic = ("--atomic",) if len(refs) > 1 else ()
        options = ("--porcelain", *atomic, "--no-verify", "--no-signed", "--no-follow-tags")
        last = ("--no-recurse-submodules", "--end-of-options", self.remote)
        return self._reach("push", *options, *last, *refs)

    def asked(self, names: tuple[str, ...], *, patience: float | None = None) -> dict[str, str] | Answer:
        """What the remote's refs of those full names hold; git's answer where it can't be asked, or does not answer
        within ``patience`` seconds.
        """
        found = self._asked(names, patience)
        return found if isinstance(found, Answer) else {ref: held for ref, held in found.items() if ref in names}

    def all_tags(self) -> dict[str, str] | Answer:
        """All tags of the remote, by their full refs; git's answer where it can't be asked."""
        return self._asked(("refs/tags/*",))

    def _asked(self, patterns: tuple[str, ...], patience: float | None = None) -> dict[str, str] | Answer:
        answer = self._reach("ls-remote", "--refs", "--end-of-options", self.remote, *patterns, patience=patience)
        if answer.code:
            return answer
        pairs = (line.split("\t", 1) for line in answer.stdout.split("\n") if "\t" in line)
        return {ref: held for held, ref in pairs}

    def move(self, updates: tuple[RefUpdate, ...], reason: str) -> Answer:
        """Move refs of this clone, all or none."""
        lines = [f"update {one.ref}\0{one.new}\0{one.old}\0" for one in updates]
        text = "".join(["start\0", "option no-deref\0", *lines, "prepare\0", "commit\0"])
        return self._run("update-ref", "-m", reason, "--stdin", "-z", given=text.encode())

    def forget(self, ref: str, held: str) -> None:
        """Remove a ref that holds ``held``."""
        self._checked("update-ref", "-d", ref, held)

    def stage(self, edit: Edit) -> Answer:
        """Have the index hold ``edit``."""
        blob = self._checked("hash-object", "-w", "--stdin", given=edit.after)
        return self._run("update-index", "--add", "--cacheinfo", f"{edit.mode},{blob},{edit.path}")

    def id_of(self, name: str) -> str:
        """The object that ``name`` stands for, '' for none."""
        answer = self._run("rev-parse", "--verify", "--quiet", "--end-of-options", name)
        return answer.stdout.strip() if answer.code == 0 else ""

    def unpushed(self, branch: str) -> Unpushed:
        """What HEAD has that the remote's ``branch`` lacked when it was last seen here: ``releases`` where a tag stands
        on one of those commits.
        """
        seen = self.id_of(f"refs/remotes/{self.remote}/{branch}")
        if not seen:
            return "unknown"
        if self._run("merge-base", "--is-ancestor", "HEAD", seen).code == 0:
            return "nothing"
        tags = ("for-each-ref", "--count=1", "--merged=HEAD", f"--no-merged={seen}", "refs/tags")
        return "releases" if self._run(*tags).stdout else "commits"

    def variable(self, name: str, env: Mapping[str, str]) -> str:
        """One of git's own variables, '' where git can't tell."""
        answer = self._run("-c", "user.useConfigOnly=true", "var", name, env=env)
        return answer.stdout.strip() if answer.code == 0 else ""

    def _checked(self, *arguments: str, given: bytes = b"", env: Mapping[str, str] | None = None) -> str:
        answer = self._run(*arguments, given=given, env=env)
        if answer.code:
            raise broke(f"git {arguments[0]} failed", answer)
        return answer.stdout.strip()

    def _run(self, *arguments: str, given: bytes = b"", env: Mapping[str, str] | None = None) -> Answer:
        variables = {**self._here, **(env or {})}
        return _answer(self._git.write(*arguments, stdin=given, settings=self._settings, variables=variables))

    def _reach(self, *arguments: str, patience: float | None = None) -> Answer:
        settings = [*self._settings, *self._credential]
        with self._report.activity(f"waiting for {self.remote} (git {arguments[0]})"):
            return _answer(self._git.reach(*arguments, settings=settings, variables=self._here, patience=patience))


@contextmanager
def opened(flow: Flow) -> Iterator[Writer]:
    """The repository of the working tree, for as long as the block lasts."""
    from git import Repo

    context, git = flow.context, flow.git
    branch = git.head().branch  # refuses what is no repository in the words that every command has
    credential = None
    if not any(key.endswith(".extraheader") for _, key, _ in git.settings.entries):
        # What a checkout left there is what its owner wants: it may be allowed more than the job's own token.
        credential = push_header(context.identity.ci, context.environ, git.settings.remote_of(branch))
    with Repo(context.root) as repository:
        yield Writer(repository, git, context.report, credential)


def _answer(done: Completed) -> Answer:
    return Answer(done.code, done.stdout.decode("utf-8", "surrogateescape"), done.stderr)


def broke(headline: str, answer: Answer) -> Failure:
    """Git failed where nothing that was asked for can be the cause."""
    if "No space left on device" not in answer.stderr:
        return Failure("git.broke", headline, evidence=quote(answer.stderr))
    return Failure(
        "tool.disk",
        "no space left on the device that the repository is on",
        fix("df -h .    # shows it: make room, then the same command again"),
        evidence=quote(answer.stderr),
    )


def _signed(answer: Answer, *, sign: bool) -> str:
    if answer.code == 0:
        return answer.stdout.strip()
    if not sign:
        raise broke("git could not make the commit", answer)
    raise signing.not_signed("the release could not be signed", answer)
