"""A release that is published already is taken over: a second build of a version need not be the same image."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.oci.labels import REVISION, VERSION, labels
from pipeline_kit.oci.publish import taken
from pipeline_kit.oci.pull import pull

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.context import Activity
    from pipeline_kit.model.digest import Digest
    from pipeline_kit.model.plan import Plan
    from pipeline_kit.oci.client import Registry
    from pipeline_kit.oci.layout import Layout


def adopt(registry: Registry, plan: Plan, destination: Path, activity: Activity) -> Layout | None:
    """Make ``destination`` a layout of the image that the version's tags name, if that was built from this very commit
    as this very version; None where the registry has none of these tags. Rules may give a version several names, of
    which a run that was cut may have published some.

    Failure ``push.taken`` if one was built from another commit, or two name different images: nothing that is built
    now could be published.
    """
    # A label may be written around the version, such as 1.5.0-alpine.
    wanted = (plan.commit, plan.labels.get(VERSION, plan.version))
    found: Digest | None = None
    for name in (tag.name for tag in plan.tags if tag.kind == "version"):
        held = registry.get_manifest(name)
        if held is None or held.digest == found:
            continue
        told = labels(registry, held)
        if found or (told.get(REVISION), told.get(VERSION)) != wanted:
            raise taken(name, held.digest, told.get(REVISION))
        found = held.digest
    return pull(registry, found, destination, activity=activity) if found else None
