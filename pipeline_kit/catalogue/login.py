"""Failures of login."""

from pipeline_kit.catalogue.kind import Kind
from pipeline_kit.errors import Exit

KINDS: dict[str, Kind] = {
    "half": Kind(
        Exit.USAGE,
        "A user name without a password, or the other way round",
        """PIPELINE_KIT_REGISTRY_USERNAME and PIPELINE_KIT_REGISTRY_PASSWORD belong together. Set both, or none and sign in with docker login. In a CI an unset secret is an empty variable: a pull request from a fork gets no secrets.""",
    ),
    "realm": Kind(
        Exit.BROKE,
        "The registry sends us to a strange host to sign in",
        """A registry names the service that gives out its tokens, and whoever signs in there shows his credentials. They are shown only to the registry's own host, to hosts of the same domain, and to the token service that is known to belong to it. Anything else could be somebody who wants the password.""",
    ),
    "docker-config": Kind(
        Exit.USAGE,
        "A file with credentials can't be read",
        """Docker's config.json and Podman's auth.json are looked into for credentials. The one that the message names is not readable or not what it should be. Correct it, or remove it and sign in again.""",
    ),
    "helper": Kind(
        Exit.BROKE,
        "A credential helper does not work",
        """Docker's config.json can name a program docker-credential-NAME that keeps the credentials. It is missing or it failed. Install or repair it, remove the line that names it, or set PIPELINE_KIT_REGISTRY_USERNAME and PIPELINE_KIT_REGISTRY_PASSWORD, which come first.""",
    ),
}
