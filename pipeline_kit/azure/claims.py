"""What a token says. It is read and never verified: whoever it is shown to does that."""

from __future__ import annotations

import base64

import msgspec


class Claims(msgspec.Struct, frozen=True):
    """The claims that are looked at, '' where there is none. ``exp`` is in seconds since 1970."""

    iss: str = ""
    sub: str = ""
    aud: str | tuple[str, ...] = ""
    exp: float = 0.0
    oid: str = ""
    tid: str = ""
    appid: str = ""
    azp: str = ""
    app_displayname: str = ""
    upn: str = ""
    unique_name: str = ""
    preferred_username: str = ""
    idtyp: str = ""

    @property
    def audience(self) -> str:
        """Whom the token is meant for, as one text."""
        return self.aud if isinstance(self.aud, str) else ", ".join(self.aud)


def read_claims(token: str) -> Claims:
    """The claims of a JWT; empty ones if ``token`` is none that can be read."""
    parts = token.split(".")
    if len(parts) != 3:
        return Claims()
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + "=="), type=Claims)
    except (ValueError, msgspec.MsgspecError, RecursionError):
        return Claims()
