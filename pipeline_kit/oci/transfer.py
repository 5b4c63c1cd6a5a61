"""Images in and out of registries, as steps ask for it.

A push is ``stage`` (bytes, nothing anybody sees) and ``publish`` (tags, each read back); ``pull`` is the way back.
"""

from __future__ import annotations

from pipeline_kit.oci.labels import label_of, version_of
from pipeline_kit.oci.publish import publish
from pipeline_kit.oci.pull import pull
from pipeline_kit.oci.stage import StageResult, stage

__all__ = ["StageResult", "label_of", "publish", "pull", "stage", "version_of"]
