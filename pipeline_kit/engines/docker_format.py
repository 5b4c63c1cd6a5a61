"""What Buildah leaves in an image of Docker's format: the containers that it was built in, others each time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pipeline_kit.oci.layout import blob_path
from pipeline_kit.oci.layout_folder import write_blob

if TYPE_CHECKING:
    from pathlib import Path


def remove_container(layout: Path) -> None:
    """Make the image of ``layout`` the same every time it is built: its config without the container's id, name and
    settings, and without the images that it was committed on. The layers stay as they are.
    """
    index = json.loads((layout / "index.json").read_bytes())
    (entry,) = index["manifests"]
    manifest = _take(layout, entry)
    config = _take(layout, manifest["config"])
    for name in ("container", "container_config", "parent"):
        config.pop(name, None)
    config.get("config", {}).pop("Hostname", None)
    for step in config.get("history", []):
        step.pop("comment", None)
    manifest["config"] |= _put(layout, config)
    entry |= _put(layout, manifest)
    (layout / "index.json").write_bytes(_encoded(index))


def _take(layout: Path, descriptor: dict[str, Any]) -> Any:
    path = blob_path(layout, descriptor["digest"])
    content = path.read_bytes()
    path.unlink()
    return json.loads(content)


def _put(layout: Path, document: dict[str, Any]) -> dict[str, Any]:
    content = _encoded(document)
    return {"digest": write_blob(layout, content), "size": len(content)}


def _encoded(document: dict[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()
