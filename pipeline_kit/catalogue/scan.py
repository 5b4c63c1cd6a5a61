"""Failures of scan."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "refused": Kind(
        Exit.REFUSED,
        "The image has findings that the policy stops on",
        """scan.fail-on is the lowest severity that stops (default HIGH), scan.fixable-only leaves out what has no fix yet (default true). Each finding that
stops is in the report, with the version that fixes it.

Update the package, or build on a newer base. A finding that nobody has rated yet does not stop unless scan.stop-unrated says so; it is counted in
the message, so that it is not overlooked.""",
    ),
    "unknown": Kind(
        Exit.UNKNOWN,
        "The scanner can't tell whether the image is vulnerable",
        """An image without findings and an image that was not read look the same, so a pass needs evidence: data that is new enough and knows this
distribution and these languages, an operating system that was recognised, packages that were found, and a report about exactly this image. What
is missing is named. It counts as a no.

The package database is what a scanner goes by, so it has to be the package manager's: a layer that takes a package out of it, or gives it another
version, must have removed or replaced its files; it is no link; its kind is the one that the distribution in os-release has; and an SBOM that lies
in the image does not stand in for it.

An image that is meant to have no operating system (FROM scratch) says so: scan.allow-no-os with the reason, which is shown with the verdict.""",
    ),
    "base": Kind(
        Exit.UNKNOWN,
        "The rules for this pull request can't be read",
        """The scan of a pull request goes by the configuration of the branch that it goes to: all of its options, at the same path there. That branch is not in this clone, or its file can't be read, so nobody can tell whether the change may pass. Fetch the branch (fetch-depth: 0 on GitHub, fetchDepth: 0 on Azure Pipelines), or mend the file there first. A branch without the file has the defaults.""",
    ),
    "data": Kind(
        Exit.UNKNOWN,
        "There is no usable vulnerability database",
        """The scanner's data is downloaded from a registry, at most once a day, and an older copy is used up to scan.max-data-age (default 5 days) when that
fails. There is no such copy.

scan.database names a mirror that this machine can reach, such as a registry of your own. With scan.database: offline nothing is downloaded: bring
the data along in the cache folder.""",
    ),
    "missing": Kind(
        Exit.UNKNOWN,
        "The scanner is not installed",
        """Without a scanner nobody can tell whether the image is vulnerable, so it goes no further. Install Trivy from its project's packages or releases,
see https://trivy.dev, and put its folder on PATH.""",
    ),
}
