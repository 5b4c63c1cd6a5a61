"""Failures of scan."""

from pipeline_kit.catalogue.kind import Kind

KINDS: dict[str, Kind] = {}
