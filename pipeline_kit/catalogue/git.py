"""Failures of reading the repository."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "missing": Kind(
        Exit.USAGE,
        "There is no git repository here",
        """A version is read from the tags and commits of a git repository, and none encloses this folder.

Run in a clone, or make one: git init, commit, and tag the first release with git tag v0.1.0. A folder that belongs to another user is not
read either: git's safe.directory names the ones that may be.""",
    ),
    "empty": Kind(
        Exit.USAGE,
        "The repository has no commit",
        """An image is built from a commit, so that its digest can be traced back to the code. Commit first.""",
    ),
    "shallow": Kind(
        Exit.USAGE,
        "The clone is shallow",
        """A version is counted from the last release tag. In a shallow clone that tag may be missing, and the answer would be wrong without a sign.

GitHub: with: { fetch-depth: 0 } under actions/checkout. Azure Pipelines: fetchDepth: 0 and fetchTags: true under checkout: self. Anywhere:
git fetch --unshallow --tags. A large repository fetches faster with filter: blob:none; filter: tree:0 breaks later steps.""",
    ),
    "no-tags": Kind(
        Exit.USAGE,
        "The clone has no tags, and this CI leaves them out by default",
        """A complete clone without tags looks like a repository before its first release. Azure Pipelines skips tags unless fetchTags is true.

Set fetchTags: true, or pass --first-release (PIPELINE_KIT_VERSION_FIRST_RELEASE=true) if there is no release yet.""",
    ),
    "unsafe": Kind(
        Exit.USAGE,
        "Git refuses to read a repository that belongs to another user",
        """Git reads a repository of another user only when safe.directory names it, since its configuration can run programs.

Run git config --global --add safe.directory FOLDER with the folder of the message, never with '*'.""",
    ),
    "broke": Kind(
        Exit.BROKE,
        "Git could not answer",
        """The git command failed for a reason we don't know; its own words are shown.""",
    ),
    "dirty": Kind(
        Exit.USAGE,
        "A release needs a clean working tree",
        """run --release tags the commit that is checked out, and the image would hold changes that the commit lacks. Commit or stash them.""",
    ),
    "tag-rejected": Kind(
        Exit.BROKE,
        "The release tag could not be pushed",
        """The tag is pushed before anything is published: it decides which of two runs makes a release. The other side refused it, or has a tag of
that name on another commit. Nothing was published. The tag that was made here is removed again, so the command can be repeated.""",
    ),
}
