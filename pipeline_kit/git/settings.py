"""A repository's configuration, each entry with where it comes from: the user is trusted, the repository is not."""

from __future__ import annotations

import re
from functools import cached_property

import msgspec

from pipeline_kit.git.environment import SAFE_CONFIG

# Files of the machine and of the user, and the environment. What is left is the repository's: local and worktree.
_USERS = frozenset({"system", "global", "command"})
_HELPER = r"(?s)credential\.(?:.*\.)?helper"
# A name alone: neither a URL nor a path, and nothing that is read as an option.
_REMOTE = r"remote\.(?P<name>(?!.*\.\.)\w[\w.+@-]*(?:/\w[\w.+@-]*)*)\.url"
_FILTER_KEYS = frozenset({"clean", "smudge", "process", "required"})


class Settings(msgspec.Struct, frozen=True, dict=True):
    """Entries as (scope, key, value), in the order in which git reads them."""

    entries: tuple[tuple[str, str, str], ...]

    @classmethod
    def parse(cls, listed: bytes) -> Settings | None:
        """From ``git config --list --show-scope -z`` in a safe environment; None if git did not take our settings."""
        fields = listed.decode("utf-8", "surrogateescape").split("\0")
        entries = [(scope, *_split(entry)) for scope, entry in zip(fields[::2], fields[1::2], strict=False)]
        ours = [("command", key.lower(), value) for key, value in SAFE_CONFIG.items()]
        return cls(tuple(entries[: -len(ours)])) if entries[-len(ours) :] == ours else None

    def all(self, key: str) -> list[str]:
        """Every value of ``key``, whoever set it."""
        return [value for _, name, value in self.entries if name == key]

    def last(self, key: str) -> str:
        """The value of ``key`` that git goes by where there can be one; '' for none."""
        return next(iter(self.all(key)[-1:]), "")

    def users(self, key: str) -> list[str]:
        """Every value that the machine, the user or the environment gave to ``key``."""
        return [value for scope, name, value in self.entries if name == key and scope in _USERS]

    def repositorys(self, key: str) -> list[str]:
        """Every value that the repository gave to ``key``."""
        return [value for scope, name, value in self.entries if name == key and scope not in _USERS]

    @property
    def of_repository(self) -> list[str]:
        """The keys that the repository sets, in the order in which git reads them."""
        return [name for scope, name, _ in self.entries if scope not in _USERS]

    @property
    def helpers(self) -> list[tuple[str, str]]:
        """The credential helpers that the machine, the user or the environment names."""
        return [(name, value) for scope, name, value in self.entries if scope in _USERS and re.fullmatch(_HELPER, name)]

    @cached_property
    def filters(self) -> frozenset[str]:
        """The names of the filters that would run a program on a file's content."""
        found = (_filter_key(name) for _, name, _ in self.entries)
        return frozenset(name for name, key in found if key in _FILTER_KEYS)

    @property
    def without_filters(self) -> list[tuple[str, str]]:
        """What switches the filters off, with git's own conversions (line ends, encodings) left on."""
        off = {"clean": "", "smudge": "", "process": "", "required": "false"}
        return [(f"filter.{name}.{key}", value) for name in sorted(self.filters) for key, value in off.items()]

    @property
    def partial(self) -> bool:
        """Whether objects may be missing here that a remote has promised."""
        return any(name.startswith("remote.") and name.endswith(".promisor") for _, name, _ in self.entries)

    def remote_name(self, branch: str) -> str:
        """The remote of ``branch`` ('' = on none), as git chooses it: what the branch names, else the only one there
        is, else ``origin``. A branch can name a configured remote alone: a repository must not send us elsewhere.
        """
        named, remotes = self.last(f"branch.{branch}.remote"), self.remotes
        if branch and named in remotes:
            return named
        return remotes[0] if len(remotes) == 1 else "origin"

    def upstream(self, branch: str) -> str:
        """The branch of its remote that ``branch`` follows; '' where it follows none."""
        if self.last(f"branch.{branch}.remote") != self.remote_name(branch):
            return ""
        return self.last(f"branch.{branch}.merge").removeprefix("refs/heads/")

    def tag_option(self, remote: str) -> str:
        """Whether that remote's tags are to be fetched: ``--tags``, ``--no-tags`` as ``git clone --no-tags`` has it, or
        '' for those of what is fetched.
        """
        return self.last(f"remote.{remote}.tagopt")

    def refspecs(self, remote: str) -> list[str]:
        """What is fetched from that remote where nothing is asked for, and the names that it gets."""
        return self.all(f"remote.{remote}.fetch")

    def remote_of(self, branch: str) -> str:
        """Where the remote of ``branch`` is, without credentials; '' where there is none."""
        return without_credentials(next(iter(self.all(f"remote.{self.remote_name(branch)}.url")), ""))

    @cached_property
    def remotes(self) -> tuple[str, ...]:
        """The names of the remotes that have an address."""
        found = (re.fullmatch(_REMOTE, key) for _, key, _ in self.entries if key.startswith("remote."))
        return tuple(dict.fromkeys(one["name"] for one in found if one))


def without_credentials(text: str) -> str:
    """``text`` without the user and password of the URLs in it."""
    return re.sub(r"(?<=://)[^/@\s]*@", "", text)


def _split(entry: str) -> tuple[str, str]:
    """A key without a value is a boolean that is true."""
    key, separator, value = entry.partition("\n")
    return key, value if separator else "true"


def _filter_key(name: str) -> tuple[str, str]:
    section, _, rest = name.partition(".")
    middle, dot, key = rest.rpartition(".")
    return (middle, key) if section == "filter" and dot else ("", "")
