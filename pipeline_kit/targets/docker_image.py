"""The published image, brought to the engine: pulled by its digest, or loaded from the layout where the engine can't
reach the registry.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline_kit.errors import Failure, why
from pipeline_kit.model.digest import short
from pipeline_kit.targets.docker_engine import status_of
from pipeline_kit.targets.docker_load import load
from pipeline_kit.targets.docker_members import members_in_layout, members_in_registry
from pipeline_kit.targets.docker_pull import pull

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipeline_kit.context import Context
    from pipeline_kit.model.digest import Digest
    from pipeline_kit.model.image import Image
    from pipeline_kit.model.published import Published
    from pipeline_kit.targets.docker_engine import Engine


@dataclass(frozen=True, slots=True)
class Fetched:
    """An image on the engine. ``name`` is what a container is made from: the published reference, or the image's ID
    where the engine can't keep a loaded image by reference. ``ports`` are the TCP ports that it exposes, ``members``
    looks up all digests that the image goes by. ``brought`` tells that the engine did not have it before.
    """

    name: str
    id: str
    ports: tuple[int, ...]
    how: str
    members: Callable[[], tuple[Digest, ...]]
    brought: bool


def fetch(published: Published, image: Image | None, engine: Engine, context: Context) -> Fetched:
    """Have the engine hold exactly ``published``; its ID is compared with the digests that the image consists of."""
    layout = Path(image.layout) if image and Path(image.layout, "index.json").exists() else None
    how, held = "pulled", inspect(engine, str(published.reference)) is not None
    with context.report.activity(f"pull {short(published.digest)}") as activity:
        try:
            pull(published, engine, context, activity)
        except Failure as failure:
            if failure.kind != "deploy.unreachable" or layout is None:
                raise
            held = held or any(inspect(engine, member) for member in members_in_layout(published, layout))
            how = "loaded from the layout, since the engine can't reach the registry"
            activity.update("load the layout")
            load(published, layout, engine)
    return _held(published, layout, engine, context, how, brought=not held)


def _held(
    published: Published, layout: Path | None, engine: Engine, context: Context, how: str, *, brought: bool
) -> Fetched:
    """The image on the engine, proven to be the published one by the ID that the engine computed."""

    @cache
    def members() -> tuple[Digest, ...]:
        return members_in_layout(published, layout) if layout else members_in_registry(published, context)

    reference = str(published.reference)
    found = inspect(engine, reference)
    if found and found["Id"] == published.digest:
        return _fetched(reference, found, how, members, brought=brought)
    for name in (reference, *members()):
        held = inspect(engine, name)
        if held and held["Id"] in members():
            return _fetched(name, held, how, members, brought=brought)
    held_instead = short(str(found["Id"])) if found else "nothing"
    raise Failure(
        "deploy.digest",
        f"the engine holds {held_instead} instead of {short(published.digest)}",
        why(f"What runs has to be {published.reference}, its index, manifest or config. Nothing was started."),
    )


def _fetched(
    name: str, found: dict[str, Any], how: str, members: Callable[[], tuple[Digest, ...]], *, brought: bool
) -> Fetched:
    exposed = sorted((found.get("Config") or {}).get("ExposedPorts") or {})
    ports = tuple(int(port.removesuffix("/tcp")) for port in exposed if port.endswith("/tcp"))
    return Fetched(name, str(found["Id"]), ports, how, members, brought)


def inspect(engine: Engine, name: str) -> dict[str, Any] | None:
    """The image of that name or ID as the engine shows it, None if there is none."""
    from docker.errors import APIError

    try:
        found: dict[str, Any] = engine.api.inspect_image(name)
    except APIError as error:
        if status_of(error) == 404:
            return None
        raise
    return found
