"""Failures of push."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "unscanned": Kind(
        Exit.REFUSED,
        "The image has not passed the scan",
        """Only an image whose verdict is a pass, on this very digest, is published. A rebuild that changed the digest needs a scan of its own: pipeline-kit scan.""",
    ),
    "taken": Kind(
        Exit.REFUSED,
        "The version is published already, as another image",
        """A version names one image for ever: somebody may have deployed it, and a rollback must bring back the same bytes. The message says which image holds it and what it was built from. Publish under the next version. Of two runs that publish one version at the same time, one gets it and the other ends with this failure. A build that is repeated from the same commit need not come out the same: run therefore takes over what is published as this version from this commit, and refuses one from another commit before it builds.""",
    ),
    "raced": Kind(
        Exit.TRY_LATER,
        "Another run moved the same tag",
        """A tag that moves goes to the newer of two images, however many runs publish at once. Here neither is newer: the versions are equal or tell nothing, and neither commit descends from the other. Each run found its tag moved, and set it again, many times. Let runs that publish the same tags wait for each other (concurrency on GitHub, an exclusive lock on Azure DevOps), and run the one again that is to hold the tag.""",
    ),
    "unconfirmed": Kind(
        Exit.TRY_LATER,
        "Published, and not confirmed",
        """The registry took the tag that the message names, and then could not be made to say what the tag names: it was asked in two ways, several times. The image is most likely published. Push again: what is there is not sent again, and what it names is read once more.""",
    ),
    "not-staged": Kind(
        Exit.BROKE,
        "The image is not in the registry",
        """Tags are set on an image that was uploaded before. It was not, or a rule of the registry removed it because it had no tag yet. Push again.""",
    ),
}
