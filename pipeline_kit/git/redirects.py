"""Which way a request to a remote goes is for the user and the machine to say, never for the repository.

Whoever could write into a working tree that is used again could send the job's token to a proxy of their own, or have
any certificate believed. So a request is refused where the repository's own configuration has a key of the sections
that git reads for it, unless that key is known to change neither the way nor the care that is taken.
https://git-scm.com/docs/git-config
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from pipeline_kit import tree
from pipeline_kit.errors import Failure, alternative, fix, printable, why

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.git.repository import Git
    from pipeline_kit.git.settings import Settings

_READ = re.compile(r"(?s)(http|url|remote|credential)\..*|fetch\.bundleuri")
# A header is what a checkout leaves there; helpers and packs are replaced (``git.remote``); the rest is about size and
# speed, or about refs.
_HARMLESS = re.compile(
    r"(?s)http\.(.*\.)?(extraheader|version|postbuffer|maxrequestbuffer|maxrequests|minsessions|useragent"
    r"|lowspeedlimit|lowspeedtime|keepaliveidle|keepaliveinterval|keepalivecount|noepsv)"
    r"|remote\.pushdefault"
    r"|remote\..*\.(url|pushurl|fetch|push|tagopt|prune|prunetags|mirror|promisor|partialclonefilter|skipdefaultupdate"
    r"|skipfetchall|followremotehead|uploadpack|receivepack|gh-resolved)"
    r"|credential\.(.*\.)?(helper|username|usehttppath)"
)
_SECTION = re.compile(r"\s*\[\s*([\w.-]+)")


def refuse_redirects(git: Git) -> None:
    """Refuse to reach a remote where the repository's configuration would say how.

    Failure: ``git.redirected``.
    """
    found = redirecting(git.settings)
    if not found:
        return
    fields = git.call("config", "--list", "--show-origin", "-z").text.split("\0")
    files = [
        origin.removeprefix("file:")
        for origin, entry in zip(fields[::2], fields[1::2], strict=False)
        if entry.partition("\n")[0] == found and origin.startswith("file:")
    ]
    raise _redirected(found, files[-1] if files else ".git/config", git.top())


def redirecting(settings: Settings) -> str:
    """A key of the repository's own that says how a remote is reached; '' for none."""
    return next((key for key in settings.of_repository if _READ.fullmatch(key) and not _HARMLESS.fullmatch(key)), "")


def _redirected(key: str, file: str, top: Path) -> Failure:
    shown, name = printable(key), printable(file)
    line = _line(top / file, key)
    return Failure(
        "git.redirected",
        f"{name}{f':{line}' if line else ''} sets {shown}, which says how a remote is reached",
        why("Anybody who could write there would have the credentials: the way is yours to say, not the repository's."),
        fix(f"git config --file {shlex.quote(name)} --unset-all {shlex.quote(shown)}"),
        alternative(f"if it is what you want: git config --global {shlex.quote(shown)} VALUE, and the line above"),
        done="nothing was sent to the remote",
    )


def _line(path: Path, key: str) -> int:
    """The line of ``path`` that sets ``key``, 0 where it is not plain."""
    section, name = key.partition(".")[0], key.rpartition(".")[2]
    try:
        lines = tree.read(path, 16 << 20).decode("utf-8", "replace").splitlines()
    except (OSError, Failure):
        return 0
    here, found = "", 0
    for number, line in enumerate(lines, 1):
        if head := _SECTION.match(line):
            here = head[1].lower().partition(".")[0]
        if here == section and re.match(rf"(?i)\s*(\[[^\]]*\]\s*)?{re.escape(name)}\s*(=|$)", line):
            found = number
    return found
