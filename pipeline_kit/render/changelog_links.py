"""Addresses of commits, comparisons and issues, by the kind of service that the remote is on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote

from pipeline_kit.model.remote import web_address

# A part of a path that means nothing in Markdown.
_PART = r"[\w.~%-]+"
_AZURE = rf"(?P<project>(?:{_PART}/)*)_git/{_PART}"
_PATHS = {"github": rf"{_PART}/{_PART}", "gitlab": rf"{_PART}(?:/{_PART})+"}
_HOSTS = {"github": "github.com", "gitlab": "gitlab.com"}


@dataclass(frozen=True, slots=True)
class Links:
    """``kind`` is github, azure or gitlab; ``top`` is the repository's address, ``project`` the one that has the work
    items.
    """

    kind: str
    top: str
    project: str = ""

    def commit(self, commit: str) -> str:
        """Where a commit is shown."""
        return f"{self.top}/-/commit/{commit}" if self.kind == "gitlab" else f"{self.top}/commit/{commit}"

    def compare(self, older: str, newer: str) -> str:
        """Where the changes from one tag to another are shown."""
        first, second = quote(older, safe=""), quote(newer, safe="")
        if self.kind == "azure":
            return f"{self.top}/branchCompare?baseVersion=GT{first}&targetVersion=GT{second}"
        return f"{self.top}{'/-' if self.kind == 'gitlab' else ''}/compare/{first}...{second}"

    def release(self, tag: str, previous: str) -> str:
        """Where a release is shown: as the changes since the ``previous`` tag, or as its tag where that is ''."""
        return self.compare(previous, tag) if previous else self.tag(tag)

    def since(self, tag: str) -> str:
        """Where the changes since a tag are shown; '' on Azure DevOps, which compares with branches, not with HEAD."""
        return "" if self.kind == "azure" else self.compare(tag, "HEAD")

    def tag(self, tag: str) -> str:
        """Where a tag is shown."""
        name = quote(tag, safe="")
        if self.kind == "azure":
            return f"{self.top}?version=GT{name}"
        return f"{self.top}/-/tags/{name}" if self.kind == "gitlab" else f"{self.top}/releases/tag/{name}"

    def reference(self, text: str) -> str:
        """Where ``#12`` leads (``AB#12`` and ``!12`` on Azure, ``GH-12`` on GitHub); '' where it leads nowhere."""
        number = re.sub(r"\D", "", text)
        if self.kind == "azure":
            if text.startswith("!"):
                return f"{self.top}/pullrequest/{number}"
            return f"{self.project}/_workitems/edit/{number}" if self.project and not text.startswith("GH") else ""
        if self.kind == "gitlab":
            return (
                f"{self.top}/-/{'merge_requests' if text[0] == '!' else 'issues'}/{number}" if text[0] in "#!" else ""
            )
        return f"{self.top}/issues/{number}" if text.startswith(("#", "GH-")) else ""


def links_of(remote: str, ci: str = "") -> Links | None:
    """The links of the service at ``remote``, a URL without credentials. The CI that runs tells the kind of a service
    that has a name of its own; None where the kind is not known.
    """
    page = web_address(remote)
    host, _, path = page.removeprefix("https://").partition("/")
    if azure := re.fullmatch(_AZURE, path):
        project = azure["project"].rstrip("/")
        return Links("azure", page, f"https://{host}/{project}" if project else "")
    for kind, pattern in _PATHS.items():
        if (host == _HOSTS[kind] or ci == kind) and re.fullmatch(pattern, path):
            return Links(kind, page)
    return None
