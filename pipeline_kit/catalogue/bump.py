"""Failures of making a release."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "file": Kind(
        Exit.USAGE,
        "The version can't be written into a file",
        """A file that bump is told to update holds no version where one is expected, or holds more than one, or can't be written at all. Nothing was changed: all files are read before anything is written.

Known by their names are pyproject.toml, package.json, Chart.yaml, Cargo.toml, VERSION and Python files with __version__. For anything else say where the version stands: --file 'PATH:REGEX', where the one group of the pattern is the version, such as --file 'docs/conf.py:^release = "(.+)"'. The pattern is read by RE2, which takes linear time, and has neither look-around nor back-references.""",
    ),
    "package": Kind(
        Exit.USAGE,
        "Which package is released has to be said",
        """pipeline-kit.yml names packages, and each has releases of its own: --package NAME releases one, --all-packages each that has something to release. In a run the package is version.package.

The repository as a whole is released without either only where it has a release tag of its own (v1.2.3) already. The first one is made by hand: git tag v0.1.0.""",
    ),
    "message": Kind(
        Exit.USAGE,
        "The template of a message can't be filled in",
        """The template of the commit message may hold {version}, {tag}, {previous} and {package}. Any other word in braces is a mistake that would end up in the history.""",
    ),
    "no-remote": Kind(
        Exit.USAGE,
        "Which remote gets the release has to be said",
        """A release is pushed to the remote that the branch is set to follow, else to the only one there is, else to origin. This repository has several, none of them is called origin, and the branch follows none. Nothing was made.

Say which: git config branch.BRANCH.remote REMOTE, or on a detached HEAD git remote rename REMOTE origin. Or make the release in this clone alone: --no-push.""",
    ),
    "upstream": Kind(
        Exit.USAGE,
        "The branch follows one of another name",
        """A release's commit is pushed to the branch that is checked out, by its name. This one follows a branch of another name at the remote (git switch -c NEW origin/main sets that), so the release would make a new branch there, and the one that it follows would go on without it. git push refuses the same. Nothing was made.

Release from the branch that is followed; or, if the new branch is meant, git branch --unset-upstream. --no-commit makes the tag alone.""",
    ),
    "no-branch": Kind(
        Exit.USAGE,
        "A release needs a branch that has its commit",
        """Files are changed by a commit, and that commit goes to the branch that was checked out. HEAD is detached, and the CI names no branch either. Or nothing is changed, and the tag alone would stand on a commit that no branch has: the next release would be counted without it, and come to the same version. Nothing was made.

Check out the branch, with that commit merged into it; or make the tag alone: --no-commit.""",
    ),
    "taken": Kind(
        Exit.USAGE,
        "The tag of the next release exists on another commit",
        """The next version was counted from the tags that HEAD descends from, and its tag exists elsewhere: on a commit that this branch doesn't have, or on another branch. A version names one commit for ever.

If another run made the release, bring its commit here (git pull) and run again. If the tag belongs to another line of releases, such as the one that this hotfix lacks, make a patch (--as patch) or say which version this one is (--to): below the releases that HEAD lacks, or their users would lose what is in them.""",
    ),
    "unfetched": Kind(
        Exit.USAGE,
        "The remote has a release that this clone lacks",
        """The next version is counted from the tags of this clone, and the remote has a release tag that is not among them: the clone was made without tags, or the release is newer than the last fetch. A version counted without it could be lower than what is out already. Nothing was pushed, and nothing was changed here.

git fetch --tags brings it; then run again. A version that --to names is taken as it is, unless the clone has no release at all.""",
    ),
    "raced": Kind(
        Exit.BROKE,
        "Somebody else pushed first",
        """Commit and tag are pushed together, all or none, and the remote's branch moved on in the meantime. Nothing was pushed, and nothing was changed here.

Bring the new commits here and run again: bump counts anew from them.""",
    ),
    "branch-refused": Kind(
        Exit.BROKE,
        "The remote takes no commit on this branch from us",
        """A protected branch, a policy or a hook of the remote refused the release's commit. The tag went with it, so nothing was pushed, and nothing was changed here.

Let the identity that pushes bypass the rule for this branch, or make releases that need no commit (--no-commit: a tag on the commit that was reviewed).""",
    ),
    "push": Kind(
        Exit.BROKE,
        "The release could not be pushed",
        """The remote could not be reached, or did not accept who we are. Nothing was changed here, so the command can be repeated. Programs that the repository's own configuration names are not run: a credential helper or an SSH command belongs into your own configuration (git config --global).

On GitHub the job needs permissions: contents: write. On Azure Pipelines the build service needs the right to contribute, and the checkout persistCredentials: true.""",
    ),
    "unanswered": Kind(
        Exit.TRY_LATER,
        "The remote did not answer in time",
        """Before anything is made the remote is asked for its tags, and after two minutes without an answer git is stopped; a push is stopped after ten, and over HTTP a transfer that stands still for two minutes. Nothing was pushed, and nothing was changed here.

Run the same command again once the remote answers. A git that asks for a passphrase on the terminal is not heard: use an agent (ssh-add), or SSH_ASKPASS.""",
    ),
    "unknown": Kind(
        Exit.TRY_LATER,
        "It is not known whether the remote took the release",
        """The connection broke while commit and tag were on their way, and the remote can't be asked now. It took both or neither.

Run the same command again: it looks first, and completes the release or makes it anew.""",
    ),
    "no-atomic": Kind(
        Exit.USAGE,
        "The remote can't push commit and tag together",
        """A release is one commit and its tag, pushed with git push --atomic, so that no reader ever sees one without the other. This remote doesn't know how. Nothing was pushed.

Make releases that need no commit: --no-commit pushes one tag, which is all or nothing anyway. Of several packages release one at a time: --package NAME.""",
    ),
    "sign": Kind(
        Exit.BROKE,
        "The release could not be signed",
        """--sign uses your own git configuration: gpg.format, user.signingKey, and the program of your global configuration. Git's own words are shown. What git made is looked at too: some versions of it end well without a signature where ssh-keygen fails. Nothing was pushed, and nothing was changed here.""",
    ),
    "notes": Kind(
        Exit.BROKE,
        "The notes can't be written",
        """The release is made, and the file for its notes could not be written. The same command with another --notes writes them, and makes no second release.""",
    ),
    "local": Kind(
        Exit.BROKE,
        "The release is made, and this working tree could not follow",
        """The remote has commit and tag. Here the branch, the index or a file could not be brought to that commit, for the reason shown.

Run the same command again: it completes what is missing, and makes no second release.""",
    ),
}
