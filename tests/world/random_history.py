"""Small repositories that chance makes, the same for the same seed: branches, merges, squashes, reverts and tags."""

from __future__ import annotations

import hashlib
import random
import zlib
from typing import TYPE_CHECKING

from tests.world.repository import Repository

if TYPE_CHECKING:
    from pathlib import Path

_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # the empty one
_PERSON = "a <a@example.com>"
_START = 1_600_000_000
_TYPES = (
    "feat",
    "fix",
    "perf",
    "refactor",
    "docs",
    "chore",
    "style",
    "build",
    "ci",
    "test",
    "revert",
    "wip",
    "feature",
)
_RARE_TYPES = ("Feat", "FIX", "hotfix", "improvement", "bump", "feat ", "BREAKING CHANGE", "x-1", "ci-1")
_SCOPES = ("", "", "", "(web)", "(web/cart)", "(a b)", "()", "(web,store)", "(@web)")
_MARKS = (*[""] * 20, "!")
_SEPARATORS = (": ", ": ", ": ", ": ", ": ", ":", ":  ", " : ")
_SUBJECTS = ("x", "change the cart", "a: b", "`code` and 'quotes'", "see #12", "ünïcode ✨")
_NOTHING = ("",) * 20
_BODIES = ("A paragraph.\nOf two lines.", "- a\n- b", "A paragraph.\n\nAnother: with a colon.")
_ODD_BODIES = ("fix: y", "* feat: y\n* fix: z", "- feat!: y", "feat!: y", "BREAKING: y")
_FOOTERS = ("Refs: #12", "Closes #12", "Signed-off-by: a <a@example.com>", "BREAKING CHANGE: y")
_ODD_FOOTERS = (
    "BREAKING-CHANGE: y", "BREAKING CHANGE #12", "breaking change: y", "BREAKING CHANGE y", "BREAKING CHANGE:y",
    "Refs: #12\nBREAKING CHANGE: y\nof two lines", "Refs: #12\n\nBREAKING CHANGE: y", "BREAKING CHANGES: y",
)  # fmt: skip
_PLAIN = ("change x", "Merge pull request #12 from a/topic\n\nfeat: y", "✨ feat: x", "fixup! feat: x", "Update x (#3)")


