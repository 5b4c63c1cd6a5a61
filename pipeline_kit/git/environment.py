"""What keeps git from running anything that a repository names, from the network, and from asking a person.

Whatever a repository holds is hostile. Its configuration can name programs: each key that a command of ours could
reach is set here, since the environment wins over every file. Filters have names of the repository's own choosing, so
they are read first (``Settings.filters``). https://git-scm.com/docs/git-config
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SAFE_CONFIG = {
    "core.fsmonitor": "false",
    "core.hooksPath": "/dev/null",
    "core.pager": "cat",
    "core.editor": "false",
    "sequence.editor": "false",
    "core.alternateRefsCommand": "true",
    "core.untrackedCache": "false",
    "core.quotePath": "false",
    "log.showSignature": "false",
    "log.showRoot": "true",
    "log.mailmap": "false",
    "gpg.program": "false",
    "gpg.openpgp.program": "false",
    "gpg.ssh.program": "false",
    "gpg.x509.program": "false",
    "commit.gpgSign": "false",
    "tag.gpgSign": "false",
    "push.gpgSign": "false",
    "diff.external": "",
    "diff.orderFile": "/dev/null",
    "safe.bareRepository": "explicit",
    "protocol.allow": "never",
    "protocol.ext.allow": "never",
    "submodule.recurse": "false",
    "fetch.recurseSubmodules": "false",
    "push.recurseSubmodules": "no",
    "transfer.bundleURI": "false",
    "gc.auto": "0",
    "maintenance.auto": "false",
}
# The user's own variables that say where git's configuration is; they are no part of a repository.
PASSED = ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CEILING_DIRECTORIES")
# What names the person who commits, and what gpg, its agent and ssh-keygen find keys and the person by.
SIGNING = (
    *("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"),
    *("GNUPGHOME", "GPG_TTY", "GPG_AGENT_INFO", "SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "TERM"),
    *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "DBUS_SESSION_BUS_ADDRESS", "PINENTRY_USER_DATA"),
)
# How a remote may be reached; ext:: would run a command. This wins over every protocol.allow.
_PROTOCOLS = "file:git:http:https:ssh"
_MOST = 1000


def safe_environment(
    environ: Mapping[str, str] | None = None, config: Iterable[tuple[str, str]] = (), *, offline: bool = False
) -> dict[str, str]:
    """Variables for a git that runs no program of the repository's choice while it reads or writes this repository.

    ``environ`` is the caller's environment, whose GIT_CONFIG_COUNT is kept; ``config`` are further settings that win
    over every file. With ``offline`` it reaches no remote. One that reaches a remote also needs the programs put aside
    that the repository names for that (``Git.environment``).
    """
    given = _given(environ or {})
    settings = [*given, *SAFE_CONFIG.items(), *config]
    variables = {
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_OPTIONAL_LOCKS": "0",
        # The answer is the same in every clone: what this one alone replaces or grafts doesn't count.
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": "/dev/null/none",  # of a file that is there git says that grafts are deprecated
        # A partial clone fetches what it lacks while it is read, from wherever its configuration says.
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "" if offline else _PROTOCOLS,
        "GIT_PROXY_COMMAND": "",
        "LC_ALL": "C.UTF-8",
    }
    return with_settings(variables, settings)


def with_settings(environment: Mapping[str, str], settings: Iterable[tuple[str, str]]) -> dict[str, str]:
    """``environment`` with more of git's settings, which win over those that it has."""
    found = dict(environment)
    count = int(found.get("GIT_CONFIG_COUNT", "0"))
    for key, value in settings:
        found |= {f"GIT_CONFIG_KEY_{count}": key, f"GIT_CONFIG_VALUE_{count}": value}
        count += 1
    return found | {"GIT_CONFIG_COUNT": str(count)}


def _given(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """The settings that the caller's environment has: a CI names safe.directory in them, or a header."""
    count = environ.get("GIT_CONFIG_COUNT", "")
    numbers = range(min(int(count), _MOST)) if count.isdecimal() else range(0)
    pairs = ((environ.get(f"GIT_CONFIG_KEY_{n}"), environ.get(f"GIT_CONFIG_VALUE_{n}")) for n in numbers)
    return [(key, value) for key, value in pairs if key is not None and value is not None]
