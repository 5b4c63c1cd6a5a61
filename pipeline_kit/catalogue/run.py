"""Failures of the run as a whole."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "busy": Kind(
        Exit.TRY_LATER,
        "Another run works in this folder",
        """Two runs would write the same record and layout. Wait for the other, or stop it.""",
    ),
    "interrupted": Kind(
        Exit.INTERRUPTED,
        "The run was interrupted",
        """What had been started was stopped. Nothing is half-published: blobs without a manifest are invisible to whoever pulls by tag or digest.""",
    ),
    "terminated": Kind(
        Exit.TERMINATED,
        "The run was asked to end",
        """What had been started was stopped. Nothing is half-published: blobs without a manifest are invisible to whoever pulls by tag or digest.""",
    ),
    "bug": Kind(
        Exit.BROKE,
        "pipeline-kit itself failed",
        """This is our mistake, not yours. The log named in the message has what a bug report needs; it holds no secrets.""",
    ),
}
