"""A name and a secret for one registry."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """``registry`` is the only host that may get it; ``origin`` says in words where it was found. An identity token is
    no password: it is good for getting tokens and for nothing else. The secret is never shown.
    """

    registry: str
    username: str
    secret: str = field(repr=False)
    origin: str
    is_identity_token: bool = False

    @property
    def holder(self) -> str:
        """Whom it stands for, as people know him; '' for nobody."""
        return self.username

    @property
    def description(self) -> str:
        """Whose it is and where it was found, in words."""
        if not self.secret:
            return "nobody: no credentials were found"
        return f"{self.username or 'an identity token'}, from {self.origin}"

    @property
    def basic(self) -> str:
        """The value of an Authorization header, '' where there is no password."""
        if not self.secret or self.is_identity_token:
            return ""
        return "Basic " + base64.b64encode(f"{self.username}:{self.secret}".encode()).decode("ascii")


def anonymous(registry: str) -> Credential:
    """Nobody: enough to read what is public."""
    return Credential(registry=registry, username="", secret="", origin="anonymous")
