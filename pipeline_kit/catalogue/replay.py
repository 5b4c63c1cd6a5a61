"""Failures of replay."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "commit": Kind(
        Exit.USAGE,
        "The record's commit is not in this repository",
        """A replay starts from the very commit that the record names. Fetch it, or run replay in a clone that has it.""",
    ),
    "nothing": Kind(
        Exit.USAGE,
        "The record has nothing to make again",
        """version, tag, build and scan are made again; login, push and deploy are not, since they act on others. A record without any of the first four can't be replayed.""",
    ),
    "diverged": Kind(
        Exit.BROKE,
        "The run did not come out as it did then",
        """The first step that differs is where the runs parted; what follows from it differs too. A version differs when tags were moved or the clone lacks some; an image when its build is not reproducible (--reproducible, pinned packages), or a base image has moved; a verdict when the scanner's data is newer.""",
    ),
}
