"""Failures of the run record."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "missing": Kind(
        Exit.USAGE,
        "There is no record to go on from",
        """A step that is run alone takes what it needs from .pipeline-kit/run.json, which an earlier step writes.""",
    ),
    "invalid": Kind(
        Exit.USAGE,
        "The record can't be read",
        """It was changed by hand, cut, or written by another version. It is not evidence any more: run the earlier steps again.""",
    ),
    "unwritten": Kind(
        Exit.USAGE,
        "The record can't be written",
        """Each step keeps what it gave in .pipeline-kit of the working tree, and the next one reads it there: that folder, and the user's
cache folder ($XDG_CACHE_HOME, else ~/.cache) with the images that were built, have to be writable; for bump git's own folder too.

version and tag that run alone answer all the same, with a warning; pipeline-kit plan writes nothing.""",
    ),
    "elsewhere": Kind(
        Exit.USAGE,
        "The record was written elsewhere",
        """A record is a file that anybody can write: another job, another machine, or a person. What decides about an image (what was built, what the scan said) counts only where this job has made it itself, which a mark in its own state folder says, outside of the working tree. What was published is deployed from a record all the same: by its digest, from the repository that is configured, and after a scan.""",
    ),
    "repository": Kind(
        Exit.REFUSED,
        "The record names another repository than the configuration",
        """An image comes from the repository that the configuration or the workflow names, and only that registry is sent a credential. A record that names another one is not followed.""",
    ),
    "digest": Kind(
        Exit.BROKE,
        "Two steps speak of different images",
        """A verdict or a deployment counts for one digest only. Run the earlier steps again; if it happens twice, something changes the layout.""",
    ),
}
