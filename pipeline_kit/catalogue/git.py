"""Failures of reading the repository."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "missing": Kind(
        Exit.USAGE,
        "There is no git repository here",
        """A version is read from the tags and commits of a git repository, and none encloses this folder.

Run in a clone, or make one: git init, commit, and tag the first release with git tag v0.1.0. A folder that belongs to another user is not
read either: git's safe.directory names the ones that may be. A linked working tree (git worktree) and a submodule need the repository that
their file .git names: a container has to have it too, at the same place.""",
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
    "redirected": Kind(
        Exit.USAGE,
        "The repository's own configuration says which way a remote is reached",
        """A remote is reached with your credentials, or with the job's token. A proxy, another address, a certificate that is not looked at: whatever the configuration of the repository itself (.git/config, a file that it includes, config.worktree) says of that, somebody who could write there would have them. So nothing was sent. A header that actions/checkout or an Azure checkout leaves there is taken, and so are keys that change neither the way nor the care that is taken.

Remove the key with the line shown. A company's proxy or certificate belongs into your own configuration (git config --global), or that of the machine (--system).""",
    ),
    "no-tags": Kind(
        Exit.USAGE,
        "The clone has no tags, and may have been made without them",
        """A complete clone without tags looks like a project before its first release. Azure Pipelines leaves tags out unless fetchTags is true,
and so do most other CIs; git clone --no-tags and git fetch --no-tags do. Where the last fetch asked for all of them, as git's reflogs
tell, the clone is believed: the remote has none.

Set fetchTags: true under checkout: self; anywhere: git fetch --tags. If there is no release yet, pass --first-release
(PIPELINE_KIT_VERSION_FIRST_RELEASE=true).""",
    ),
    "unsafe": Kind(
        Exit.USAGE,
        "Git refuses to read a repository that belongs to another user",
        """Git reads a repository of another user only when safe.directory names it, since its configuration can run programs.

Run git config --global --add safe.directory FOLDER with the folder of the message, never with '*'.""",
    ),
    "bare": Kind(
        Exit.USAGE,
        "The repository has no working tree",
        """An image is built from files that are checked out. A bare repository has none; and since one can lie hidden in the files of
another repository, with a configuration that runs programs, git is told to read none that it comes upon.

Run in a clone, or in a worktree of it: git --git-dir=FOLDER worktree add ../checkout HEAD.""",
    ),
    "elsewhere": Kind(
        Exit.USAGE,
        "GIT_DIR names another repository",
        """GIT_DIR makes git read another repository than the one whose files are here. A version names the files that are checked out, so it is
not followed: unset it, or run in a working tree of that repository. In a hook of this repository it names this one, and is no trouble.""",
    ),
    "old": Kind(
        Exit.USAGE,
        "Git is too old",
        """Git 2.31 or newer is needed: an older one does not take its configuration from the environment, and so can't be kept from running what
a repository names (hooks, filters, file system monitors). A repository with a newer format (reftable) needs a git that knows it.""",
    ),
    "partial": Kind(
        Exit.USAGE,
        "A partial clone lacks what was asked for",
        """A clone with filter: tree:0 has the commits without their folders. Which commits belong to a package is told by the paths that they
change, and nothing is fetched in silence while a repository is read.

Check out with filter: blob:none, which has the folders and leaves out the files of older commits; or, in this clone:
git fetch --refetch --filter=blob:none origin.""",
    ),
    "broken-tag": Kind(
        Exit.USAGE,
        "A release tag can't be read",
        """The tag's name is that of a release, and what it names is missing or damaged. The version is counted from the last release, so an
answer without that tag could be wrong without a sign.

Fetch it again: git fetch --force origin refs/tags/NAME:refs/tags/NAME. If it is no release, remove it: git update-ref -d refs/tags/NAME.""",
    ),
    "unshallow": Kind(
        Exit.BROKE,
        "The clone could not be completed",
        """The clone lacks history or tags, and fetching them failed. The remote's own words are shown. The fetch uses the credentials that git
finds: those that the checkout left in this repository's configuration, the user's helpers, GIT_ASKPASS or the ssh agent. Programs that only
this repository's configuration names are not run.

Or check out all of it: fetch-depth: 0 under actions/checkout; fetchDepth: 0 and fetchTags: true under checkout: self.""",
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
    "identity": Kind(
        Exit.USAGE,
        "Git doesn't know who makes the release",
        """A release's commit and its annotated tag have an author. Git's configuration names none, nor does this CI.

git config user.name and user.email say who it is; in a CI the variables GIT_COMMITTER_NAME and GIT_COMMITTER_EMAIL do. Where neither is set,
GitHub's own account github-actions[bot] is taken in a workflow, on Azure Pipelines and GitLab whoever the run is for.""",
    ),
    "tag-rejected": Kind(
        Exit.BROKE,
        "The release tag could not be pushed",
        """The tag is pushed before anything is published: it decides which of two runs makes a release. The other side refused it, or has a tag of
that name on another commit. Nothing was published. The tag that was made here is removed again, so the command can be repeated.""",
    ),
}
