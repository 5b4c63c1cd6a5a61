"""Failures of the run as a whole."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

_STOPPED = """What had been started was stopped. No image is half-published: blobs without a manifest are invisible to whoever pulls by tag or digest. Where tags were being set, the last line names those that are.

A git tag that was being pushed may reach the remote all the same, with its commit or not at all: the message says so, and the same command finds out."""

KINDS: dict[str, Kind] = {
    "busy": Kind(
        Exit.TRY_LATER,
        "Another run works in this folder",
        """Two runs would write the same record and layout. Wait for the other, or stop it.""",
    ),
    "interrupted": Kind(
        Exit.INTERRUPTED,
        "The run was interrupted",
        _STOPPED,
    ),
    "terminated": Kind(
        Exit.TERMINATED,
        "The run was asked to end",
        _STOPPED,
    ),
    "output": Kind(
        Exit.BROKE,
        "The answer can't be written to standard output",
        """The command did what its lines say: a release that was made is made, an image that was published is published. Only the result for standard output is lost, most often since the disk is full that it was sent to.

The same command again gives it: bump and run make nothing twice.""",
    ),
    "ci-file": Kind(
        Exit.BROKE,
        "A file that the CI reads can't be written",
        """Outputs and summaries reach a CI by files: GitHub names them in GITHUB_OUTPUT, GITHUB_STEP_SUMMARY and GITHUB_ARTIFACTS, Azure Pipelines has a
folder in AGENT_TEMPDIRECTORY. Without them later steps would silently go on with empty values.

In a container, mount the folder that the variable names at the same path, or don't pass the variable. On a runner of your own, look for a full
disk or for files that belong to another user.""",
    ),
    "nothing-to-release": Kind(
        Exit.USAGE,
        "No commit since the last release asks for a new one",
        """A release is made for a feature, a fix, a performance improvement or a breaking change, as the messages of the commits say (Conventional Commits). None of those since the last release is one. bump says so and ends with 0, and run --release goes on as a run without it; only a function that is called from Python fails.

If there should be one all the same: pipeline-kit bump --as patch.""",
    ),
    "bug": Kind(
        Exit.BROKE,
        "pipeline-kit itself failed",
        """This is our mistake, not yours. The log named in the message has what a bug report needs; it holds no secrets.""",
    ),
}
