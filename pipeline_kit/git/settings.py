"""A repository's configuration, each entry with where it comes from: the user is trusted, the repository is not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from pipeline_kit.git.environment import SAFE_CONFIG

# Files of the machine and of the user, and the environment. What is left is the repository's: local and worktree.
_USERS = frozenset({"system", "global", "command"})
_HELPER = re.compile(r"credential\.(?:.*\.)?helper", re.DOTALL)
_FILTER_KEYS = frozenset({"clean", "smudge", "process", "required"})


@dataclass(frozen=True)
class Settings:
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

    def users(self, key: str) -> list[str]:
        """Every value that the machine, the user or the environment gave to ``key``."""
        return [value for scope, name, value in self.entries if name == key and scope in _USERS]

    def repositorys(self, key: str) -> list[str]:
        """Every value that the repository gave to ``key``."""
        return [value for scope, name, value in self.entries if name == key and scope not in _USERS]

    @property
    def helpers(self) -> list[tuple[str, str]]:
        """The credential helpers that the machine, the user or the environment names."""
        return [(name, value) for scope, name, value in self.entries if scope in _USERS and _HELPER.fullmatch(name)]

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

    @property
    def remote(self) -> str:
        """Where ``origin`` is, without credentials; '' where there is none."""
        return without_credentials(next(iter(self.all("remote.origin.url")), ""))


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
