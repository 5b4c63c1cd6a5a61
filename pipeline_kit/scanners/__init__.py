"""Scanners: what is known to be vulnerable in one platform of an image.

A scanner answers with what it saw and with its doubts; whether the image may go on is for ``policy.py``. Adding one is
a module here, a line in ``SCANNERS`` and a contract test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pipeline_kit.scanners.trivy as trivy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pipeline_kit.context import Context
    from pipeline_kit.model.image import PlatformImage, Tool
    from pipeline_kit.model.verdict import PlatformScan, ScannerData
    from pipeline_kit.scanners.settings import ScanSettings


class Scanner(Protocol):
    """Met by a module."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of the module
        """As people write it."""

    def find(self, context: Context) -> Tool:
        """The installed program with its version and hash. A missing one is the failure ``scan.missing``."""

    def scan(
        self,
        view: Path,
        image: PlatformImage,
        settings: ScanSettings,
        context: Context,
        log: Path,
        report: Path,
        *,
        check: Callable[[], None] = ...,
    ) -> tuple[PlatformScan, ScannerData]:
        """Scan ``image``, the one manifest of the OCI layout ``view``, whose blobs have been hashed. ``check`` is
        called once the program has read them, before its answer is used or remembered: it raises if they are others.

        What makes the answer doubtful stands in ``PlatformScan.doubts``; a scan that broke is a doubt too. ``log`` gets
        the program's own words, ``report`` its own report. Without usable data: the failure ``scan.data``.
        """


SCANNERS: dict[str, Scanner] = {"trivy": trivy}
