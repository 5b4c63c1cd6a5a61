"""Failures of external programs and of the machine."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "missing": Kind(
        Exit.USAGE,
        "A program that this step needs is not installed",
        """The message names it and says where it comes from.""",
    ),
    "broke": Kind(
        Exit.BROKE,
        "An external program failed",
        """Its own last words are shown, and the whole output is in the log.""",
    ),
    "changed": Kind(
        Exit.BROKE,
        "A program is not the one whose hash is pinned",
        """tools: in pipeline-kit.yml pins it. If the update is wanted, change the pin in a commit that says so.""",
    ),
    "disk": Kind(
        Exit.TRY_LATER,
        "There is no space left on the disk",
        """Nothing was published. Free some space and run again: finished parts are kept.""",
    ),
    "file": Kind(
        Exit.USAGE,
        "A file or folder can't be used",
        """This machine refuses it: this user may not read or write it, the file system is read-only, or the name is longer than a name may be. The message names it. ls -ld shows owner and mode of a folder.""",
    ),
    "timeout": Kind(
        Exit.TRY_LATER,
        "An external program took too long",
        """It was stopped with everything it had started.""",
    ),
}
