"""What serves, and the evidence for it."""

from __future__ import annotations

import msgspec

from pipeline_kit.model.digest import Digest


class Deployment(msgspec.Struct, frozen=True, omit_defaults=True):
    """``digest`` is what was asked for; ``running`` what the target says it runs: the digest of the index, of the
    manifest or of the config, whichever its store keeps, and a member of the published image.

    ``before`` is the reference that served until then, '' at a first deployment: what a rollback brings back.
    ``evidence`` are the observations that made it healthy, in words.
    """

    digest: Digest
    target: str
    name: str
    running: str
    url: str = ""
    before: str = ""
    evidence: tuple[str, ...] = ()
