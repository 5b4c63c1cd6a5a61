"""The registry that ``run --local`` publishes to: a folder of this user's cache, served while the run lasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline_kit.model.reference import Repository
from pipeline_kit.oci.server import serving

if TYPE_CHECKING:
    from contextlib import ExitStack

    from pipeline_kit.flow import Flow


def use_local_registry(flow: Flow, stack: ExitStack) -> None:
    """Serve the local registry until ``stack`` closes, and have ``flow`` publish there under its own name."""
    folder = flow.context.state / "registry"
    folder.mkdir(parents=True, exist_ok=True)
    address = stack.enter_context(serving(folder, durable=False))
    flow.image = Repository(address, flow.key)
