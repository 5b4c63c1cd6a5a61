"""The job's own token for pushing to the repository that the job is of.

A checkout may leave a token in the repository's configuration. One that leaves none is safer: then the token reaches
git for the one push, in a variable, and is sent to the CI's own server alone.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping


def push_header(ci: str, environ: Mapping[str, str], remote: str) -> tuple[str, str] | None:
    """A setting of git (its key and value) that sends the token to the server of ``remote``; None where there is no
    token, or the remote is elsewhere. ``ci`` is the name of a dialect.
    """
    if ci == "github":
        server, token = environ.get("GITHUB_SERVER_URL", ""), environ.get("PIPELINE_KIT_GITHUB_TOKEN", "")
        value = f"AUTHORIZATION: basic {b64encode(f'x-access-token:{token}'.encode()).decode()}"
    elif ci == "azure_devops":
        server, token = environ.get("SYSTEM_COLLECTIONURI", ""), environ.get("SYSTEM_ACCESSTOKEN", "")
        value = f"AUTHORIZATION: bearer {token}"
    else:
        return None
    if not (token.isascii() and token.isprintable() and token) or not _is_on(server, remote):
        return None
    where = urlsplit(server)
    return f"http.{where.scheme}://{where.netloc}/.extraHeader", value


def _is_on(server: str, remote: str) -> bool:
    """Whether both are the same host by the same scheme."""
    here, there = urlsplit(server), urlsplit(remote)
    return bool(here.netloc) and (here.scheme, here.netloc) == (there.scheme, there.netloc) and here.scheme != "ssh"
