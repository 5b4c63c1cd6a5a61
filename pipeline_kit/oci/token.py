"""What a registry's token says: how long it lives and what it grants.

It is read and never verified: the registry does that to whoever shows it.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field

import msgspec

# What a token lives if nothing says so (https://distribution.github.io/distribution/spec/auth/token/).
_LIFETIME = 60.0


class _Access(msgspec.Struct, frozen=True):
    type: str = ""
    name: str = ""
    actions: tuple[str, ...] | None = None


class _Claims(msgspec.Struct, frozen=True):
    exp: float | None = None
    iat: float | None = None
    access: tuple[_Access, ...] | None = None


class _TokenAnswer(msgspec.Struct, frozen=True):
    token: str = ""
    access_token: str = ""
    expires_in: float | None = None


@dataclass(frozen=True, slots=True)
class Token:
    """``lifetime`` is in seconds from when it was issued; ``granted`` is None where the token can't be read."""

    text: str = field(repr=False)
    lifetime: float
    access: tuple[_Access, ...] | None = field(default=None, repr=False)

    def granted(self, path: str) -> frozenset[str] | None:
        """The actions (pull, push, delete, *) on the repository ``path``; None where the token doesn't tell."""
        if self.access is None:
            return None
        named = [entry for entry in self.access if entry.type == "repository" and entry.name == path]
        return frozenset(action for entry in named for action in entry.actions or ())


def read_token(answer: bytes, now: float) -> Token | None:
    """The token in a token service's answer, None if there is none. ``now`` is in seconds since 1970."""
    try:
        answered = msgspec.json.decode(answer, type=_TokenAnswer)
    except (msgspec.MsgspecError, RecursionError):
        return None
    text = answered.token or answered.access_token
    if not text or not text.isascii() or not text.isprintable():
        return None
    claims = _claims(text)
    return Token(text, _lifetime(answered.expires_in, claims, now), claims.access)


def _lifetime(expires_in: float | None, claims: _Claims, now: float) -> float:
    """A clock that runs ahead or behind does not matter as long as the token says when it was issued."""
    if expires_in is not None:
        return expires_in
    if claims.exp is not None:
        return claims.exp - (claims.iat if claims.iat is not None else now)
    return _LIFETIME


def _claims(text: str) -> _Claims:
    """The claims of a JWT; empty ones if ``text`` is none."""
    parts = text.split(".")
    if len(parts) != 3:
        return _Claims()
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=="), type=_Claims)
    except (ValueError, binascii.Error, msgspec.MsgspecError, RecursionError):
        return _Claims()
