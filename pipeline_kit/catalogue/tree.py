"""Failures of files in the working tree."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "link": Kind(
        Exit.USAGE,
        "A file or folder of the working tree is a symbolic link",
        """Anybody who proposes a change can put a link into it, and a link can lead to any file of the machine that builds the change: to a password that would then stand in an error, or to a file that would be written over. So no link is followed, neither by the name of a file nor by a folder on the way to it.

Put the file itself there. If .pipeline-kit is meant to be on another disk, mount that disk there.""",
    ),
    "file": Kind(
        Exit.USAGE,
        "A file of the working tree is no regular file, or is too large",
        """A device or a pipe has no end, and may change by being read. The message names the file and what is wrong with it.""",
    ),
    "tracked": Kind(
        Exit.USAGE,
        "Git tracks files in .pipeline-kit",
        """That folder is where a run keeps its record, logs and reports, and later steps believe what they find there. What comes with a commit was made by whoever wrote the commit. The folder ignores itself, so nobody tracks its files by accident.""",
    ),
}
