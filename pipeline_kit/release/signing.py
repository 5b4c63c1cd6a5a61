"""What signs a release, and what is told where it did not: the person's own programs and keys, never a program that the
repository names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.errors import Failure, alternative, quote, why

if TYPE_CHECKING:
    from pipeline_kit.errors import Note
    from pipeline_kit.git.settings import Settings
    from pipeline_kit.release.repository import Answer

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


def unsigned(made: str, answer: Answer) -> Failure:
    """Git ended well and signed nothing: some versions of it do where ssh-keygen fails."""
    return not_signed(
        f"the release could not be signed: the {made} that git made has no signature",
        answer,
        why(
            "Git said that all went well. Its configuration (gpg.format, user.signingKey) has the program and the key."
        ),
    )


def not_signed(headline: str, answer: Answer, *notes: Note) -> Failure:
    """A release that was to be signed, in git's own words."""
    return Failure(
        "bump.sign",
        headline,
        *notes,
        alternative("without --sign nothing is signed"),
        evidence=quote(answer.stderr),
        done="nothing was pushed, nothing was changed here",
    )
