"""Targets: where a published image serves.

A target has the digest serve, waits until it is healthy, and brings back what served before if it is not. Adding one is
a module here, a line in ``TARGETS`` and a contract test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pipeline_kit.targets.docker as docker

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline_kit.context import Context
    from pipeline_kit.model.deployment import Deployment
    from pipeline_kit.model.image import Image
    from pipeline_kit.model.published import Published
    from pipeline_kit.targets.docker_options import DockerOptions


class Target(Protocol):
    """Met by a module."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of the module
        """As people write it."""

    def describe(self, options: DockerOptions) -> str:
        """Where ``deploy`` would have it serve, in words, without asking anybody."""

    def deploy(
        self, published: Published, image: Image | None, options: DockerOptions, context: Context, log_folder: Path
    ) -> Deployment:
        """Have ``published`` serve, by its digest, and wait until it is healthy.

        ``image`` is its layout, where it is at hand, for a target that can't reach the registry. What can be known of a
        container that failed is saved under ``log_folder`` before anything is rolled back. Failure: ``deploy.*``.
        """


TARGETS: dict[str, Target] = {"docker": docker}
