"""Reaching a remote: with the user's own credentials, and with no program of the repository's choice.

What actions/checkout leaves in a repository's configuration works: a header for one address, or a key for ssh.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, quote, why
from pipeline_kit.git.environment import safe_environment
from pipeline_kit.git.settings import without_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.git.repository import Git
    from pipeline_kit.git.settings import Settings

# The user's variables that credentials come by; a repository can't set them.
PASSED = (
    *("GIT_ASKPASS", "SSH_ASKPASS", "SSH_AUTH_SOCK", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT"),
    *("GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "DBUS_SESSION_BUS_ADDRESS", "GH_TOKEN", "GITHUB_TOKEN", "SYSTEM_ACCESSTOKEN"),
    *("ALL_PROXY", "all_proxy", "DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "SSH_ASKPASS_REQUIRE"),
)
# The first value of remote.NAME.uploadpack wins over the environment's, an option over both.
PACK = {
    "fetch": "--upload-pack=git-upload-pack",
    "ls-remote": "--upload-pack=git-upload-pack",
    "push": "--receive-pack=git-receive-pack",
}
# Seconds until git is stopped, whatever trickles. A person may have to sign in while the remote is asked.
PATIENCE = {"ls-remote": 120.0, "push": 600.0, "fetch": 1800.0}
# The exit code of a git that was stopped then: no program ends with it, and no signal has that number.
UNANSWERED = -1000
# Of a transfer that stands still git itself tells, and says so (over HTTP).
_STILL = [("http.lowSpeedLimit", "1"), ("http.lowSpeedTime", "120")]
_SSH_OPTION = (
    "(?s)StrictHostKeyChecking=(yes|ask|accept-new)"
    "|(CheckHostIP|UserKnownHostsFile|IdentitiesOnly|IdentityFile|BatchMode|ConnectTimeout)=.*"
)


def environment(settings: Settings, environ: Mapping[str, str]) -> dict[str, str]:
    """The variables for a git that may reach a remote."""
    askpass = settings.users("core.askpass")[-1:] or [""]
    # An empty helper forgets those before it, the repository's too.
    config = [*settings.without_filters, ("core.askPass", askpass[0]), ("credential.helper", ""), *settings.helpers]
    config += [] if settings.users("http.lowspeedtime") else _STILL
    variables = safe_environment(environ, config)
    if (named := settings.repositorys("core.sshcommand")) and "GIT_SSH_COMMAND" not in environ:
        own = [*settings.users("core.sshcommand"), environ.get("GIT_SSH", "")]
        variables["GIT_SSH_COMMAND"] = plain_ssh(named[-1]) or next(filter(None, own), "ssh")
    return variables


def plain_ssh(command: str) -> str:
    """``command`` if it is ssh with a key and no more, as actions/checkout writes it; else ''."""
    try:
        program, *arguments = shlex.split(command)
    except ValueError:
        return ""
    options, values = arguments[::2], arguments[1::2]
    fit = len(options) == len(values) and all(
        option == "-i" or (option == "-o" and re.fullmatch(_SSH_OPTION, value))
        for option, value in zip(options, values, strict=True)
    )
    return shlex.join(["ssh", *arguments]) if fit and program.rpartition("/")[2] == "ssh" else ""


def complete(git: Git, name: str) -> None:
    """See ``Git.unshallow``. The commit itself is asked for first, since that brings no other branch; a server that
    doesn't give commits is asked for what this remote is configured to bring.
    """
    if not git.settings.all(f"remote.{name}.url"):
        raise _failed(git, name, f"it has no remote {name}")
    head = git.head()
    found = git.call(*_fetch(shallow=head.shallow), name, head.commit)
    if found.code not in (0, UNANSWERED) or git.head().shallow:
        found = git.call(*_fetch(shallow=git.head().shallow), name)
    if found.code:
        raise _failed(
            git, name, f"{name} {found.stderr}" if found.code == UNANSWERED else "the fetch failed", found.stderr
        )
    if git.head().shallow:
        raise _failed(git, name, f"{name} itself lacks the history of this commit")


def _fetch(*, shallow: bool) -> tuple[str, ...]:
    deepen = ("--unshallow",) if shallow else ()
    return ("fetch", "--tags", *deepen, "--no-prune", "--no-write-fetch-head", "--end-of-options")


def _failed(git: Git, name: str, headline: str, said: str = "") -> Failure:
    unused = git.settings.repositorys("credential.helper")
    note = "\nA credential helper that only this repository names is not run." if unused else ""
    return Failure(
        "git.unshallow",
        f"this clone could not be completed: {headline}",
        why(f"A version is counted from the last release tag, which may be missing here.{note}"),
        alternative(f"where you may read {name}: git fetch --unshallow --tags {shlex.quote(name)}"),
        evidence=quote(without_credentials(said)),
    )
