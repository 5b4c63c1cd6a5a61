"""A release that is published already is taken over: a second build of a version need not be the same image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.oci.labels import REVISION, VERSION, labels
from pipeline_kit.oci.publish import taken
from pipeline_kit.oci.pull import pull

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.context import Activity
    from pipeline_kit.model.plan import Plan
    from pipeline_kit.oci.client import Registry
    from pipeline_kit.oci.layout import Layout


def adopt(registry: Registry, plan: Plan, destination: Path, activity: Activity) -> Layout | None:
    """Make ``destination`` a layout of the image that the version's tag names, if that was built from this very commit
    as this very version; None where the registry has no such tag.

    Failure ``push.taken`` if it was built from another commit: nothing that is built now could be published.
    """
    name = next((tag.name for tag in plan.tags if tag.kind == "version"), "")
    held = registry.get_manifest(name) if name else None
    if held is None:
        return None
    told = labels(registry, held)
    if (told.get(REVISION), told.get(VERSION)) != (plan.commit, plan.version):
        raise taken(name, held.digest, told.get(REVISION))
    return pull(registry, held.digest, destination, activity=activity)
