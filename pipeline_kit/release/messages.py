"""The messages of a release's commit and tag."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, fix, printable, why

if TYPE_CHECKING:
    from pipeline_kit.model.release import Release

TEMPLATE = "chore(release): {version}"
_FIELD = re.compile(r"\{([^{}]*)\}")
_KNOWN = ("version", "tag", "previous", "package")
_MOST = 200
_LONGEST = 200


def commit_message(template: str, releases: tuple[Release, ...]) -> str:
    """The template filled in, with a newline at its end. Several releases share a commit: each field has all of their
    values then.
    """
    values = {
        "version": [one.version if len(releases) == 1 else f"{one.package} {one.version}".strip() for one in releases],
        "tag": [one.tag for one in releases],
        "previous": [one.previous.version for one in releases if one.previous],
        "package": [one.package for one in releases if one.package],
    }

    checked(template)
    text = _FIELD.sub(lambda found: ", ".join(values[found[1]]), template or TEMPLATE).replace("\0", "").strip()
    return f"{text}\n"


def checked(template: str) -> str:
    """``template``, in which something can be filled in for every field. Failure: ``bump.message``."""
    for part in re.findall(r"\{[^{}]*\}?", template):
        if part not in [f"{{{name}}}" for name in _KNOWN]:
            raise Failure(
                "bump.message",
                f"the message's template has {printable(part)[:40]}, which nothing fills in",
                why(f"It may hold {', '.join(f'{{{name}}}' for name in _KNOWN)}."),
                fix(f"--message '{TEMPLATE}'"),
            )
    return template


def tag_message(release: Release) -> str:
    """The tag's name, and the changes one a line; safe for a terminal, since ``git show`` prints it there."""
    shown = [f"- {_subject(change.kind, change.scope, change.subject)}" for change in release.changes[:_MOST]]
    more = [f"- {len(release.changes) - _MOST} more"] if len(release.changes) > _MOST else []
    return "\n".join([release.tag, "", *shown, *more]).rstrip() + "\n"


def _subject(kind: str, scope: str, subject: str) -> str:
    head = f"{kind}({scope}): " if kind and scope else f"{kind}: " if kind else ""
    return printable(f"{head}{subject}")[:_LONGEST]
