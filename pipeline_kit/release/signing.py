"""What signs a release: the person's own programs and keys, never a program that the repository names."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline_kit.git.settings import Settings

# Reading switches these off (``git.environment``); signing needs git's own defaults, or what the person says.
_PROGRAMS = {
    "gpg.program": "gpg",
    "gpg.openpgp.program": "gpg",
    "gpg.x509.program": "gpgsm",
    "gpg.ssh.program": "ssh-keygen",
    "gpg.ssh.defaultkeycommand": "",
}
# What a configuration may ask for, and a release must not have unasked.
_PLAIN = [("tag.forceSignAnnotated", "false"), ("push.followTags", "false"), ("i18n.commitEncoding", "utf-8")]


def settings_for_writing(settings: Settings, remote: str) -> list[tuple[str, str]]:
    """Settings for git when it commits, signs and pushes, over those of ``Git.environment``."""
    programs = [(key, (settings.users(key) or [default])[-1]) for key, default in _PROGRAMS.items()]
    if settings.users("gpg.program") and not settings.users("gpg.openpgp.program"):
        programs.append(("gpg.openpgp.program", settings.users("gpg.program")[-1]))
    return [*programs, *_PLAIN, (f"remote.{remote}.mirror", "false")]
