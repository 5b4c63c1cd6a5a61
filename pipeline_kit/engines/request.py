"""What is asked of an engine, and what is known of the engine that is asked."""

from __future__ import annotations

import csv
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pipeline_kit.errors import Failure, fix, why

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pipeline_kit.model.image import Tool
    from pipeline_kit.model.platform import Platform

# containerd: buildx writes the layout itself. classic: Docker's older store, whose images are saved and converted.
Store = Literal["containerd", "classic", "buildah"]


@dataclass(frozen=True, slots=True)
class BuildSecret:
    """What ``RUN --mount=type=secret,id=ID`` reads: the variable ``env``, or the file ``file``."""

    id: str
    env: str = ""
    file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
    """An image to build.

    ``folder`` is the build context. ``contexts`` are named ones: ``docker-image://REFERENCE``, ``oci-layout://DIR`` or
    a path, relative to the repository. Without ``platforms`` it is the engine's own. ``time`` (SOURCE_DATE_EPOCH) is
    in seconds since 1970; ``reproducible`` gives it to every file of every layer too. ``cache_from`` and ``cache_to``
    are in buildx's words (``type=registry,ref=...``).
    """

    folder: Path
    dockerfile: Path
    target: str = ""
    args: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[BuildSecret, ...] = ()
    contexts: Mapping[str, str] = field(default_factory=dict)
    platforms: tuple[Platform, ...] = ()
    network: Literal["", "host", "none"] = ""
    no_cache: bool = False
    pull: bool = False
    reproducible: bool = False
    time: int = 0
    cache_from: tuple[str, ...] = ()
    cache_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineFacts:
    """An engine that answers. ``tool`` is the program that builds. ``engine`` is the version of the Docker Engine that
    it works with, ``driver`` the kind of builder (``docker-container``) where that is another one.
    """

    tool: Tool
    store: Store
    engine: str = ""
    driver: str = ""

    @property
    def described(self) -> str:
        """``buildx 0.38, Docker Engine 29.1``, for a person."""
        parts = [f"{self.tool.name} {short_version(self.tool.version)}"]
        if self.engine:
            parts.append(f"Docker Engine {short_version(self.engine)}")
        elif self.driver:
            parts.append(f"{self.driver} builder")
        return ", ".join(parts)


def short_version(version: str) -> str:
    """The first two numbers of a version."""
    return ".".join(version.split(".")[:2])


def parse_secret(text: str) -> BuildSecret:
    """``id=npm,env=NPM_TOKEN`` or ``id=npm,src=FILE``, as ``docker buildx build --secret`` writes it."""
    try:
        parts = dict(part.partition("=")[::2] for part in next(csv.reader([text]), []))
    except csv.Error:  # a line end outside of quotes
        parts = {}
    kind = parts.pop("type", "")
    source = parts.get("env") or parts.get("src") or parts.get("source")
    known = set(parts) <= {"id", "env", "src", "source"} and len(parts) == 2 and kind in ("", "env", "file")
    if not known or not parts.get("id") or not source:
        raise Failure(
            "build.secret",
            "a secret is id=NAME,env=VARIABLE or id=NAME,src=FILE",
            # The text itself is not shown: somebody may have put the secret there.
            why("One of the secrets is written in another way; its value never belongs on a command line."),
            fix("id=npm,env=NPM_TOKEN"),
        )
    return (
        BuildSecret(parts["id"], env=parts["env"]) if parts.get("env") else BuildSecret(parts["id"], "", Path(source))
    )
