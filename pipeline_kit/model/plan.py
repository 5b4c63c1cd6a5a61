"""What this commit is called: version, tags, labels, and whether this event publishes them."""

from __future__ import annotations

from typing import Literal

import msgspec

TagKind = Literal["version", "moving", "commit", "branch"]


class Tag(msgspec.Struct, frozen=True):
    """A tag to publish.

    ``version`` tags never move; ``moving`` ones (1.5, 1, latest, staging) only to a higher version; ``branch`` ones
    follow the branch; ``commit`` ones name the code. A moving tag is compared by the version of the plan.
    """

    name: str
    kind: TagKind


class Plan(msgspec.Struct, frozen=True, omit_defaults=True):
    """The name of an image before it exists.

    ``origin`` says in words where the version comes from. ``publishes`` is false with ``reason`` where this event
    (a pull request, say) builds and scans but publishes nothing; ``tags`` then are those that main would publish.
    """

    commit: str
    time: int
    version: str
    origin: str
    released: bool
    tags: tuple[Tag, ...] = ()
    labels: dict[str, str] = {}
    publishes: bool = True
    reason: str = ""
    changes: tuple[str, ...] = ()