class Writer:
    """Writes a history without git: a test that needs hundreds would wait for its processes."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.repository = Repository(folder)
        self.repository("remote", "add", "origin", folder.as_uri())
        self.log: list[str] = []
        self._git = folder / ".git"
        self._time = _START
        self._store("tree", b"")

    def commit(self, message: str, *parents: str) -> str:
        """Add an empty commit, a minute after the one before; its id."""
        self._time += 60
        lines = [f"tree {_TREE}", *(f"parent {parent}" for parent in parents)]
        lines += [f"{role} {_PERSON} {self._time} +0000" for role in ("author", "committer")]
        commit = self._store("commit", ("\n".join(lines) + f"\n\n{message.rstrip()}\n").encode())
        self.log.append(f"{commit[:7]} {' '.join(parent[:7] for parent in parents)} {message!r}")
        return commit

    def tag(self, name: str, commit: str, *, annotated: bool = False) -> None:
        """Put the tag ``name`` on ``commit``, unless it stands somewhere already."""
        path = self._git / "refs" / "tags" / name
        if path.exists():
            return
        if annotated:
            text = f"object {commit}\ntype commit\ntag {name}\ntagger {_PERSON} {self._time} +0000\n\nrelease\n"
            commit = self._store("tag", text.encode())
        path.write_text(f"{commit}\n")
        self.log.append(f"tag {name}")

    def finish(self, head: str) -> Repository:
        """The repository, with ``main`` on ``head``."""
        (self._git / "refs" / "heads" / "main").write_text(f"{head}\n")
        return self.repository

    def _store(self, kind: str, content: bytes) -> str:
        whole = f"{kind} {len(content)}\0".encode() + content
        name = hashlib.sha1(whole, usedforsecurity=False).hexdigest()
        path = self._git / "objects" / name[:2] / name[2:]
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(zlib.compress(whole))
        return name


class RandomHistory:
    """A history under ``seed``: the release tags grow along ``main``, and stand on no other branch. There is no
    pre-release: what one means for the next version is where the programs differ on purpose.

    ``odd`` adds messages that a person mistypes.
    """

    def __init__(self, folder: Path, seed: int, *, odd: bool = False) -> None:
        self._writer = Writer(folder)
        self._chance = random.Random(seed)
        self._odd = odd
        self._messages: dict[str, str] = {}
        self._topics: list[list[str]] = []
        self._reverted: set[str] = set()
        self._version = (1, 2, 3)
        self._main = [self._commit("chore: base")]
        self._writer.tag("v1.2.3", self._main[0])

    @property
    def log(self) -> list[str]:
        """What was written, in words."""
        return self._writer.log

    def write(self) -> Repository:
        """Make it, ``main`` checked out."""
        steps = (self._work, self._start, self._work_on_topic, self._merge, self._squash, self._revert, self._release)
        for step in self._chance.choices(steps, (8, 2, 4, 2, 1, 2, 3), k=self._chance.randint(1, 15)):
            step()
        return self._writer.finish(self._main[-1])

    def _work(self) -> None:
        self._main.append(self._commit(self._message(), self._main[-1]))

    def _start(self) -> None:
        self._topics.append([self._main[-1]])

    def _work_on_topic(self) -> None:
        if self._topics:
            topic = self._chance.choice(self._topics)
            topic.append(self._commit(self._message(), topic[-1]))

    def _merge(self) -> None:
        if topic := self._finished():
            number = len(self._messages)
            message = self._chance.choice([f"Merge branch 'topic-{number}'", f"feat: merge topic {number} (#{number})"])
            self._main.append(self._commit(message, self._main[-1], topic[-1]))

    def _squash(self) -> None:
        if topic := self._finished():
            bullets = "\n".join(f"* {self._messages[commit]}" for commit in topic[1:])
            self._main.append(self._commit(f"{self._message().splitlines()[0]} (#12)\n\n{bullets}", self._main[-1]))

    def _revert(self) -> None:
        """A commit is reverted once, and no revert is: the programs disagree with themselves about more than that."""
        ready = [commit for commit in self._main[1:] if commit not in self._reverted]
        if ready:
            commit = self._chance.choice(ready)
            subject = self._messages[commit].splitlines()[0]
            header = self._chance.choice([f'Revert "{subject}"', f"revert: {subject}"])
            self._main.append(self._commit(f"{header}\n\nThis reverts commit {commit}.", self._main[-1]))
            self._reverted |= {commit, self._main[-1]}

    def _release(self) -> None:
        major, minor, patch = self._version
        self._version = self._chance.choice([(major + 1, 0, 0), (major, minor + 1, 0), (major, minor, patch + 1)])
        name = "v{}.{}.{}".format(*self._version)
        self._writer.tag(name, self._main[-1], annotated=self._chance.random() < 0.5)

    def _finished(self) -> list[str] | None:
        """A topic with commits of its own, which is taken away."""
        ready = [topic for topic in self._topics if len(topic) > 1]
        if not ready:
            return None
        topic = self._chance.choice(ready)
        self._topics.remove(topic)
        return topic

    def _message(self) -> str:
        pick, odd = self._chance.choice, self._odd
        if self._chance.random() < 0.1:
            return pick(_PLAIN)
        kind, scope = pick(_TYPES * 2 + _RARE_TYPES if odd else _TYPES), pick(_SCOPES if odd else _SCOPES[:6])
        header = f"{kind}{scope}{pick(_MARKS)}{pick(_SEPARATORS) if odd else ': '}{pick(_SUBJECTS)}"
        body = pick(_NOTHING + _BODIES + (_ODD_BODIES if odd else ()))
        footer = pick(_NOTHING + _FOOTERS + (_ODD_FOOTERS if odd else ()))
        joint = "\n" if odd and self._chance.random() < 0.1 else "\n\n"
        return joint.join(part for part in (header, body, footer) if part)

    def _commit(self, message: str, *parents: str) -> str:
        commit = self._writer.commit(message, *parents)
        self._messages[commit] = message
        return commit


class RandomReleases(RandomHistory):
    """As ``RandomHistory``, with pre-releases too, and tags that a person makes by hand: lower than what is there, on
    topics, and stable ones after a pre-release of something higher.
    """

    def _release(self) -> None:
        chance = self._chance
        major, minor, patch = self._version
        core = chance.choice([(major + 1, 0, 0), (major, minor + 1, 0), (major, minor, patch + 1), self._version])
        pre = chance.choice(["", "", "-rc.1", "-rc.2", "-beta.1", "-alpha", "-rc.1.x", "-0", "-main.2"])
        if not pre and core > self._version:
            self._version = core
        tips = [self._main[-1], *(topic[-1] for topic in self._topics)]
        where = self._main[-1] if chance.random() < 0.8 else chance.choice(tips)
        self._writer.tag("v{}.{}.{}".format(*core) + pre, where, annotated=chance.random() < 0.5)
