"""Records of the same commit, made in different places, compared."""

from __future__ import annotations

import json
from typing import Any

# What a step found where it ran: a folder, how many blobs were there, what a tag named before, the age of the data.
_DIFFERING = {"build": ("layout",), "push": ("sent", "bytes_sent", "tags"), "scan": ("data_time",)}


def same(record: Any) -> list[Any]:
    """What must not depend on where a run ran: everything but times, and what a step says of the CI."""
    kept = []
    for entry in record["entries"]:
        value = json.loads(json.dumps(entry["value"]))
        for kind in value:
            for differing in _DIFFERING.get(kind, ()):
                value[kind].pop(differing, None)
        kept.append((entry["image"], entry["step"], entry["word"], value))
    return kept
