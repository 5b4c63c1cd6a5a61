"""Failures of counting the next version."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "range": Kind(
        Exit.REFUSED,
        "The next version is outside of what a maintenance branch keeps to",
        """A maintenance branch such as 1.x or 1.5.x makes versions of its own range alone, so that nobody who follows it gets what the next range has. A commit on it asks for more: a feature on 1.5.x, something that breaks on 1.x. Or the branch holds a release of a later range already, since that was merged into it.

Take those commits off the branch (git revert takes back what they ask for, too), or release them from the branch of the next version. A release that was merged in stays in the history whatever is reverted: make the branch anew from the last release of its range, and push it with --force-with-lease. A range that has no release yet begins with one that is asked for: bump --to 2.0.0. A branch is one of maintenance by its name, or by versioning.channels.""",
    ),
    "not-higher": Kind(
        Exit.REFUSED,
        "The version is not higher than a release that the commit descends from",
        """A version that was asked for, on the command line or by a Release-As footer, or the next pre-release of a channel, would sort below a release that is part of this commit's own history. Whoever orders versions would take the newer code for the older.

Ask for a higher version. Pre-releases sort by their names: alpha, beta, rc; what has been a candidate goes back to no beta.""",
    ),
    "channel": Kind(
        Exit.REFUSED,
        "The branch makes no releases",
        """With versioning.channels each branch has what the first pattern that fits it says: stable, a pre-release identifier such as rc, the range of a maintenance branch, or + for build metadata. A branch that none fits, or that has +, has versions for what it builds, and makes no releases.

Give the branch a channel, or name one for this release alone.""",
    ),
    "path": Kind(
        Exit.USAGE,
        "There is no such folder",
        """Versions are counted by the commits that change a file below a folder: versioning.path (--path), or the path of a package. The commit that is checked out has no folder of that name, so no commit would ever count, and no release would be made.

Folders are given from the repository's top. A new one counts once it is committed.""",
    ),
    "package": Kind(
        Exit.USAGE,
        "There is no such package",
        """In a repository of several packages each has a name, a path and a prefix of its tags, under packages in pipeline-kit.yml. The message lists the names that are there.""",
    ),
}
