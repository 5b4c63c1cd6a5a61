"""Images that we brought to an engine and that nobody needs any more.

A container's label names all images that were brought for it and for those before it. Of them the one that serves and
the one before it stay, for a rollback. The rest is removed, unless a container uses it, or it has a tag or a name that
somebody else gave it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from pipeline_kit.targets.docker_image import inspect
from pipeline_kit.targets.docker_site import LABEL

if TYPE_CHECKING:
    from collections.abc import Collection

    from pipeline_kit.targets.docker_container import Container
    from pipeline_kit.targets.docker_engine import Engine
    from pipeline_kit.targets.docker_image import Fetched

_BROUGHT = f"{LABEL}brought"


def brought(engine: Engine, before: Container | None, fetched: Fetched) -> dict[str, str]:
    """The label for the container of ``fetched`` that replaces ``before``."""
    earlier = [name for name in _named(before) if name != fetched.name and inspect(engine, name)]
    own = fetched.brought or fetched.name in _named(before)
    return {_BROUGHT: " ".join([*earlier, *([fetched.name] if own else [])])}


def tidy(engine: Engine, serving: Container, before: Container | None) -> None:
    """Remove what was brought and is needed no more, now that ``serving`` has replaced ``before``."""
    remove(engine, _named(serving), {serving.source, before.source if before else ""})


def remove(engine: Engine, names: Collection[str], kept: Collection[str]) -> None:
    """Remove the images of ``names`` that nobody needs. What the engine does not want to remove, or to tell, stays: the
    next deployment tries again, and this one has something else to say.
    """
    from docker.errors import APIError

    with suppress(APIError):
        _remove(engine, names, kept)


def _remove(engine: Engine, names: Collection[str], kept: Collection[str]) -> None:
    from docker.errors import APIError

    found = engine.api.containers(all=True)
    used = {str(one.get(key)) for one in found for key in ("Image", "ImageID")}
    # What other containers of ours would be rolled back to.
    predecessors = {(one.get("Labels") or {}).get(f"{LABEL}before") for one in found}
    for name in names:
        image = None if name in {*kept, *predecessors, *used} else inspect(engine, name)
        if image is None or image["Id"] in used or image.get("RepoTags"):
            continue
        # By its reference an image loses that name alone if it has another one. By its ID it loses all.
        if name.startswith("sha256:") and image.get("RepoDigests"):
            continue
        with suppress(APIError):
            engine.api.remove_image(name)


def _named(container: Container | None) -> list[str]:
    return container.labels.get(_BROUGHT, "").split() if container else []
