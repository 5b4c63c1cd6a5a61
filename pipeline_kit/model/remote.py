"""Where a remote can be looked at: the address of its page, made from the ways that git writes it."""

from __future__ import annotations

import re

_HOST = r"[A-Za-z0-9.-]+"
_USER = r"[A-Za-z0-9._-]+"  # git at most services; at the older address of Azure Repos it is the organization
_REMOTE = (
    rf"(?:https://(?:[^/@]*@)?(?P<web>{_HOST}(?::[0-9]+)?)/|ssh://{_USER}@(?P<ssh>{_HOST})(?::[0-9]+)?/"
    rf"|{_USER}@(?P<scp>{_HOST}):)"
    r"(?!/)(?P<path>.+?)(?:\.git)?/?"
)
_AZURE_HOSTS = ("ssh.dev.azure.com", "vs-ssh.visualstudio.com")
_AZURE_SSH = r"v3/([^/]+/[^/]+)/([^/]+)"


def web_address(remote: str) -> str:
    """The repository's page: of ``https://``, ``ssh://USER@`` and ``USER@HOST:PATH``, '' for what has no page.

    Who signs in (``https://contoso@dev.azure.com/...``) is no part of it.
    """
    found = re.fullmatch(_REMOTE, remote)
    if not found:
        return ""
    host, path = found["web"] or found["ssh"] or found["scp"], found["path"]
    azure = re.fullmatch(_AZURE_SSH, path) if host in _AZURE_HOSTS else None
    return f"https://dev.azure.com/{azure[1]}/_git/{azure[2]}" if azure else f"https://{host}/{path}"
